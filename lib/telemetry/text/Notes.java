package telemetry.text;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import telemetry.Next;

/**
 * What a command's user has to know besides the result, from code that has no result of its own: that a line of a list was skipped, say.
 * Each thing is said once. Until a command begins, they go to stderr.
 */
public final class Notes {
    private static final InheritableThreadLocal<Notes> CURRENT = new InheritableThreadLocal<>();

    private final Set<String> said = new HashSet<>();
    private final Consumer<String> to;
    private final Set<String> warnings = new HashSet<>();

    private Notes(Consumer<String> to) {
        this.to = to;
    }

    /** From here on this thread's notes, and those of threads that it starts, are given to this one. */
    public static void begin(Consumer<String> to) {
        CURRENT.set(new Notes(to));
    }

    /** @param line one line without a full stop */
    public static void add(String line) {
        current().once(Escaped.line(line));
    }

    /** The same for what may stop the agents, however well the command did its work; it is no success then. The first counts. */
    public static void warn(String line) {
        warn(line, null);
    }

    /** The same with what to do about it. @param next null for nothing */
    public static void warn(String line, Next next) {
        current().onlyOnce(line, next);
    }

    /** That warning was answered later in the same command. */
    public static void withdraw(String line) {
        current().answered(line);
    }

    public static boolean isWarned() {
        return !current().warnings.isEmpty();
    }

    private static Notes current() {
        if (CURRENT.get() == null) begin(System.err::println);
        return CURRENT.get();
    }

    private synchronized void onlyOnce(String line, Next next) {
        if (warnings.isEmpty()) once(Next.line(Escaped.line(line), next));
        warnings.add(line);
    }

    private synchronized void answered(String line) {
        warnings.remove(line);
    }

    private synchronized void once(String line) {
        if (said.add(line)) to.accept(line);
    }
}
