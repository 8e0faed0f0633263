package telemetry.alert;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import telemetry.Check;
import telemetry.Health;
import telemetry.Times;
import telemetry.text.JsonText;

/**
 * What an alert reported. A check that could not be made counts as failed, as it is shown.
 *
 * @param time     when it was reported
 * @param troubles the checks that were not ok, by name
 */
record AlertState(Instant time, Check.Status status, Map<String, Check.Status> troubles) {

    /** Nothing was reported, which means the same as silence. */
    static final AlertState NOTHING = new AlertState(Instant.EPOCH, Check.Status.OK, Map.of());

    static AlertState of(Health health) {
        Map<String, Check.Status> troubles = new LinkedHashMap<>();
        for (Check check : health.troubles()) troubles.put(check.name(), shown(check.status()));
        return new AlertState(health.at(), shown(health.status()), troubles);
    }

    /** @return null when the text cannot be understood */
    static AlertState read(String json) {
        try {
            Map<String, Object> members = JsonText.object(json);
            Instant time = members.get("time") instanceof String text ? Times.instant(text) : null;
            if (time == null || !(members.get("troubles") instanceof String troubles)) return null;
            Map<String, Check.Status> read = new LinkedHashMap<>();
            JsonText.object(troubles).forEach((name, word) -> read.put(name, status(word)));
            return new AlertState(time, status(members.get("status")), read);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static Check.Status status(Object word) {
        return Check.Status.valueOf(String.valueOf(word).toUpperCase(java.util.Locale.ROOT));
    }

    private static Check.Status shown(Check.Status status) {
        return status == Check.Status.UNKNOWN ? Check.Status.FAILED : status;
    }

    /**
     * True when this is news after that state was reported: the store is better or worse, a check is worse although the store as a whole is
     * not, or the same trouble was reported {@code repeat} ago. The end of one of several troubles is no news. A time in the future is no
     * reason to be silent.
     */
    boolean isNewsAfter(AlertState told, Duration repeat) {
        if (status != told.status) return true;
        if (status == Check.Status.OK) return false;
        boolean isLongAgo = time.isBefore(told.time) || !time.isBefore(told.time.plus(repeat));
        return isLongAgo || troubles.entrySet().stream().anyMatch(trouble -> trouble.getValue().compareTo(told.of(trouble.getKey())) > 0);
    }

    private Check.Status of(String check) {
        return troubles.getOrDefault(check, Check.Status.OK);
    }
}
