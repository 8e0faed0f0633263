///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Check that the store is there, intact, writable and receiving runs.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/health/package-info.java
//SOURCES ../lib/telemetry/alert/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import telemetry.*;
import telemetry.alert.*;
import telemetry.cli.*;
import telemetry.health.*;
import telemetry.os.*;

@Command(name = "health", mixinStandardHelpOptions = true,
        description = "Check that the store is there, intact, writable and receiving runs.",
        footer = {"", "A missing store is a failed check: exit code 2. A check that cannot be made, for want of permission or because "
            + "of a lock, shows as failed; when no other failed, the exit code is 3. Under each check that is not ok stand the "
            + "runbook's section and the next command.",
            "", "An alert that does not get through changes neither result nor exit code; it is said on stderr, and the next call "
                    + "tries again.",
            "", "Nothing is changed but what --record and --alert keep in reports. While a database in DELETE mode (v6, v7) is checked, "
            + "its writers wait; --quick halves that."})
class health extends Procedure {

    @Option(names = "--quick",
            description = "SQLite's quick_check instead of its integrity_check: indexes are not compared with their table.")
    private boolean quick;

    @Option(names = "--nagios", description = "Print one line in the form of monitoring plugins, with performance data.")
    private boolean nagios;

    @Option(names = "--prometheus", paramLabel = "FILE", description = "Also write the result for node_exporter's textfile collector.")
    private Path prometheus;

    @Option(names = "--record", description = "Also append the result to reports/health.ndjson, which maintain reads its trends from.")
    private boolean record;

    @Option(names = "--alert", paramLabel = "URL|COMMAND", converter = Target.class,
            description = "When the store is not ok, and when it is ok again: post it to a webhook "
                    + "(https, or http on this machine) or run a command with the report on its input. Once for each change.")
    private AlertTarget alert;

    private static final class Target implements ITypeConverter<AlertTarget> {
        @Override
        public AlertTarget convert(String text) {
            return Cli.parsed(AlertTarget::parse, text);
        }
    }

    @Option(names = "--repeat", paramLabel = "TIME", defaultValue = "4h",
            description = "Alert again of what has not changed for so long. Default: ${DEFAULT-VALUE}.")
    private Duration repeat;

    @Option(names = "--alert-timeout", paramLabel = "TIME", defaultValue = "10s",
            description = "Give an alert up when it takes longer. Default: ${DEFAULT-VALUE}.")
    private Duration alertTimeout;

    @Mixin
    Limits limits;

    public static void main(String... args) {
        Database.warmUp();
        Cli.main(new health(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of();
    }

    @Override
    public Integer call() {
        if (nagios && output.isJson())
            throw wrong("--json and --nagios are two forms of one output: choose one");
        Store store = this.store.store();
        Health health = Health.of(store, clock, limits.rules(quick), err());
        try {
            return result(nagios ? new PluginLine(health) : health);
        } finally {
            if (record) aside(store, () -> new HealthLog(store).add(health));
            if (alert != null) aside(store, () -> Alert.tell(health, alert, repeat, alertTimeout));
            if (prometheus != null) WholeFile.write("a textfile", prometheus, new Textfile(health).toString());
        }
    }

    /** What goes wrong here is said, and the store is as it was found. */
    private void aside(Store store, Runnable work) {
        try {
            work.run();
        } catch (StoreException e) {
            note(store.message(e));
        }
    }

    /** From where on it warns, and how long it waits. */
    static final class Limits {

        @Option(names = "--disk-failed", paramLabel = "SIZE", defaultValue = "1GB",
                description = "Fail with less free than this. Default: ${DEFAULT-VALUE}.")
        private Size diskFailed;

        @Option(names = "--disk-warning", paramLabel = "SIZE", defaultValue = "5GB",
                description = "Warn with less free than this. Default: ${DEFAULT-VALUE}.")
        private Size diskWarning;

        @Option(names = "--idle", paramLabel = "TIME", defaultValue = "1h",
                description = "Warn when no run began for so long. Default: ${DEFAULT-VALUE}.")
        private Duration idle;

        @Option(names = "--stale", paramLabel = "TIME", defaultValue = "24h",
                description = "Warn of runs that have been running for longer. Default: ${DEFAULT-VALUE}.")
        private Duration stale;

        @Option(names = "--wal-size", paramLabel = "SIZE", defaultValue = "64MB",
                description = "Warn of a larger -wal. Default: ${DEFAULT-VALUE}.")
        private Size walSize;

        @Option(names = "--database-size", paramLabel = "SIZE", defaultValue = "500MB",
                description = "Warn of a larger database. Default: ${DEFAULT-VALUE}.")
        private Size databaseSize;

        @Option(names = "--backup-age", paramLabel = "TIME", defaultValue = "26h",
                description = "Warn when the newest verified backup is older. Default: ${DEFAULT-VALUE}.")
        private Duration backupAge;

        @Option(names = "--compare", paramLabel = "TIME", defaultValue = "2d",
                description = "Compare day files and database so far back. Default: ${DEFAULT-VALUE}.")
        private Duration compare;

        @Option(names = "--wait", paramLabel = "TIME", defaultValue = "30s",
                description = "Wait so long for a locked database. Default: ${DEFAULT-VALUE}.")
        private Duration wait;

        HealthRules rules(boolean quick) {
            return new HealthRules(quick, wait, diskFailed, diskWarning, idle, stale, walSize, databaseSize, backupAge, compare);
        }
    }
}
