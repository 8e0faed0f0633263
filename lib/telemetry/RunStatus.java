package telemetry;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The status of a run. Writers of different versions use different words for the same status; they meet here. */
public enum RunStatus {
    RUNNING("running"),
    SUCCESS("success", "completed", "succeeded"),
    FAILED("failed", "failure", "error"),
    PARTIAL("partial"),
    TIMEOUT("timeout"),
    CANCELLED("cancelled", "canceled");

    private static final Map<String, RunStatus> BY_WORD = new HashMap<>();

    static {
        for (RunStatus status : values())
            for (String word : status.words) BY_WORD.put(word, status);
    }

    private final List<String> words;

    RunStatus(String... words) {
        this.words = List.of(words);
    }

    /** Every word that writers use for this status, the runbook's own first. */
    public List<String> words() {
        return words;
    }

    /** The runbook's word: lower case. */
    @Override
    public String toString() {
        return words.get(0);
    }

    /**
     * @return null for null and for a word that no writer uses
     */
    public static RunStatus of(String word) {
        if (word == null) return null;
        RunStatus exact = BY_WORD.get(word);
        return exact != null ? exact : BY_WORD.get(word.strip().toLowerCase(Locale.ROOT));
    }

    /** The status that an operator named. @throws IllegalArgumentException listing the known words */
    public static RunStatus parse(String word) {
        RunStatus status = of(word);
        if (status == null) throw new IllegalArgumentException("'" + word + "' is not a status ("
                + Arrays.toString(values()).replaceAll("[\\[\\]]", "") + ")");
        return status;
    }

    /** True once the run is over, however it went. */
    public boolean isFinal() {
        return this != RUNNING;
    }
}
