package telemetry.recover;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.Backup;
import telemetry.health.FolderChecks;
import telemetry.health.HealthRules;
import telemetry.os.Disk;
import telemetry.os.Link;
import telemetry.os.Openers;
import telemetry.prune.DeletedRuns;
import telemetry.rebuild.LinesRead;
import telemetry.rebuild.Rebuild;
import telemetry.rebuild.RunDifferences;
import telemetry.restore.PageForm;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.SqliteErrors;
import telemetry.store.CutShort;
import telemetry.store.Pruned;
import telemetry.text.Runbook;
import telemetry.text.Words;

/** One look at a store, for a recovery. */
final class RecoveryLook {

    /** The checks of where the store is. */
    private static final Set<String> PLACE = Set.of("storage", "disk");

    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final List<Path> elsewhere;
    private final boolean mayRollBack;
    private final boolean mayMend;
    private final List<Check> checks = new ArrayList<>();
    private RecoveryPlan.State state;
    private Backup backup;
    private long missing;
    private long runs;
    private boolean isShort;
    private boolean isResumed;
    private LeftLog log;
    private String aside;
    private Integrity odd;
    private LinesRead read;

    /**
     * @param elsewhere   folders of backups besides the store's own
     * @param mayRollBack whether what a program left that died while it wrote may be rolled back; nothing else is changed
     * @param mayMend     false when making the indexes anew did not help
     */
    RecoveryLook(Store store, Clock clock, Duration patience, PrintWriter err, List<Path> elsewhere, boolean mayRollBack, boolean mayMend) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
        this.elsewhere = elsewhere;
        this.mayRollBack = mayRollBack;
        this.mayMend = mayMend;
    }

    /**
     * @throws StoreException {@code LOCKED} or {@code DENIED} when the state cannot be told; also when the list of pruned runs cannot be
     *                        read, because a recovery would bring them all back
     */
    RecoveryPlan plan() {
        Pruned.leniently(store);
        RecoveryMark left = RecoveryMark.find(store);
        List<Path> cutShort = CutShort.folders(store);
        isResumed = left != null || !cutShort.isEmpty();
        if (left != null) checks.add(Check.warning("unfinished",
                "the recovery begun at " + left.stamp() + " did not come to its end; this one goes on", null));
        else if (isResumed) checks.add(Check.warning("unfinished", "the database was replaced, and may lack runs that it had before; "
                + "what it was is in " + cutShort.get(cutShort.size() - 1), null));
        var folders = new FolderChecks(store, clock.instant(), HealthRules.RUNBOOK, new ArrayList<>());
        Check storage = folders.storage();
        boolean isMended = Files.notExists(store.database().getParent());
        checks.add(isMended ? new Check(storage.name(), storage.status(), storage.detail(), null) : storage);
        checks.add(folders.room());
        checks.add(database());
        if (state == RecoveryPlan.State.INTACT) requireStore();
        if (odd != null) checks.add(rows());
        if (log != null && (state != RecoveryPlan.State.INTACT || !log.isWhole())) checks.add(log());
        boolean isSound = Set.of(RecoveryPlan.State.INTACT, RecoveryPlan.State.TORN, RecoveryPlan.State.INDEXES).contains(state);
        var backups = new BackupChoice(store, clock, err, elsewhere);
        checks.add(!isSound ? backups.sound() : backups.newest(state == RecoveryPlan.State.INTACT ? runs : Long.MAX_VALUE));
        backup = backups.chosen();
        isShort = isSound && backup != null;
        boolean isMixed = state == RecoveryPlan.State.MIXED;
        Check tables = state == RecoveryPlan.State.DAMAGED || isMixed && backup != null ? AtStake.of(store, backup, isMixed, err) : null;
        if (tables != null) checks.add(tables);
        boolean isOverwritten = backup != null && (state == RecoveryPlan.State.DAMAGED || isMixed);
        aside = isOverwritten ? backups.whyNotOver(() -> state == RecoveryPlan.State.MIXED ? PageForm.ofFrozen(store.database())
                : PageForm.ofLive(store.database(), patience)) : null;
        if (aside != null) checks.add(Check.warning("form", aside + ": it is moved aside, once nobody has it open", null));
        List<DayFile> days = new EventLog(store).days();
        checks.add(dayFiles(days));
        checks.add(writers(days));
        boolean isSomething = state == RecoveryPlan.State.DAMAGED || log != null && log.commits() + log.broken() > 0
                || !cutShort.isEmpty() || left != null && !(left.kept().isEmpty() && left.logs().isEmpty());
        RecoveryPlan.Source source = isSound ? RecoveryPlan.Source.INTACT : backup != null ? RecoveryPlan.Source.BACKUP
                : state == RecoveryPlan.State.MIXED ? RecoveryPlan.Source.INTACT
                : !days.isEmpty() ? RecoveryPlan.Source.DAY_FILES
                : isSomething ? RecoveryPlan.Source.SALVAGE : RecoveryPlan.Source.NONE;
        return new RecoveryPlan(status(source), state, source, backup == null ? null : backup.file(), missing, isShort, isResumed, log,
                aside, action(source), checks);
    }

    /** What {@link #plan} has read of the day files, compared with an intact database; null when they were not compared. */
    LinesRead read() {
        return read;
    }

    /** With nothing to do for the database the folders and the disk still count: without them agents cannot go on. */
    private Check.Status status(RecoveryPlan.Source source) {
        if (source == RecoveryPlan.Source.NONE) return Check.Status.FAILED;
        if (!isHealthy()) return Check.Status.WARNING;
        return isPlaceBad() ? place() : odd != null ? Check.Status.WARNING : Check.Status.OK;
    }

    private boolean isHealthy() {
        return RecoveryPlan.isHealthy(state, missing, isShort, isResumed, log);
    }

    private boolean isPlaceBad() {
        return place().compareTo(Check.Status.WARNING) > 0;
    }

    private Check.Status place() {
        return new Checks(checks.stream().filter(check -> PLACE.contains(check.name())).toList()).status();
    }

    private String action(RecoveryPlan.Source source) {
        if (isHealthy()) return "nothing to recover: the database is intact" + asFarAsTold() + " and has all runs of the day files"
                + (isPlaceBad() ? "; what else has failed, this does not mend" : "");
        String gaps = state != RecoveryPlan.State.ABSENT ? ", fill gaps from the damaged database" + (log == null ? "" : " and its -wal")
                : log == null ? "" : ", fill gaps from the -wal that was left";
        return switch (source) {
            case INTACT -> state == RecoveryPlan.State.INDEXES
                    ? "would keep a copy, make the indexes anew and check again; no row is changed"
                    : state == RecoveryPlan.State.MIXED ? "would set the -wal aside, replay the day files, fill gaps from the -wal"
                    : state == RecoveryPlan.State.TORN ? "would roll back what a program that died has left, and look again"
                    : "would bring " + Words.count(missing, "run") + " from the day files into the intact database"
                    + (isShort ? ", and what only " + backup.file().getFileName() + " has" : "")
                    + (log == null || log.isWhole() ? "" : ", and what SQLite leaves out of its -wal")
                    + (isResumed ? ", and go on with the recovery that did not end" : "");
            case BACKUP -> "would restore " + backup.file().getFileName() + ", replay the day files" + gaps;
            case DAY_FILES -> "would rebuild the database from the day files" + gaps;
            case SALVAGE -> "would make a new database of what " + (state == RecoveryPlan.State.ABSENT ? "the -wal" : "the damaged one")
                    + " still gives";
            case NONE -> "cannot recover: no database, no backup and no day file";
        };
    }

    /** A sound database that was named by its file, and nothing of a store around it: it may be what the link of a store leads to. */
    private void requireStore() {
        if (!store.rule().equals("TELEMETRY_DB_PATH") || !store.raw().startsWith(store.base())) return;
        if (Stream.of(store.raw(), store.archive(), store.backups(), store.quarantine()).anyMatch(Files::exists)) return;
        throw new StoreException(StoreException.Reason.MISSING, "recover", store.database(), "it is sound, and " + store.base()
                + " has no day files and no backups to compare it with", Next.words("does a store's link lead to it? Name that store with "
                + "--store DIR"));
    }

    private Check database() {
        Path file = store.database();
        Link.require("recover", file);
        Path inTheWay = Disk.fileInTheWay(file);
        if (inTheWay != null) throw new StoreException(StoreException.Reason.FAILED, "recover", file,
                inTheWay + " is a file, and should be a folder", Next.words("move it elsewhere, then run it again"));
        state = RecoveryPlan.State.ABSENT;
        log = LeftLog.beside(file);
        if (Files.notExists(file)) return Check.failed("database", "there is none at " + file, null);
        if (Files.isDirectory(file))
            throw new StoreException(StoreException.Reason.FAILED, "recover", file,
                    "it is a directory" + Link.said(file), Next.words("move it elsewhere, then run it again"));
        Check check = opened(file);
        boolean isBad = state != RecoveryPlan.State.INTACT && state != RecoveryPlan.State.TORN;
        if (!isBad || log == null || !LeftLog.isForeignTo(file)) return check;
        state = RecoveryPlan.State.MIXED;
        return Check.failed("database", "it is sound by itself and damaged with the -wal beside it, which is another file's: "
                + "was a copy put in its place?", null);
    }

    private Check opened(Path file) {
        state = RecoveryPlan.State.UNREADABLE;
        try (Database database = mayRollBack ? Database.openRolledBack(file, patience) : Database.openToRead(file, patience)) {
            state = RecoveryPlan.State.DAMAGED;
            return integrity(database);
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.DAMAGED) return Check.failed("database", e.why(), null);
            if (!SqliteErrors.isLeftJournal(e)) throw e;
            state = RecoveryPlan.State.TORN;
            return Check.warning("database",
                    "a program died while it wrote; that is rolled back first, and then it is looked at", null);
        }
    }

    private Check integrity(Database database) {
        Schema.refuseNewer(database);
        Schema schema = Schema.of(database);
        Integrity found = Integrity.of(database, schema, false, err);
        if (!found.isSound()) {
            if (mayMend && found.isIndexOnly() && schema.isUsable()) state = RecoveryPlan.State.INDEXES;
            return Check.failed("database", found.toString(), null).with(found.texts());
        }
        if (schema.shape() == Schema.Shape.NONE) return Check.failed("database", "it has no table agent_runs", null);
        if (!schema.missingColumns().isEmpty()) return Check.failed("database", "agent_runs lacks " + schema.missingColumns(), null);
        state = RecoveryPlan.State.INTACT;
        runs = database.number("SELECT count(*) FROM agent_runs");
        if (!found.isClean()) odd = found;
        return Check.ok("database", "integrity_check " + (found.lines().isEmpty() ? "ok" : "found no damage") + asFarAsTold() + ", "
                + schema + ", " + runs + " runs");
    }

    /** Rows that break a rule of their table are data: they stay where they are. */
    private Check rows() {
        return odd.lines().isEmpty() ? odd.trouble("unchecked", store) : Check.warning("rows", odd.toString(), null).with(odd.texts());
    }

    private String asFarAsTold() {
        return odd == null || odd.untold().isEmpty() ? "" : " as far as can be told";
    }

    private Check log() {
        boolean isKept = state == RecoveryPlan.State.ABSENT || state == RecoveryPlan.State.MIXED || !log.isWhole();
        String named = log + (isKept ? "; the quarantine keeps " + log.file() : "");
        return log.isWhole() ? Check.ok("log", named) : Check.warning("log", named + ": SQLite reads to the first damage only", null);
    }

    private Check dayFiles(List<DayFile> days) {
        long bytes = days.stream().map(DayFile::path).mapToLong(file -> file.toFile().length()).sum();
        String files = Words.count(days.size(), "file") + ", " + new Size(bytes);
        if (days.isEmpty()) return Check.warning("day files", "there is none in " + store.raw(), null);
        if (state != RecoveryPlan.State.INTACT) return dayFiles(files, DeletedRuns.older(store, clock.instant()));
        RunDifferences.Count count;
        try {
            var rebuild = new Rebuild(store, clock);
            count = rebuild.differences(difference -> { });
            read = rebuild.read();
        } catch (StoreException e) {
            if (SqliteErrors.lacking(e) == null) throw e;
            return Check.warning("day files", files + "; not compared with the database: its tables need " + SqliteErrors.lacking(e)
                    + ", which only the agents' SQLite has", null);
        }
        missing = count.missing() + count.different();
        String damaged = count.damaged() == 0 ? "" : "; " + count.damaged() + " damaged entries";
        String detail = files + ", " + count.inFiles() + " runs, " + (missing == 0 ? "none" : missing)
                + " missing in the database" + damaged;
        if (count.changed() > 0) detail += "; " + Words.count(count.changed(), "row") + " changed since their line";
        if (missing == 0) return Check.ok("day files", detail);
        return count.older() == 0 ? Check.warning("day files", detail, null)
                : dayFiles(detail, new DeletedRuns.Older(count.older(), true));
    }

    private Check dayFiles(String detail, DeletedRuns.Older older) {
        return older.runs() == 0 ? Check.ok("day files", detail)
                : Check.warning("day files", detail + "; " + older, DeletedRuns.offer(store).in(Runbook.PRUNE));
    }

    private Check writers(List<DayFile> days) {
        List<String> writers = new ArrayList<>();
        for (long pid : Openers.of(DatabaseFile.present(store.database())))
            writers.add(Openers.describe(pid));
        return writers.isEmpty() ? Check.ok("writers", Files.isDirectory(Path.of("/proc/self/fd"))
                ? "nobody has the database open" : "this system does not tell who has the database open")
                : Check.warning("writers", writers.size() + (writers.size() == 1 ? " has" : " have")
                        + " the database open: " + String.join(", ", writers), null);
    }
}
