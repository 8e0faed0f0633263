package telemetry.locks;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Checks;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.Times;
import telemetry.os.Openers;
import telemetry.os.Program;
import telemetry.sqlite.LockHolders;
import telemetry.text.Runbook;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * What {@link Locks#look} found; {@code toString()} is the report.
 *
 * @param waited        until the lock was free, or in vain
 * @param first         who held it when waiting began; empty when it was not waited for, or nobody is known
 * @param wal           null when there is none or it is empty
 * @param journal       likewise
 * @param isLeftJournal a program died while it wrote, and nobody has rolled that back
 * @param isAlone       nobody else is known to have the database open, and it can be known
 * @param isWal         it is used in WAL mode at this moment
 */
public record LocksReport(Store store, boolean isFree, Duration waited, List<Long> first,
        List<Locks.User> users, Size wal, Size journal, boolean isLeftJournal,
        boolean isAlone, boolean isWal, Instant at) {
    /** A locked one is what cannot be told, a lock that was waited for or something left behind a warning. */
    public Check.Status status() {
        return checks().status();
    }

    public Checks checks() {
        List<Check> checks = new ArrayList<>(List.of(isFree ? free() : held()));
        if (wal != null) checks.add(walCheck());
        if (journal != null) checks.add(journalCheck());
        checks.add(dayFile());
        if (isFree && users.stream().anyMatch(user -> !user.uses().equals(java.util.Set.of(Locks.Use.APPENDS)))) checks.add(snapshot());
        return new Checks(checks);
    }

    private Check free() {
        if (isLeftJournal) return Check.ok("lock", "nobody holds it; not tried, since that would roll the -journal back");
        if (waited.compareTo(Locks.TURN) < 0) return Check.ok("lock", "free after " + waited.toMillis() + " ms");
        return Check.warning("lock", "free, but only after " + Times.words(waited)
                + (first.isEmpty() ? "" : ": " + Locks.heldBy(first).replace("is held", "was held")),
                Next.words("a transaction that takes so long keeps the others waiting").in(Runbook.DATABASE_LOCKED));
    }

    private Check held() {
        String held = "held for all of " + Times.words(waited);
        List<Locks.User> holders = holders();
        if (holders.isEmpty()) return Check.unknown("lock", held + "; by whom this system does not tell" + (LockHolders.areKnown()
                ? ": a process of another container or host, perhaps" : users.isEmpty() ? "" : ": one of those that have it open"),
                        Next.words("stop that program, then").then(store.command("locks")).in(Runbook.DATABASE_LOCKED));
        Program holder = holders.get(0).program();
        String advice = holder.state() == Program.State.STOPPED ? "continue it (kill -CONT " + holder.pid() + ") or end it:"
                : "let it finish or end it:";
        return Check.unknown("lock", held + " by " + String.join(" and ", holders.stream().map(user -> user.program().named()).toList())
                + waitsForReader(holder),
                Next.words(advice).then(store.command("locks", "--kill", "" + holder.pid())).in(Runbook.DATABASE_LOCKED));
    }

    /** Outside WAL mode a commit takes a moment without readers. */
    private String waitsForReader(Program holder) {
        if (isWal || holder.state() != Program.State.STALLED) return "";
        return users.stream().filter(user -> user.program().pid() != holder.pid() && user.uses().contains(Locks.Use.READS)).findFirst()
                .map(reader -> ", which may itself be waiting for process " + reader.program().pid() + " to end reading").orElse("");
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
        long appending = users.stream().filter(user -> user.uses().contains(Locks.Use.APPENDS)).count();
        if (!Openers.areKnown()) return Check.ok("day file", name + ": who appends this system does not tell");
        return Check.ok("day file", name + ": " + (appending == 0 ? "nobody has it open to append"
                : Words.count(appending, "process has", "processes have") + " it open to append"));
    }

    private Check snapshot() {
        return Check.ok("snapshot",
                "a program that is told 'database is locked' at once all the same has read before it wrote, and another wrote since "
                + "(BUSY_SNAPSHOT): end nobody; it is to run again, and to begin with BEGIN IMMEDIATE");
    }

    public List<Locks.User> holders() {
        return users.stream().filter(Locks.User::holdsTheLock).toList();
    }

    @Override
    public String toString() {
        String text = checks().toString();
        if (users.isEmpty()) return text;
        var table = new Table("pid", "does", "running", "CPU %", "state");
        for (Locks.User user : users) {
            Program program = user.program();
            table.row(program.pid(), user.said(), program.running(), program.cpu() == null
                    ? null : Math.round(program.cpu()), program.state()).below(program.command());
        }
        return text + System.lineSeparator() + System.lineSeparator() + table;
    }

    /** For {@code --json}. */
    public Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("status", status());
        document.put("database", store.database());
        document.put("free", isFree);
        document.put("waited_ms", waited.toMillis());
        document.put("holders", holders().stream().map(user -> user.program().pid()).toList());
        document.put("held_at_first", first);
        document.put("left_wal", isAlone && wal != null);
        document.put("left_journal", isLeftJournal);
        document.put("processes", users.stream().map(LocksReport::entry).toList());
        document.put("checks", checks().list());
        return document;
    }

    private static Map<String, Object> entry(Locks.User user) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("pid", user.program().pid());
        entry.put("command", user.program().command());
        entry.put("started", user.program().started());
        entry.put("running_ms", user.program().running());
        entry.put("cpu_percent", user.program().cpu());
        entry.put("state", user.program().state());
        entry.put("uses", Stream.of(Locks.Use.values()).filter(user.uses()::contains).toList());
        return entry;
    }
}
