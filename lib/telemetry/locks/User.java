package telemetry.locks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import telemetry.StoreException;

/**
 * Another process that uses the store, as it was watched for {@link #WATCHED}.
 *
 * @param command    with its arguments; the system's short name where they are hidden, empty when even that is hidden
 * @param started    null when the system does not show it
 * @param runningMs  since it was started; null likewise
 * @param cpuPercent of one processor while it was watched; null when the system does not show it
 */
record User(long pid, String command, Instant started, Duration runningMs, Double cpuPercent, State state, Set<Use> uses) {

    /** How long to watch; the system counts CPU time in steps of 10 ms. */
    static final Duration WATCHED = Duration.ofMillis(300);

    private static final Path PROCESSES = Path.of("/proc");

    /** How a process uses the store. */
    enum Use {
        HOLDS_THE_WRITE_LOCK, READS, HAS_IT_OPEN, APPENDS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** What it did while it was watched. */
    enum State {
        WORKING,
        /** It used no CPU time. */
        STALLED,
        /** By a signal or a debugger, until it is continued. */
        STOPPED,
        WAITS_FOR_DISK, ENDED, UNKNOWN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** Watches these processes together. Those that end meanwhile stay in the list, as {@link State#ENDED}. */
    static List<User> watch(Map<Long, Set<Use>> uses, Instant now) {
        List<Seen> before = uses.keySet().stream().map(Seen::of).toList();
        if (!before.isEmpty()) pause(WATCHED);
        return before.stream().map(seen -> seen.after(now, uses.get(seen.pid))).toList();
    }

    static void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(StoreException.Reason.FAILED, "watch processes", null, "interrupted", null, e);
        }
    }

    /** {@code "process 4711 (stopped)"} */
    String named() {
        return "process " + pid + (state == State.UNKNOWN ? "" : " (" + state + ")");
    }

    /** By a signal or a debugger, at this moment. */
    static boolean isStopped(long pid) {
        return state(pid, null) == State.STOPPED;
    }

    /** As the other, without watching it: whether it works is not known, whether it is stopped is. */
    static String named(long pid) {
        State state = state(pid, null);
        return "process " + pid + (state == State.UNKNOWN ? "" : " (" + state + ")");
    }

    boolean does(Use use) {
        return uses.contains(use);
    }

    /** A writer also has the database open and reads, so the first word about the database is enough. */
    String said() {
        Use first = uses.iterator().next();
        return first + (does(Use.APPENDS) && first != Use.APPENDS ? ", " + Use.APPENDS : "");
    }

    private record Seen(long pid, String command, Instant started, Duration cpu, long at) {
        static Seen of(long pid) {
            ProcessHandle.Info info = ProcessHandle.of(pid).map(ProcessHandle::info).orElse(null);
            return new Seen(pid, commandOf(pid, info), info == null ? null : info.startInstant().orElse(null),
                    cpuOf(info), System.nanoTime());
        }

        User after(Instant now, Set<Use> uses) {
            Duration watched = Duration.ofNanos(System.nanoTime() - at);
            Duration later = cpuOf(ProcessHandle.of(pid).map(ProcessHandle::info).orElse(null));
            Double percent = cpu == null || later == null ? null
                    : Math.max(0, Math.rint(100.0 * later.minus(cpu).toMillis() / watched.toMillis()));
            Duration running = started == null || now.isBefore(started) ? null : Duration.between(started, now);
            return new User(pid, command, started, running, percent, state(pid, percent), uses);
        }

        private static Duration cpuOf(ProcessHandle.Info info) {
            return info == null ? null : info.totalCpuDuration().orElse(null);
        }
    }

    private static State state(long pid, Double cpu) {
        if (ProcessHandle.of(pid).isEmpty()) return State.ENDED;
        return switch (letter(pid)) {
            case 'T', 't' -> State.STOPPED;
            case 'Z', 'X' -> State.ENDED;
            case 'D' -> State.WAITS_FOR_DISK;
            default -> cpu == null ? State.UNKNOWN : cpu > 0 ? State.WORKING : State.STALLED;
        };
    }

    /**
     * The state in {@code 4711 (name) S …}, where the name may contain anything; source: proc(5). A blank when the system does not show it.
     */
    private static char letter(long pid) {
        try {
            String stat = Files.readString(PROCESSES.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1);
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException | StringIndexOutOfBoundsException e) {
            return ' ';
        }
    }

    private static String commandOf(long pid, ProcessHandle.Info info) {
        try {
            String line = Files.readString(PROCESSES.resolve(pid + "/cmdline"), StandardCharsets.UTF_8).replace('\0', ' ').strip();
            if (!line.isEmpty()) return line;
            return Files.readString(PROCESSES.resolve(pid + "/comm"), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return info == null ? "" : info.commandLine().or(info::command).orElse("");
        }
    }
}
