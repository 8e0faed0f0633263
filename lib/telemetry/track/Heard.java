package telemetry.track;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import telemetry.RunContext;

/**
 * What matters to a run in its program's output: {@code ::metric NAME=VALUE} and {@code ::set COLUMN=VALUE} on either stream, and the last
 * error lines.
 */
final class Heard {
    private static final byte[] METRIC = "::metric ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SET = "::set ".getBytes(StandardCharsets.US_ASCII);
    private static final int MOST_METRICS = 1_000;
    private static final int MOST_LINES = 20;

    /** In characters, for all lines together; a single last line may be longer. */
    private static final int LONGEST_SUMMARY = 4_000;

    private final RunContext run;
    private final Set<String> metrics = new HashSet<>();
    private final Deque<String> lastErrors = new ArrayDeque<>();
    private int kept;

    Heard(RunContext run) {
        this.run = run;
    }

    /** As {@link PassThrough.Listener}, for standard output. */
    void output(byte[] bytes, int length) {
        if (begins(METRIC, bytes, length)) setMetric(behind(METRIC, bytes, length));
        else if (begins(SET, bytes, length)) setColumn(behind(SET, bytes, length));
    }

    /** As {@link PassThrough.Listener}, for standard error. */
    void errors(byte[] bytes, int length) {
        if (begins(METRIC, bytes, length) || begins(SET, bytes, length)) output(bytes, length);
        else keep(new String(bytes, 0, length, StandardCharsets.UTF_8));
    }

    private static boolean begins(byte[] mark, byte[] bytes, int length) {
        return length > mark.length && Arrays.equals(bytes, 0, mark.length, mark, 0, mark.length);
    }

    private static String behind(byte[] mark, byte[] bytes, int length) {
        return new String(bytes, mark.length, length - mark.length, StandardCharsets.UTF_8);
    }

    private static String nameOf(String assignment) {
        return assignment.substring(0, Math.max(0, assignment.indexOf('='))).strip();
    }

    private static String valueOf(String assignment) {
        return assignment.substring(assignment.indexOf('=') + 1).strip();
    }

    private synchronized void setMetric(String metric) {
        String name = nameOf(metric);
        if (!name.matches("[A-Za-z_][A-Za-z0-9_.-]{0,99}")) return;
        if (metrics.size() < MOST_METRICS) metrics.add(name);
        if (metrics.contains(name)) run.metrics(m -> m.set(name, plain(valueOf(metric))));
    }

    private void setColumn(String assignment) {
        String column = nameOf(assignment);
        if (column.matches("[A-Za-z_][A-Za-z0-9_]{0,99}")) run.set(column, valueOf(assignment));
    }

    private static Object plain(String value) {
        if (value.matches("-?\\d{1,18}")) return Long.valueOf(value);
        return value.matches("-?\\d+(\\.\\d+)?([eE][+-]?\\d{1,3})?") ? (Object) Double.valueOf(value) : value;
    }

    private synchronized void keep(String line) {
        lastErrors.add(line);
        kept += line.length();
        while (lastErrors.size() > 1 && (lastErrors.size() > MOST_LINES || kept > LONGEST_SUMMARY)) kept -= lastErrors.remove().length();
    }

    /** How the program ended, and its last error lines: {@code exit code 3: …} */
    synchronized String summary(String end) {
        return lastErrors.isEmpty() ? end : end + ": " + String.join("\n", lastErrors);
    }
}
