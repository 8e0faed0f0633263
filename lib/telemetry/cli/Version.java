package telemetry.cli;

import telemetry.Database;
import telemetry.StoreException;

/** What runs here, as each command's {@code --version} tells it. */
final class Version {

    /** The runbook's too: its page says what these commands do. */
    static final String TOOLKIT = "1.0";

    private Version() { }

    /** Of the toolkit, of Java, and of SQLite or why that cannot be loaded: a line each. */
    static String[] lines() {
        return new String[] {"Telemetry Toolkit " + TOOLKIT,
            "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vendor"), "SQLite " + sqlite()};
    }

    private static String sqlite() {
        try {
            return Database.libraryVersion();
        } catch (StoreException e) {
            return "unknown: " + e.why();
        }
    }
}
