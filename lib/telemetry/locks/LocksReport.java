package telemetry.locks;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import telemetry.Check;
import telemetry.Checks;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.Times;
import telemetry.os.MountPoint;
import telemetry.os.Openers;
import telemetry.sqlite.LockHolders;
import telemetry.text.JsonText;
import telemetry.text.Result;
import telemetry.text.Runbook;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * What {@link Locks#look} found; {@code toString()} is the report.
 *
 * @param waited        until the lock was free, or in vain
 * @param first         who held it when the waiting began; empty without waiting, or when nobody is known
 * @param wal           null when there is none or it is empty
 * @param journal       likewise
 * @param isLeftJournal a program died while it wrote, and that has not been rolled back
 * @param isAlone       no other process has the database open, and this system can tell
 * @param isWal         the database is used in WAL mode at this moment
 * @param service       what the lock file of the HTTP service tells; null when there is none
 */
public record LocksReport(Store store, boolean isFree, Duration waited, List<Long> first,
        List<User> users, Size wal, Size journal, boolean isLeftJournal,
        boolean isAlone, boolean isWal, Check service, Instant at) implements Result {
    /** Unknown for a held lock; a warning for a lock that came late, or something left behind. */
    @Override
    public Check.Status status() {
        return checks().status();
    }

    public Checks checks() {
        List<Check> checks = new ArrayList<>(List.of(isFree ? free() : held()));
        if (wal != null) checks.add(walCheck());
        if (journal != null) checks.add(journalCheck());
        checks.add(dayFile());
        if (service != null) checks.add(service);
        if (isFree && users.stream().anyMatch(user -> !user.uses().equals(Set.of(User.Use.APPENDS)))) checks.add(snapshot());
        return new Checks(checks);
    }

    private Check free() {
        if (isLeftJournal) return Check.ok("lock", "nobody holds it; not tried, because that would roll back the -journal");
        if (MountPoint.isReadOnlyHere(store.database()))
            return Check.ok("lock", "nobody holds it; not tried, because the file system is mounted read-only here");
        if (waited.compareTo(Locks.TURN) < 0) return Check.ok("lock", "free after " + waited.toMillis() + " ms");
        return Check.warning("lock", "free, but only after " + Times.words(waited)
                + (first.isEmpty() ? "" : ": " + Locks.heldBy(first).replace("is held", "was held")),
                Next.words("a transaction this long keeps the others waiting").in(Runbook.DATABASE_LOCKED));
    }

    private Check held() {
        String held = "held" + (waited.isZero() ? "" : " for all of " + Times.words(waited));
        List<User> holders = holders();
        if (holders.isEmpty()) return Check.unknown("lock", held + "; this system does not show by whom" + (LockHolders.areKnown()
                ? ": perhaps a process of another container or host" : users.isEmpty() ? "" : ": one of those that have it open"),
                        Next.words("stop that program, then").then(store.command("locks")).in(Runbook.DATABASE_LOCKED));
        User holder = holders.get(0);
        String advice = holder.state() == User.State.STOPPED ? "continue it (kill -CONT " + holder.pid() + ") or end it"
                : "let it finish or end it";
        return Check.unknown("lock", held + " by " + String.join(" and ", holders.stream().map(User::named).toList())
                + waitsForReader(holder),
                Next.words(advice).then(store.command("locks", "--kill", "" + holder.pid(), "--dry-run")).in(Runbook.DATABASE_LOCKED));
    }

    /** Outside WAL mode a commit needs a moment without readers. */
    private String waitsForReader(User holder) {
        if (isWal || holder.state() != User.State.STALLED) return "";
        return users.stream().filter(user -> user.pid() != holder.pid() && user.does(User.Use.READS)).findFirst()
                .map(reader -> ", which may itself be waiting for process " + reader.pid() + " to end reading").orElse("");
    }

    private Check walCheck() {
        if (!isAlone) return Check.ok("-wal", wal + ", in use");
        return Check.warning("-wal",
                wal + " left by a program that died. It holds committed runs and no lock: never delete it; the next program that writes "
                + "folds it in",
                store.command("track", "--self-test").in(Runbook.DATABASE_LOCKED));
    }

    private Check journalCheck() {
        if (isLeftJournal) return Check.warning("-journal",
                journal + " left by a program that died while it wrote. It holds what the database needs and no lock: never delete it; "
                + "the next program that writes rolls it back", store.command("track", "--self-test").in(Runbook.DATABASE_LOCKED));
        return Check.ok("-journal", journal + (isAlone ? ", kept between transactions" : ", in use"));
    }

    private Check dayFile() {
        String name = DayFile.name(DayFile.dayOf(at));
        long appending = users.stream().filter(user -> user.does(User.Use.APPENDS)).count();
        if (!Openers.areKnown()) return Check.ok("day file", name + ": this system does not show who appends");
        return Check.ok("day file", name + ": " + (appending == 0 ? "nobody has it open to append"
                : Words.count(appending, "process has", "processes have") + " it open to append"));
    }

    private Check snapshot() {
        return Check.ok("snapshot",
                "a program that still gets 'database is locked' at once has read before it wrote, and another program wrote since "
                + "(BUSY_SNAPSHOT): end no process, but run that program again; it should begin with BEGIN IMMEDIATE");
    }

    private List<User> holders() {
        return users.stream().filter(user -> user.does(User.Use.HOLDS_THE_WRITE_LOCK)).toList();
    }

    @Override
    public String toString() {
        String text = checks().toString();
        if (users.isEmpty()) return text;
        var table = new Table("pid", "does", "running", "CPU %", "state");
        for (User user : users)
            table.row(user.pid(), user.said(), user.runningMs(), user.cpuPercent() == null ? null : Math.round(user.cpuPercent()),
                    user.state()).below(user.command());
        return text + System.lineSeparator() + System.lineSeparator() + table;
    }

    @Override
    public Record data() {
        return new Document(status(), store.database(), isFree, waited, holders().stream().map(User::pid).toList(), first,
                isAlone && wal != null, isLeftJournal, users, checks());
    }

    private record Document(Check.Status status, Path database, boolean free, Duration waitedMs, List<Long> holders,
            List<Long> heldAtFirst, boolean leftWal, boolean leftJournal, List<User> processes, Checks checks) { }

    /** This report, and whether the process that was to be ended still holds the lock. */
    public Result toEnd(long pid) {
        return new Drill(this, holders().stream().map(User::pid).filter(holder -> holder == pid).toList(), pid);
    }

    private record Drill(LocksReport report, List<Long> wouldEnd, long pid) implements Result {
        @Override
        public Check.Status status() {
            return report.status();
        }

        @Override
        public Object data() {
            return JsonText.members(report.data(), new End(wouldEnd));
        }

        @Override
        public String toString() {
            return report + System.lineSeparator().repeat(2) + (wouldEnd.isEmpty()
                    ? "would not end process " + pid + ": it let go of the lock" : "would end process " + pid);
        }
    }

    private record End(List<Long> wouldEnd) { }
}
