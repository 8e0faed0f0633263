package telemetry.health;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Account;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Machine;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Layout;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * Whether the agents can record a run now. The agents' account is the owner of the folder of the day files. It has to be able to append to
 * today's day file and to write to the database. Nothing is written to either: a line goes into a file of our own beside the day file.
 */
final class WriteCheck {

    /** About the length of a run's line. */
    private static final int LINE_BYTES = 1_000;

    private final Store store;
    private final List<Measure> measures;
    private final Path dayFile;

    /** The account that this program runs as; null where the system does not tell. */
    private final Account self = Account.own().orElse(null);

    WriteCheck(Store store, Instant now, List<Measure> measures) {
        this.store = store;
        this.measures = measures;
        this.dayFile = store.raw().resolve(DayFile.name(DayFile.dayOf(now)));
    }

    Check check() {
        if (Layout.fileInPlaceOf(store.raw()) != null || Files.notExists(store.raw())) return Check.skipped("write", "no day files' folder");
        try {
            if (Files.exists(dayFile, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(dayFile)) return inTheWay();
            Duration took = appendBeside();
            measures.add(Measure.of("write", "seconds", "Time to append a line beside the day file and sync it.",
                    took.toNanos() / 1_000 / 1e6));
            if (Files.exists(dayFile)) openToAppend();
            return judged("a line appended and on the disk in " + Times.words(took));
        } catch (IOException e) {
            return refused(Attempt.refused("append in", store.raw(), e));
        }
    }

    /** What writers cannot open under the day file's name. A FIFO would keep them waiting for ever. */
    private Check inTheWay() {
        String what = Files.isDirectory(dayFile) ? "a folder" : Files.isSymbolicLink(dayFile) && Files.notExists(dayFile)
                ? "a link to a file that is not there" : "no file";
        String mover = Machine.isWindows() ? "move" : "mv";
        return Check.failed("write", dayFile + " is " + what + ": no line can be appended to it",
                Next.program(mover, dayFile.toString(), dayFile + ".aside").in(Runbook.TELEMETRY_INTEGRATION));
    }

    /** The file goes away even when this process is killed, where the system can do that. */
    private Duration appendBeside() throws IOException {
        Path file = store.raw().resolve("health-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".tmp");
        long began = System.nanoTime();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW,
                StandardOpenOption.APPEND, StandardOpenOption.DELETE_ON_CLOSE)) {
            ByteBuffer line = ByteBuffer.allocate(LINE_BYTES);
            channel.write(line);
            if (line.hasRemaining()) throw new IOException("No space left on device: the line was cut short");
            channel.force(false);
            return Duration.ofNanos(System.nanoTime() - began);
        }
    }

    /** Nothing is written, and a missing day file is not made. */
    private void openToAppend() throws IOException {
        FileChannel.open(dayFile, StandardOpenOption.WRITE, StandardOpenOption.APPEND).close();
    }

    /** Judged for the agents' account: what this program may do says nothing about another account. */
    private Check judged(String done) throws IOException {
        Optional<Account> agents = Account.ownerOf(store.raw());
        if (agents.isEmpty()) return Check.ok("write", done);
        List<Path> closed = new ArrayList<>();
        for (Path file : written()) if (!agents.get().mayWrite(file)) closed.add(file);
        String remark = "";
        if (self != null && self.isRoot() && !agents.get().isRoot()) {
            Optional<List<Path>> asked = agents.get().asked(written());
            if (asked.isPresent()) closed = asked.get();
            remark = asked.isPresent() ? ", as the agents' account " + agents.get().name() + " can" : byModes(agents.get());
        } else if (self == null || self.uid() != agents.get().uid()) remark = byModes(agents.get());
        return closed.isEmpty() ? Check.ok("write", done + remark) : Check.failed("write", said(closed, agents.get()), mend(closed, agents.get()));
    }

    private static String byModes(Account agents) {
        return "; for the agents' account " + agents.name() + " judged by owner, group and mode: access lists were not looked at";
    }

    /** What a writer opens: the day file, or the folder it is to appear in; the database, its folder and what stands beside it. */
    private List<Path> written() {
        Path database = store.database();
        return Stream.of(Files.exists(dayFile) ? dayFile : store.raw(), database.getParent(), database,
                DatabaseFile.beside(database, "-wal"), DatabaseFile.beside(database, "-shm")).filter(Files::exists).toList();
    }

    private String said(List<Path> closed, Account agents) throws IOException {
        Path first = closed.get(0);
        String more = closed.size() == 1 ? "" : ", and " + Words.count(closed.size() - 1, "more file", "more files");
        return "the agents' account " + agents.name() + " may not " + (first.equals(dayFile) ? "append to " : "write to ") + first + " ("
                + Account.described(first) + ")" + more;
    }

    /** Gives the files to the agents, or lets their owner write. */
    private Next mend(List<Path> closed, Account agents) throws IOException {
        List<String> words = new ArrayList<>();
        boolean isTheirs = true;
        for (Path file : closed) isTheirs &= Account.ownerOf(file).map(Account::uid).equals(Optional.of(agents.uid()));
        if (self == null || !self.isRoot() && !(isTheirs && self.uid() == agents.uid())) words.add("sudo");
        words.addAll(isTheirs ? List.of("chmod", "u+w") : List.of("chown", agents.uid() + ":" + agents.gid()));
        closed.forEach(file -> words.add(file.toString()));
        return Next.program(words.get(0), words.subList(1, words.size()).toArray(String[]::new)).in(Runbook.TELEMETRY_INTEGRATION);
    }

    private Check refused(StoreException e) {
        String detail = "cannot append in " + store.raw() + ": " + e.why();
        return switch (e.reason()) {
            case DENIED -> Disk.isReadOnly(store.raw()) ? Check.failed("write", detail, FolderChecks.MOUNT) : denied(detail);
            case FULL -> Check.failed("write", detail, store.next(Runbook.DISK_FULL));
            default -> Check.failed("write", detail, store.next(Runbook.COMPLETE_SYSTEM_FAILURE));
        };
    }

    /** This account may not: that is for the agents' account to be judged, as far as another account can tell. */
    private Check denied(String detail) {
        try {
            Check judged = judged("");
            return judged.status() == Check.Status.FAILED ? judged
                    : Check.unknown("write", detail + judged.detail(), FolderChecks.OTHER_ACCOUNT);
        } catch (IOException e) {
            return Check.unknown("write", detail, FolderChecks.OTHER_ACCOUNT);
        }
    }
}
