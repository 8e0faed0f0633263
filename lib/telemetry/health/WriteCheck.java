package telemetry.health;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import telemetry.Check;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Account;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.os.Machine;
import telemetry.os.MountPoint;
import telemetry.text.Runbook;

/**
 * Whether the agents can record a run now. The agents' account is the owner of the folder of the day files. It has to be able to append to
 * today's day file and to write to the database. Nothing is written to either: a line goes into a file of our own beside the day file.
 */
final class WriteCheck {

    /** About the length of a run's line. */
    private static final int LINE_BYTES = 1_000;

    private final Store store;
    private final List<Path> database;
    private final List<Measure> measures;
    private final Path dayFile;

    /** The account that this program runs as; null where the system does not tell. */
    private final Account self = Account.own().orElse(null);

    /** @param database the database and what stands beside it */
    WriteCheck(Store store, Instant now, List<Path> database, List<Measure> measures) {
        this.store = store;
        this.database = database;
        this.measures = measures;
        this.dayFile = store.raw().resolve(DayFile.name(DayFile.dayOf(now)));
    }

    Check check() {
        try {
            if (Files.exists(dayFile, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(dayFile)) return inTheWay();
            return agents().isPresent() ? judged(agents().get()) : Check.ok("write", tried());
        } catch (IOException e) {
            return refused(Attempt.refused("append in", store.raw(), e));
        }
    }

    /** Who writes the day files; empty where files do not carry the number of an account. */
    private Optional<Account> agents() throws IOException {
        return Account.ownerOf(store.raw());
    }

    /** What writers cannot open under the day file's name. A FIFO would keep them waiting for ever. */
    private Check inTheWay() throws IOException {
        int n = 1;
        while (Files.exists(aside(n), LinkOption.NOFOLLOW_LINKS)) n++;
        List<String> words = new ArrayList<>();
        if (!Files.isWritable(store.raw())) words.add("sudo");
        words.addAll(Machine.isWindows() ? List.of("cmd", "/c", "move") : List.of("mv"));
        words.addAll(List.of(dayFile.toString(), aside(n).toString()));
        return Check.failed("write", dayFile + " is " + Account.kindOf(dayFile) + " (" + Account.described(dayFile)
                + "): no line can be appended to it", command(words));
    }

    private Path aside(int n) {
        return dayFile.resolveSibling(dayFile.getFileName() + ".aside" + (n == 1 ? "" : n));
    }

    private static Next command(List<String> words) {
        return Next.program(words.get(0), words.subList(1, words.size()).toArray(String[]::new)).in(Runbook.TELEMETRY_INTEGRATION);
    }

    /** A line beside the day file, and the day file itself opened and closed. @return what was done */
    private String tried() throws IOException {
        Duration took = appendBeside();
        measures.add(Measure.of("write", "seconds", "Time to append a line beside the day file and sync it.",
                took.toNanos() / 1_000 / 1e6));
        openToAppend();
        return "a line appended and on the disk in " + Times.words(took);
    }

    /** The file goes away even when this process is killed, where the system can do that. */
    private Duration appendBeside() throws IOException {
        Path file = store.raw().resolve("health-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".tmp");
        return Inside.at(file, WriteCheck::append);
    }

    private static Duration append(Path file) throws IOException {
        long began = System.nanoTime();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW,
                StandardOpenOption.APPEND, StandardOpenOption.DELETE_ON_CLOSE)) {
            ByteBuffer line = ByteBuffer.wrap(("{\"health\": \"" + "x".repeat(LINE_BYTES) + "\"}\n").getBytes(StandardCharsets.US_ASCII));
            channel.write(line);
            if (line.hasRemaining()) throw new IOException("No space left on device: the line was cut short");
            channel.force(false);
            return Duration.ofNanos(System.nanoTime() - began);
        }
    }

    /** Nothing is written, and a missing day file is not made. */
    private void openToAppend() throws IOException {
        if (Files.exists(dayFile)) Inside.open(dayFile, there -> FileChannel.open(there, StandardOpenOption.APPEND)).close();
    }

    /** Judged for the agents' account: what this program may do says nothing about another account. */
    private Check judged(Account agents) throws IOException {
        boolean isOwn = self != null && self.uid() == agents.uid();
        String done = "no line was tried, because this account may not";
        AccessDeniedException denied = null;
        try {
            done = tried();
        } catch (AccessDeniedException e) {
            denied = e;
        }
        Optional<List<Path>> asked = isOwn ? Optional.of(refusedHere()) : self != null && self.isRoot()
                ? agents.asked(entered(), written()) : Optional.empty();
        List<Path> closed = asked.isPresent() ? asked.get() : agents.judged(entered(), written());
        if (!closed.isEmpty() && isOnTheWay(closed.get(0))) closed = closed.subList(0, 1);
        if (!closed.isEmpty()) return Check.failed("write", said(closed, agents), mend(closed, agents));
        if (denied != null && isOwn) throw denied;
        return Check.ok("write", done + (isOwn ? "" : asked.isPresent() ? "; the agents' account " + agents.name() + " may write too"
                : "; the agents' account " + agents.name() + " may write by owner, groups and mode: access lists were not looked at"));
    }

    private List<Path> refusedHere() {
        List<Path> closed = new ArrayList<>();
        for (Path folder : entered()) if (!Files.isExecutable(folder)) closed.add(folder);
        for (Path file : written()) if (!Files.isWritable(file)) closed.add(file);
        return closed;
    }

    /** The folders on the way, from the root on. */
    private List<Path> entered() {
        Set<Path> folders = new LinkedHashSet<>();
        for (Path folder : List.of(store.raw(), store.database().getParent()))
            for (int depth = 1; depth <= folder.getNameCount() && Files.isDirectory(folder); depth++)
                folders.add(folder.getRoot().resolve(folder.subpath(0, depth)));
        return List.copyOf(folders);
    }

    /** What a writer opens: the day file, or the folder it is to appear in; the database, its folder and what stands beside it. */
    private List<Path> written() {
        List<Path> written = new ArrayList<>(List.of(Files.exists(dayFile) ? dayFile : store.raw(), store.database().getParent()));
        written.addAll(database);
        written.removeIf(Files::notExists);
        return written;
    }

    /** What lies behind such a folder is out of reach, whatever its own mode. */
    private boolean isOnTheWay(Path path) {
        return entered().contains(path) && !written().contains(path);
    }

    private String said(List<Path> closed, Account agents) throws IOException {
        Path first = closed.get(0);
        String what = isOnTheWay(first) ? "enter " : first.equals(dayFile) ? "append to " : "write to ";
        return "the agents' account " + agents.name() + " may not " + what + first + " (" + Account.described(first) + ")"
                + (closed.size() == 1 ? "" : ", and " + (closed.size() - 1) + " more");
    }

    /** Opens the way, gives the files to the agents, or lets their owner write. */
    private Next mend(List<Path> closed, Account agents) throws IOException {
        if (MountPoint.isReadOnly(closed.get(0))) return FolderChecks.MOUNT;
        boolean isWay = isOnTheWay(closed.get(0));
        boolean isTheirs = true;
        boolean isOurs = self != null;
        for (Path file : closed) {
            Optional<Account> owner = Account.ownerOf(file);
            isTheirs &= owner.map(Account::uid).equals(Optional.of(agents.uid()));
            isOurs &= self != null && owner.map(Account::uid).equals(Optional.of(self.uid()));
        }
        boolean isGiven = !isTheirs && !isWay;
        List<String> words = new ArrayList<>();
        if (self == null || !self.isRoot() && (isGiven || !isOurs)) words.add("sudo");
        words.addAll(isGiven ? List.of("chown", agents.uid() + ":" + agents.gid()) : List.of("chmod", isWay ? "a+x" : "u+w"));
        closed.forEach(file -> words.add(file.toString()));
        return command(words);
    }

    private Check refused(StoreException e) {
        String detail = "cannot append in " + store.raw() + ": " + e.why();
        return switch (e.reason()) {
            case DENIED -> MountPoint.isReadOnly(store.raw()) ? Check.failed("write", detail, FolderChecks.MOUNT)
                    : Check.unknown("write", detail, FolderChecks.OTHER_ACCOUNT);
            case FULL -> Check.failed("write", detail, store.next(Runbook.DISK_FULL));
            default -> Check.failed("write", detail, store.next(Runbook.COMPLETE_SYSTEM_FAILURE));
        };
    }
}
