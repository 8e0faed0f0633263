///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Check that the store is there, intact, writable and receiving runs.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/logs/package-info.java ../lib/telemetry/archive/package-info.java
//SOURCES ../lib/telemetry/locks/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/health/package-info.java
//SOURCES ../lib/telemetry/alert/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.alert.*;
import telemetry.cli.*;
import telemetry.health.*;
import telemetry.os.*;
import telemetry.store.*;

@Command(name = "health", mixinStandardHelpOptions = true,
        description = "Check that the store is there, intact, writable and receiving runs.",
        footer = {"",
            "A missing store is a failed check: exit code 2. A check that cannot be made (no permission, locked) shows as failed; "
                    + "if no other check failed, the exit code is 3. Each check that is not ok names the runbook's section and the "
                    + "next command.",
            "",
            "An alert that is not delivered changes neither the result nor the exit code. It is one line on stderr, and the next "
                    + "call tries again.",
            "",
            "Checks that another one's cause keeps from being made are skipped. What nobody looked at is in the line "
                    + "\"not checked\".",
            "",
            "Only --record, --alert and --acknowledge write, to the folder reports. While a database in DELETE mode (v6, v7) is "
                    + "checked, its writers wait; --quick halves that time.",
            "", "Examples:", "  health --quick", "  health --record --alert \"mail -s telemetry ops@example.com\"",
            "  health --nagios --idle 2h"})
class health extends Procedure {

    @Option(names = "--quick",
            description = "Use SQLite's quick_check instead of integrity_check; it does not compare indexes with their table.")
    private boolean quick;

    @Option(names = "--nagios", description = "Print one line for monitoring plugins, with performance data. Bad arguments end with 3 "
            + "then, not with 64.")
    private boolean nagios;

    @Option(names = "--prometheus", paramLabel = "FILE", description = "Also write the result for node_exporter's textfile collector.")
    private Path prometheus;

    @Option(names = "--record", description = "Also append the result to reports/health.ndjson, from which maintain reads its trends.")
    private boolean record;

    @Option(names = "--alert", paramLabel = "URL|COMMAND|@file:PATH", converter = Target.class,
            description = "Send an alert when the status changes: post it to a webhook (https, or http on this machine), or run a "
                    + "command with the report on its input and the caller's variables. @file:PATH takes either from a file's first line, "
                    + "which no list of processes shows. Default: $TELEMETRY_ALERT.")
    private AlertTarget alert;

    private static final class Target implements ITypeConverter<AlertTarget> {
        @Override
        public AlertTarget convert(String text) {
            return Cli.parsed(AlertTarget::parse, text);
        }
    }

    @Option(names = "--acknowledge", paramLabel = "REASON",
            description = "Take the days whose lines are gone for known from now on. The reason is kept in reports/known-losses.ndjson.")
    private String acknowledge;

    @Option(names = "--repeat", paramLabel = "TIME", defaultValue = "4h",
            description = "Send the alert again after this time if nothing has changed. Default: ${DEFAULT-VALUE}.")
    private Duration repeat;

    @Option(names = "--alert-format", paramLabel = "FORMAT", defaultValue = "text",
            description = "The form for an address: text for Slack and Mattermost, teams for Teams' Workflows. Default: ${DEFAULT-VALUE}.")
    private AlertFormat alertFormat;

    @Option(names = "--alert-timeout", paramLabel = "TIME", defaultValue = "10s",
            description = "Give up an alert that takes longer than this. Default: ${DEFAULT-VALUE}.")
    private Duration alertTimeout;

    @Mixin
    Limits limits;

    public static void main(String... args) {
        Database.warmUp();
        List<String> words = List.of(args);
        if (words.contains("--nagios") && !words.contains("--help")) Cli.plugin("TELEMETRY", new health(), args);
        else Cli.main(new health(), args);
    }

    @Override
    public Integer call() {
        if (alert == null) alert = ofTheVariable();
        if (nagios && output.isJson()) throw wrong("--json and --nagios are two forms of one output: choose one");
        Store store = this.store.store();
        if (acknowledge != null) acknowledge(store);
        Health health = Health.of(store, clock, limits.rules(quick), err());
        try {
            return result(nagios ? new PluginLine(health) : health);
        } finally {
            if (record) aside(store, () -> new HealthLog(store).add(health));
            if (alert != null) aside(store, () -> Alert.tell(health, alert.as(alertFormat), repeat, alertTimeout));
            if (prometheus != null) Unfinished.write("a textfile", prometheus, new Textfile(health).toString());
        }
    }

    private AlertTarget ofTheVariable() {
        String set = Machine.environment().get(AlertTarget.VARIABLE);
        try {
            return set == null || set.isBlank() ? null : AlertTarget.parse(set);
        } catch (IllegalArgumentException e) {
            throw wrong(AlertTarget.VARIABLE + ": " + e.getMessage());
        }
    }

    private void acknowledge(Store store) {
        Set<LocalDate> lost = DayFilesCheck.lost(store.orThrow());
        if (lost.isEmpty()) note("no day's lines are gone: nothing was acknowledged");
        else KnownLosses.of(store).add(lost, acknowledge, clock.instant());
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
                description = "Fail when less than this is free. Default: ${DEFAULT-VALUE}.")
        private Size diskFailed;

        @Option(names = "--disk-warning", paramLabel = "SIZE", defaultValue = "5GB",
                description = "Warn when less than this is free. Default: ${DEFAULT-VALUE}.")
        private Size diskWarning;

        @Option(names = "--idle", paramLabel = "TIME", defaultValue = "1h",
                description = "Warn when no run has begun for this long. Default: ${DEFAULT-VALUE}.")
        private Duration idle;

        @Option(names = "--stale", paramLabel = "TIME", defaultValue = "24h",
                description = "Warn of runs that have been running for longer than this. Default: ${DEFAULT-VALUE}.")
        private Duration stale;

        @Option(names = "--wal-size", paramLabel = "SIZE", defaultValue = "64MB",
                description = "Warn when the -wal is larger than this. Default: ${DEFAULT-VALUE}.")
        private Size walSize;

        @Option(names = "--database-size", paramLabel = "SIZE", defaultValue = "500MB",
                description = "Warn when the database is larger than this. Default: ${DEFAULT-VALUE}.")
        private Size databaseSize;

        @Option(names = "--backup-age", paramLabel = "TIME", defaultValue = "26h",
                description = "Warn when the newest verified backup is older than this. Default: ${DEFAULT-VALUE}.")
        private Duration backupAge;

        @Option(names = "--compare", paramLabel = "TIME", defaultValue = "2d",
                description = "Compare day files and database this far back. Default: ${DEFAULT-VALUE}.")
        private Duration compare;

        @Option(names = "--wait", paramLabel = "TIME", defaultValue = "30s",
                description = "How long to wait for a locked database. Default: ${DEFAULT-VALUE}.")
        private Duration wait;

        @Option(names = "--buffer", paramLabel = "DIR", description = "Also look for buffer files of clients in this folder. The "
                + "store's own folder and that of $TELEMETRY_BUFFER_DIR are always looked at.")
        private Path buffer;

        HealthRules rules(boolean quick) {
            return new HealthRules(quick, wait, diskFailed, diskWarning, idle, stale, walSize, databaseSize, backupAge, compare, buffer);
        }
    }
}
