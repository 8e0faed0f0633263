package telemetry.validate;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Store;
import telemetry.health.FolderChecks;
import telemetry.health.HealthRules;
import telemetry.os.Machine;
import telemetry.text.Result;

/**
 * What the toolkit needs of a machine, and what this one has; {@code toString()} is the report. Looks only: a tracked run goes to a scratch
 * store in the temporary folder.
 *
 * @param checks java, jbang, system, clock, environment, variables, storage, permissions, disk, database, sqlite, python, aliases, track,
 *               backup
 */
public record Installation(Check.Status status, Path store, Checks checks) implements Result {

    /**
     * Where to look for things.
     *
     * @param env     the process's variables
     * @param named   the checkout's folder as the launcher names it; null when it does not
     * @param working the folder that the command was started in
     */
    public record Surroundings(Map<String, String> env, Path named, Path working) {

        /** Of this process. */
        public static Surroundings ofThisProcess() {
            String named = System.getProperty("telemetry.checkout");
            return new Surroundings(Machine.environment(), named == null ? null : Path.of(named), Path.of("").toAbsolutePath());
        }
    }

    /**
     * Makes all checks.
     *
     * @param patience how long to wait for a locked database
     * @param err      where to show the progress of long work; null for nowhere
     */
    public static Installation of(Store store, Surroundings around, Clock clock, Duration patience, PrintWriter err) {
        Instant now = clock.instant();
        var folders = new FolderChecks(store, now, HealthRules.RUNBOOK, new ArrayList<>());
        var machine = new MachineChecks(around.env(), now);
        var toolkit = new ToolkitChecks(around);
        var found = new FoundDatabase(store, now, patience);
        try (var scratch = new ScratchChecks()) {
            var checks = new Checks(List.of(
                    machine.java(), machine.jbang(), machine.system(store), machine.clock(found.newestRun()),
                    folders.environment(around.env()), machine.variables(found.journal()),
                    found.storage(folders), found.permissions(), folders.room(), found.shape(),
                    scratch.sqlite(), machine.python(store, found.isSharedInWal()), toolkit.aliases(), scratch.track(),
                    found.backup(folders, err)));
            return new Installation(checks.status(), store.base(), checks);
        }
    }

    /** The checks, and a last line about the whole installation. */
    @Override
    public String toString() {
        return checks + System.lineSeparator() + status() + ": " + checks.sum();
    }
}
