package telemetry;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.text.JsonText;
import telemetry.text.PythonText;

/**
 * A git commit that a run led to. It is an event of the run in the day files, a row of the table commits, and, in stores of v4 and later,
 * the run's commit: {@code new Commit("3f2a9c1", run.id()).with("author", "Ann <ann@example.org>").with("source", "ci")}.
 *
 * @param hash  7 to 64 hexadecimal digits
 * @param runId the run
 * @param facts what else is known: a value for each of {@link #FACTS} that is
 */
public record Commit(String hash, String runId, Map<String, Object> facts) {

    /** The type of its event. */
    public static final String EVENT = "commit";

    /** What may be known of it, in the order of its event: columns of the table commits, and how it was made (manual, llm, ci). */
    public static final List<String> FACTS = List.of("source", "author", "commit_date", "repo", "branch", "message", "files_changed",
            "insertions", "deletions", "agent_name");

    private static final String HASH = "commit_hash";

    /** @throws IllegalArgumentException when that is no hash, or a fact is none of {@link #FACTS} */
    public Commit {
        if (!isHash(hash)) throw new IllegalArgumentException("'" + hash + "' is no commit (7 to 64 hexadecimal digits)");
        if (!FACTS.containsAll(facts.keySet()))
            throw new IllegalArgumentException(facts.keySet() + ": what is known of a commit is " + FACTS);
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    public Commit(String hash, String runId) {
        this(hash, runId, Map.of());
    }

    /** The same with one more fact; null removes it. */
    public Commit with(String fact, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(facts);
        if (value == null) more.remove(fact);
        else more.put(fact, value instanceof Integer number ? (Object) number.longValue() : value);
        return new Commit(hash, runId, more);
    }

    public static boolean isHash(String text) {
        return text != null && text.matches("[0-9A-Fa-f]{7,64}");
    }

    public Event event(Instant when) {
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put(HASH, hash);
        for (String fact : FACTS) if (facts.get(fact) != null) payload.put(fact, facts.get(fact));
        return new Event(runId, EVENT, when, PythonText.of(payload));
    }

    /** The commit that an event tells of; null for any other event. */
    public static Commit of(Event event) {
        if (!EVENT.equals(event.type()) || event.payload() == null) return null;
        try {
            Map<String, Object> payload = JsonText.object(event.payload());
            if (!(payload.get(HASH) instanceof String hash) || !isHash(hash)) return null;
            payload.keySet().retainAll(FACTS);
            payload.values().removeIf(value -> value == null);
            return new Commit(hash, event.runId(), payload);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
