package telemetry.alert;

import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Health;
import telemetry.health.Measure;
import telemetry.text.Escaped;

/**
 * A store's health for the textfile collector of Prometheus' node_exporter; {@code toString()} is the file.
 * Source of the form: prometheus.io, Exposition formats, text-based format.
 */
public record Textfile(Health health) {

    @Override
    public String toString() {
        var lines = new StringJoiner("\n", "", "\n");
        String store = "store=\"" + Escaped.label(health.store().base().toString()) + "\"";
        family(lines, "telemetry_status", "How the store is: 0 ok, 1 warning, 2 failed, 3 cannot tell.");
        lines.add("telemetry_status{" + store + "} " + health.status().exitCode());
        family(lines, "telemetry_check_status", "How each check ended: 0 ok, 1 warning, 2 failed, 3 cannot tell or skipped.");
        for (Check check : health.checks().list())
            lines.add("telemetry_check_status{" + store + ",check=\"" + check.name() + "\"} " + code(check.status()));
        for (Measure measure : health.measures()) {
            String name = "telemetry_" + measure.name() + (measure.unit().isEmpty() ? "" : "_" + measure.unit());
            family(lines, name, measure.help());
            lines.add(name + "{" + store + "} " + measure.text());
        }
        family(lines, "telemetry_health_timestamp_seconds", "When this was written.");
        return lines.add("telemetry_health_timestamp_seconds{" + store + "} " + health.at().getEpochSecond()).toString();
    }

    /** A check that was skipped is not ok: nobody made it. */
    private static int code(Check.Status status) {
        return (status == Check.Status.SKIPPED ? Check.Status.UNKNOWN : status).exitCode();
    }

    private static void family(StringJoiner lines, String name, String help) {
        lines.add("# HELP " + name + " " + help).add("# TYPE " + name + " gauge");
    }
}
