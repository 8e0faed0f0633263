package telemetry.alert;

import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Health;
import telemetry.health.Measure;
import telemetry.text.Escaped;
import telemetry.text.Result;

/**
 * A store's health as monitoring plugins print it, on one line with performance data; {@code toString()} is the line.
 * Source of the form: monitoring-plugins.org, Development Guidelines, 2 and 2.6.
 */
public record PluginLine(Health health) implements Result {

    @Override
    public String toString() {
        var troubles = new StringJoiner("; ");
        for (Check check : health.troubles()) troubles.add(check.name() + ": " + check.detail());
        String word = status() == Check.Status.FAILED ? "CRITICAL" : status().name();
        String said = troubles.length() == 0 ? health.sum() : troubles.toString();
        var line = new StringJoiner(" ").add("TELEMETRY").add(word).add("-").add(Escaped.plugin(said)).add("|");
        for (Measure measure : health.measures())
            line.add(measure.name() + "=" + measure.text() + unit(measure) + ";" + measure.warning() + ";" + measure.critical() + ";0");
        return line.toString();
    }

    @Override
    public Check.Status status() {
        return health.status();
    }

    private static String unit(Measure measure) {
        return measure.unit().isEmpty() ? "" : measure.unit().equals("bytes") ? "B" : "s";
    }
}
