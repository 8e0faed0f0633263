///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Check that the store is there, intact, writable and receiving runs.
//SOURCES ../lib/telemetry/package-info.java

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import telemetry.Check;
import telemetry.Cli;
import telemetry.Disk;
import telemetry.Health;
import telemetry.HealthRules;
import telemetry.Measure;
import telemetry.Output;
import telemetry.Size;
import telemetry.StoreOption;

@Command(name = "health", mixinStandardHelpOptions = true, description = "Check that the store is there, intact, writable and receiving runs.",
        footer = {"", "A missing store is a failed check: exit code 2. A check that cannot be made, for want of permission or because of a lock, shows as failed; "
            + "when no other failed, the exit code is 3. Under each check that is not ok stand the runbook's section and the next command.",
            "", "Nothing is changed. While a database in DELETE mode (v6, v7) is checked, its writers wait; --quick halves that."})
class health implements Callable<Integer> {

    @Mixin
    private StoreOption store;

    @Mixin
    private Output output;

    @Option(names = "--quick", description = "SQLite's quick_check instead of its integrity_check: indexes are not compared with their table.")
    private boolean quick;

    @Option(names = "--nagios", description = "Print one line in the form of monitoring plugins, with performance data.")
    private boolean nagios;

    @Option(names = "--prometheus", paramLabel = "FILE", description = "Also write the result for node_exporter's textfile collector.")
    private Path prometheus;

    @Option(names = "--disk-failed", paramLabel = "SIZE", defaultValue = "1GB", description = "Fail with less free than this. Default: ${DEFAULT-VALUE}.")
    private Size diskFailed;

    @Option(names = "--disk-warning", paramLabel = "SIZE", defaultValue = "5GB", description = "Warn with less free than this. Default: ${DEFAULT-VALUE}.")
    private Size diskWarning;

    @Option(names = "--idle", paramLabel = "TIME", defaultValue = "1h", description = "Warn when no run began for so long. Default: ${DEFAULT-VALUE}.")
    private Duration idle;

    @Option(names = "--stale", paramLabel = "TIME", defaultValue = "24h", description = "Warn of runs that have been running for longer. Default: ${DEFAULT-VALUE}.")
    private Duration stale;

    @Option(names = "--wal-size", paramLabel = "SIZE", defaultValue = "64MB", description = "Warn of a larger -wal. Default: ${DEFAULT-VALUE}.")
    private Size walSize;

    @Option(names = "--database-size", paramLabel = "SIZE", defaultValue = "500MB", description = "Warn of a larger database. Default: ${DEFAULT-VALUE}.")
    private Size databaseSize;

    @Option(names = "--backup-age", paramLabel = "TIME", defaultValue = "26h", description = "Warn when the newest verified backup is older. Default: ${DEFAULT-VALUE}.")
    private Duration backupAge;

    @Option(names = "--compare", paramLabel = "TIME", defaultValue = "2d", description = "Compare day files and database so far back. Default: ${DEFAULT-VALUE}.")
    private Duration compare;

    @Option(names = "--wait", paramLabel = "TIME", defaultValue = "30s", description = "Wait so long for a locked database. Default: ${DEFAULT-VALUE}.")
    private Duration wait;

    @Spec
    private CommandSpec command;

    Clock clock = Clock.systemUTC();

    public static void main(String... args) {
        Cli.main(new health(), args);
    }

    @Override
    public Integer call() {
        if (nagios && output.isJson()) throw new ParameterException(command.commandLine(), "--json and --nagios are two forms of one output: choose one");
        Health health = Health.of(store.store(), clock, rules(), command.commandLine().getErr());
        try {
            if (nagios) output.print(pluginLine(health));
            else output.result(health, document(health));
        } finally {
            if (prometheus != null) replace(prometheus.toAbsolutePath(), textfile(health));
        }
        return Cli.exitCode(health.status());
    }

    HealthRules rules() {
        return new HealthRules(quick, wait, diskFailed, diskWarning, idle, stale, walSize, databaseSize, backupAge, compare);
    }

    private static Map<String, Object> document(Health health) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("status", health.status());
        document.put("store", health.store().base());
        document.put("checks", health.checks().list());
        return document;
    }

    /** Source of the form: monitoring-plugins.org, Development Guidelines, 2 and 2.6. */
    private static String pluginLine(Health health) {
        var troubles = new StringJoiner("; ");
        for (Check check : health.checks().list()) if (isTrouble(check, health)) troubles.add(check.name() + ": " + check.detail());
        var line = new StringJoiner(" ");
        line.add("TELEMETRY").add(pluginStatus(health.status())).add("-").add(oneLine(troubles.length() == 0 ? health.sum() : troubles.toString())).add("|");
        for (Measure measure : health.measures()) line.add(measure.name() + "=" + measure.text() + unit(measure) + ";" + measure.warning() + ";" + measure.critical() + ";0");
        return line.toString();
    }

    /** What cannot be told since another check failed would only make the line longer. */
    private static boolean isTrouble(Check check, Health health) {
        return check.status() != Check.Status.OK && (check.status() != Check.Status.UNKNOWN || health.status() == Check.Status.UNKNOWN);
    }

    private static String pluginStatus(Check.Status status) {
        return status == Check.Status.FAILED ? "CRITICAL" : status.name();
    }

    /** A bar would begin the performance data. */
    private static String oneLine(String text) {
        return text.replaceAll("[|\\p{Cntrl}]", " ");
    }

    private static String unit(Measure measure) {
        return measure.unit().isEmpty() ? "" : measure.unit().equals("bytes") ? "B" : "s";
    }

    /** Source of the form: prometheus.io, Exposition formats, text-based format. */
    private static String textfile(Health health) {
        var lines = new StringJoiner("\n", "", "\n");
        String store = "store=\"" + escaped(health.store().base().toString()) + "\"";
        family(lines, "telemetry_status", "How the store is: 0 ok, 1 warning, 2 failed, 3 cannot tell.");
        lines.add("telemetry_status{" + store + "} " + Cli.exitCode(health.status()));
        family(lines, "telemetry_check_status", "How each check ended: 0 ok, 1 warning, 2 failed, 3 cannot tell.");
        for (Check check : health.checks().list()) lines.add("telemetry_check_status{" + store + ",check=\"" + check.name() + "\"} " + Cli.exitCode(check.status()));
        for (Measure measure : health.measures()) {
            String name = "telemetry_" + measure.name() + (measure.unit().isEmpty() ? "" : "_" + measure.unit());
            family(lines, name, measure.help());
            lines.add(name + "{" + store + "} " + measure.text());
        }
        family(lines, "telemetry_health_timestamp_seconds", "When this was written.");
        return lines.add("telemetry_health_timestamp_seconds{" + store + "} " + health.at().getEpochSecond()).toString();
    }

    private static void family(StringJoiner lines, String name, String help) {
        lines.add("# HELP " + name + " " + help).add("# TYPE " + name + " gauge");
    }

    private static String escaped(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    /** The collector may read at any moment: it sees the old file or the new one. */
    private static void replace(Path file, String content) {
        Path unfinished = file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            Files.writeString(unfinished, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try {
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            throw Disk.refused("write a textfile in", file.getParent(), e);
        }
    }
}
