package telemetry.alert;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import telemetry.Check;
import telemetry.Health;
import telemetry.Times;
import telemetry.health.Measure;
import telemetry.text.JsonText;

/**
 * What {@code health --record} keeps of one look at the store.
 *
 * @param status   of the store: ok, warning or failed
 * @param checks   the status of each check, by its name
 * @param measures the measured numbers by their names ({@code disk_free}), in bytes, seconds or counts
 */
public record HealthRecord(Instant time, String status, Map<String, String> checks, Map<String, Number> measures) {

    static HealthRecord of(Health health) {
        Map<String, String> checks = new LinkedHashMap<>();
        for (Check check : health.checks().list()) checks.put(check.name(), check.status().toString());
        Map<String, Number> measures = new LinkedHashMap<>();
        for (Measure measure : health.measures()) measures.put(measure.name(), measure.value());
        return new HealthRecord(health.at(), health.status().toString(), checks, measures);
    }

    /** @return null for a line that is no record: a power cut or a full disk may have cut it short */
    static HealthRecord read(Map<String, Object> members) {
        try {
            Instant time = members.get("time") instanceof String text ? Times.instant(text) : null;
            if (time == null || !(members.get("status") instanceof String status)) return null;
            Map<String, String> checks = new LinkedHashMap<>();
            object(members.get("checks")).forEach((name, word) -> checks.put(name, String.valueOf(word)));
            Map<String, Number> measures = new LinkedHashMap<>();
            object(members.get("measures")).forEach((name, value) -> {
                if (value instanceof Number number) measures.put(name, number);
            });
            return new HealthRecord(time, status, checks, measures);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static Map<String, Object> object(Object json) {
        return json instanceof String text ? JsonText.object(text) : Map.of();
    }
}
