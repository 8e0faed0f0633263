package telemetry.validate;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The variables of the Python client and its HTTP service, which the toolkit does not use itself: those that are set, and what is wrong
 * with them. Of a token nothing is shown.
 */
final class ServiceVariables {
    private static final String JOURNAL = "TELEMETRY_DB_JOURNAL_MODE";
    private static final String SYNCHRONOUS = "TELEMETRY_DB_SYNCHRONOUS";
    private static final List<String> URLS = List.of("TELEMETRY_API_URL", "METRICS_API_URL", "GOOGLE_SHEETS_API_URL");
    private static final List<String> SHOWN = List.of("TELEMETRY_API_URL", "METRICS_API_URL", "GOOGLE_SHEETS_API_URL", "TELEMETRY_API_HOST",
            "TELEMETRY_API_PORT", "TELEMETRY_API_WORKERS", JOURNAL, SYNCHRONOUS, "TELEMETRY_DB_BUSY_TIMEOUT_MS", "TELEMETRY_LOCK_FILE",
            "TELEMETRY_BUFFER_DIR", "TELEMETRY_RETENTION_DAYS", "TELEMETRY_DRY_RUN_CLEANUP", "TELEMETRY_TEST_MODE",
            "TELEMETRY_SKIP_VALIDATION");
    private static final Set<String> ON = Set.of("true", "1", "yes", "on");
    private static final Set<String> JOURNALS = Set.of("DELETE", "TRUNCATE", "PERSIST", "WAL", "MEMORY", "OFF");
    private static final Set<String> SYNCS = Set.of("OFF", "NORMAL", "FULL", "EXTRA", "0", "1", "2", "3");
    private static final long LEAST_TIMEOUT = 1_000;
    private static final long LAST_PORT = 65_535;

    private final Map<String, String> env;
    private final List<String> wrong = new ArrayList<>();

    /** @param journal of the store's database, in capitals; null when it is not known */
    ServiceVariables(Map<String, String> env, String journal) {
        this.env = env;
        URLS.forEach(this::judgeUrl);
        judgeJournal(journal);
        judgeSynchronous(journal);
        judgeService();
        judgeTestMode();
    }

    /** {@code NAME=value} of those that are set. */
    List<String> told() {
        return SHOWN.stream().filter(name -> !value(name).isEmpty()).map(name -> name + "=" + value(name)).toList();
    }

    /** What is wrong, each in a sentence without a full stop. */
    List<String> wrong() {
        return wrong;
    }

    private String value(String name) {
        return env.getOrDefault(name, "").strip();
    }

    private boolean isOn(String name) {
        return ON.contains(value(name).toLowerCase(Locale.ROOT));
    }

    private void judgeUrl(String name) {
        String url = value(name);
        if (url.isEmpty()) return;
        try {
            URI uri = new URI(url);
            boolean isHttp = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            if (!isHttp) wrong.add(name + " has no scheme: write it as http://" + url.replaceFirst("^[a-z]*:?//", ""));
            else if (uri.getHost() == null) wrong.add(name + " names no host");
        } catch (URISyntaxException e) {
            wrong.add(name + " is no URL: " + e.getReason());
        }
    }

    private void judgeJournal(String journal) {
        String mode = value(JOURNAL).toUpperCase(Locale.ROOT);
        if (mode.isEmpty()) return;
        if (!JOURNALS.contains(mode)) wrong.add(JOURNAL + " is no journal mode of SQLite");
        else if (mode.equals("OFF") || mode.equals("MEMORY"))
            wrong.add(JOURNAL + "=" + mode + " lets a killed writer damage the database");
        else if (journal != null && (mode.equals("WAL") != journal.equals("WAL")) && JOURNALS.contains(journal))
            wrong.add(JOURNAL + "=" + mode + " beside a database in " + journal + " mode: programs that set different modes fight over it");
    }

    private void judgeSynchronous(String journal) {
        String level = value(SYNCHRONOUS).toUpperCase(Locale.ROOT);
        if (level.isEmpty()) return;
        if (!SYNCS.contains(level)) wrong.add(SYNCHRONOUS + " is no level of SQLite");
        else if (level.equals("OFF") || level.equals("0")) wrong.add(SYNCHRONOUS + "=" + level + " lets a power cut damage the database");
        else if ((level.equals("NORMAL") || level.equals("1")) && !"WAL".equals(journal))
            wrong.add(SYNCHRONOUS + "=" + level + " is for WAL; in DELETE mode the service asks for FULL");
    }

    private void judgeService() {
        String workers = value("TELEMETRY_API_WORKERS");
        if (!workers.isEmpty() && !workers.equals("1")) wrong.add(isWhole(workers) ? "TELEMETRY_API_WORKERS=" + workers
                + " lets several processes write one database file: the service needs 1" : "TELEMETRY_API_WORKERS is no number");
        String port = value("TELEMETRY_API_PORT");
        if (!port.isEmpty() && !(isWhole(port) && Long.parseLong(port) > 0 && Long.parseLong(port) <= LAST_PORT))
            wrong.add("TELEMETRY_API_PORT is no port");
        String timeout = value("TELEMETRY_DB_BUSY_TIMEOUT_MS");
        if (!timeout.isEmpty() && !(isWhole(timeout) && Long.parseLong(timeout) >= LEAST_TIMEOUT))
            wrong.add("TELEMETRY_DB_BUSY_TIMEOUT_MS=" + timeout + " is less than a writer's turn can take: 30000 is usual");
        String days = value("TELEMETRY_RETENTION_DAYS");
        if (!days.isEmpty() && !(isWhole(days) && Long.parseLong(days) > 0))
            wrong.add("TELEMETRY_RETENTION_DAYS=" + days + " is no number of days from 1");
        if (isOn("TELEMETRY_API_AUTH_ENABLED") && value("TELEMETRY_API_AUTH_TOKEN").isEmpty())
            wrong.add("TELEMETRY_API_AUTH_ENABLED is set and TELEMETRY_API_AUTH_TOKEN is not: the service does not start");
        if (isOn("GOOGLE_SHEETS_API_ENABLED") && value("GOOGLE_SHEETS_API_URL").isEmpty())
            wrong.add("GOOGLE_SHEETS_API_ENABLED is set and GOOGLE_SHEETS_API_URL is not: runs cannot be posted");
    }

    private void judgeTestMode() {
        String mode = value("TELEMETRY_TEST_MODE");
        if (!mode.isEmpty() && !mode.equalsIgnoreCase("false") && !mode.equals("0"))
            wrong.add("TELEMETRY_TEST_MODE=" + mode + " is set: agents that see it write test runs, or none");
    }

    private static boolean isWhole(String text) {
        return text.matches("\\d{1,9}");
    }
}
