package telemetry.health;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import telemetry.Check;
import telemetry.Database;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.logs.WritersForm;
import telemetry.os.Disk;
import telemetry.os.Link;
import telemetry.os.Machine;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;
import telemetry.sqlite.SqliteErrors;
import telemetry.store.Buffers;
import telemetry.text.Runbook;
import telemetry.text.Words;

/** The checks of {@code Health} that ask the database. When it cannot be opened, each of them says so. */
public final class DatabaseChecks implements AutoCloseable {

    private final Store store;
    private final Instant now;
    private final HealthRules rules;
    private final List<Measure> measures;

    private final JournalCheck journal;

    /** Null when it cannot be opened. */
    private Database database;

    /** Null when the check does not go on beside the others. */
    private BackgroundCheck background;

    /** Names of the checks that met damage. */
    private final Set<String> stumbled = new HashSet<>();
    private final List<String> unchecked = new ArrayList<>();

    /** Null when it cannot be read, and only then the reason is not. */
    private Schema schema;
    private boolean isAfterReplay;
    private StoreException refusal;

    /** @param measures what is measured is added to these */
    public DatabaseChecks(Store store, Instant now, HealthRules rules, List<Measure> measures) {
        this.store = store;
        this.now = now;
        this.rules = rules;
        this.measures = measures;
        this.journal = new JournalCheck(store, rules);
        try {
            database = Database.openToRead(store.database(), rules.patience());
            schema = Schema.of(database);
        } catch (StoreException e) {
            refusal = e;
        }
    }

    /** All lines have just been replayed: little of the day files is read again. @return this */
    public DatabaseChecks afterReplay() {
        isAfterReplay = true;
        return this;
    }

    /**
     * Begins SQLite's look at the whole database; what it found is there when the result is asked for, after the other checks.
     *
     * @param err where the progress is shown; null for nowhere
     */
    public Supplier<Check> integrity(PrintWriter err) {
        if (isLocked() || !isPlaceThere()) return () -> untold("database");
        if (database == null) return () -> refused("database", refusal);
        try {
            if (schema != null && isWal()) background = new BackgroundCheck(store.database(), rules.patience(), own -> integrity(own, err));
        } catch (StoreException e) {
            return () -> refused("database", e);
        }
        return () -> guarded("database", () -> counted(background == null ? integrity(database, err) : background.result()));
    }

    /** A sound database may have lost its runs all the same. */
    private Check counted(Check integrity) {
        if (integrity.status().compareTo(Check.Status.WARNING) > 0 || schema == null || !schema.isUsable()) return integrity;
        var count = isAfterReplay ? new RunCount(store, database, schema, now, Duration.ZERO) : new RunCount(store, database, schema, now);
        Check counted = count.compare(integrity);
        if (count.unread() != null) unchecked.add(count.unread());
        return counted;
    }

    private boolean isLocked() {
        return refusal != null && refusal.reason() == StoreException.Reason.LOCKED;
    }

    /** The storage check names a folder that is not there, or that a file stands for. */
    private boolean isPlaceThere() {
        Path folder = store.database().getParent();
        return Files.isDirectory(folder) && Files.isExecutable(folder);
    }

    /** What the checks did not look at, in a few words each; known when the integrity check's result was asked for. */
    public List<String> unchecked() {
        return List.copyOf(unchecked);
    }

    /** The checks that a damaged database kept from being made, when the database check says so already. */
    public Check withoutEcho(Check check, Check integrity) {
        return integrity.status() == Check.Status.FAILED && stumbled.contains(check.name())
                ? Check.skipped(check.name(), "the database is damaged")
                : check;
    }

    /** Elsewhere a writer that waits for the one connection's lock would keep the other from reading. */
    private boolean isWal() {
        return "wal".equals(database.pragma("journal_mode"));
    }

    private Check integrity(Database database, PrintWriter err) {
        long began = System.nanoTime();
        var found = Integrity.of(database, schema, rules.quick(), err);
        String took = Times.words(Duration.ofNanos(System.nanoTime() - began));
        return found.isClean() ? Check.ok("database", found + " in " + took + ", SQLite " + database.sqliteVersion())
                : found.trouble("database", store);
    }

    public Check schema() {
        if (schema == null) return untold("schema");
        if (schema.isForeign()) return Check.failed("schema", schema.foreign(), store.next(Runbook.SYSTEM_OVERVIEW));
        if (schema.isNewer()) return Check.unknown("schema", schema.newer(), null);
        List<String> odd = schema.oddities();
        if (odd.isEmpty()) return Check.ok("schema", schema + ": " + Words.count(schema.columns().size(), "column")
                + ", " + Words.count(schema.indexes().size(), "index"));
        String detail = schema + ": " + String.join("; ", odd);
        if (!schema.isUsable()) return Check.failed("schema", detail, damaged());
        boolean slow = !schema.missingIndexes().isEmpty();
        if (schema.isHalfMigrated()) return Check.warning("schema", detail, store.command("upgrade", "--dry-run").in(Runbook.UPGRADE));
        return Check.warning("schema", detail, store.next(slow ? Runbook.PERFORMANCE_BASELINES : Runbook.SYSTEM_OVERVIEW));
    }

    public Check journal() {
        if (database != null) measures.add(journal.measure());
        if (isLeftJournal()) return journal.left();
        return schema == null ? untold("journal") : guarded("journal", () -> journal.check(database, schema));
    }

    /** Whether the database can be written to now. A -journal that was left is not rolled back by this. */
    public Check lock() {
        var lock = new LockCheck(store, now);
        if (isLocked()) return lock.held(rules.patience());
        String left = "a -journal was left, which a try would roll back";
        if (isLeftJournal()) return Check.skipped("lock", left);
        if (database == null) return untold("lock");
        return journal.isThere() && Database.isTorn(store.database()) ? Check.unknown("lock", left, JournalCheck.rollBack(store))
                : guarded("lock", () -> lock.check(schema));
    }

    /** One whose program is gone: while a program holds the lock, its -journal is in use. */
    private boolean isLeftJournal() {
        return refusal != null && SqliteErrors.isLeftJournal(refusal);
    }

    public Check activity() {
        return told("activity", () -> new PostingCheck(store, database, schema, now, rules)
                .with(new ActivityCheck(database, schema, now, rules, measures).check()));
    }

    public Check stale() {
        return told("stale", () -> new StaleCheck(store, database, schema, now, rules, measures).check());
    }

    public Check size() {
        if (database == null) return untold("size");
        var size = new Size(store.database().toFile().length());
        measures.add(Measure.of("database_size", "bytes", "Size of the database file.", size.bytes()).atMost(rules.size().bytes()));
        Check counted = told("size", () -> {
            long runs = database.number("SELECT count(*) FROM agent_runs");
            measures.add(Measure.of("runs", "", "Runs in the database.", runs));
            return Check.ok("size", size + ", " + Words.count(runs, "run")
                    + (runs == 0 ? "" : ", " + size.bytes() / runs + " bytes a run"));
        });
        return counted.status() != Check.Status.OK || size.compareTo(rules.size()) <= 0 ? counted
                : Check.warning("size", counted.detail() + "; more than " + rules.size(),
                        store.command("query", "agents").in(Runbook.MAINTENANCE));
    }

    /** Since when the database says it is there; null when it does not. */
    public Instant begun() {
        return schema == null ? null : schema.begun(database);
    }

    /** Whether the days that the database has runs of have their lines. */
    public Check dayFiles() {
        return told("day files", () -> isRawThere() ? new DayFilesCheck(store, now).check(database, schema) : noRaw("day files"));
    }

    public Check divergence() {
        return told("divergence", () -> {
            if (!isRawThere()) return noRaw("divergence");
            var divergence = Divergence.of(store, database, schema, now, rules.compare(),
                    isAfterReplay ? Divergence.Reach.BRIEF : Divergence.Reach.USUAL);
            measures.add(Measure.of("missing_runs", "", "Runs in the day files and not in the database.",
                    divergence.missing().size()).atMost(0));
            measures.add(Measure.of("unended_runs", "", "Runs that ended in the day files and not in the database.",
                    divergence.unended().size()).atMost(0));
            String refused = divergence.isNone() ? null : refused(divergence);
            Check compared = divergence.isNone() ? Check.ok("divergence", divergence.toString())
                    : refused != null ? Check.failed("divergence", refused, store.command("upgrade", "--dry-run").in(Runbook.UPGRADE))
                    : Check.warning("divergence", divergence.toString(), store.command("recover", "--dry-run").in(Runbook.DATA_LOSS));
            return new BufferCheck(store, database, now).with(Buffers.of(store, Machine.environment(), rules.buffer()), compared);
        });
    }

    /** Why the table refuses what its writers insert, and since when; null when it takes that. Only a difference makes it worth a look. */
    private String refused(Divergence divergence) {
        List<String> reasons = WritersForm.refused(store, database, schema);
        return reasons.isEmpty() ? null : "rows are refused" + (divergence.since() == null ? "" : " since "
                + Times.seconds(divergence.since()))
                + ": " + String.join("; ", reasons) + "; " + divergence;
    }

    private boolean isRawThere() {
        return Files.isDirectory(store.raw()) && Files.isReadable(store.raw());
    }

    private static Check noRaw(String name) {
        return Check.skipped(name, FolderChecks.NO_RAW);
    }

    /** A check that needs the table of runs. */
    private Check told(String name, Supplier<Check> check) {
        return schema == null || !schema.isUsable() ? untold(name) : guarded(name, check);
    }

    private Check guarded(String name, Supplier<Check> check) {
        try {
            return check.get();
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.DAMAGED && store.database().equals(e.path())) stumbled.add(name);
            return refused(name, e);
        }
    }

    /** One cause is one failure: the check that it belongs to names it. */
    private Check untold(String name) {
        if (schema != null) return Check.skipped(name, schema.isForeign() ? "agent_runs is no table of runs"
                : schema.isNewer() ? "the database is newer than this toolkit" : "no table of runs");
        boolean isAway = refusal.reason() == StoreException.Reason.MISSING || Disk.fileInTheWay(store.database()) != null;
        if (isAway) return Check.skipped(name, FolderChecks.isAbsent(store) ? FolderChecks.NO_STORE : FolderChecks.NO_DATABASE);
        return Check.skipped(name, switch (refusal.reason()) {
            case LOCKED -> "the database is locked";
            default -> "the database cannot be read";
        });
    }

    private Check refused(String name, StoreException e) {
        if (e.reason() == StoreException.Reason.FULL) return Check.unknown(name, e.brief(), store.next(Runbook.DISK_FULL));
        if (SqliteErrors.lacking(e) != null)
            return Check.unknown(name, "it needs " + SqliteErrors.lacking(e) + ", which only the agents' SQLite has", null);
        if (SqliteErrors.isLeftJournal(e)) return Check.unknown(name, e.brief(), JournalCheck.rollBack(store));
        boolean isAway = e.reason() == StoreException.Reason.MISSING || Link.broken(store.database()) != null;
        return Check.refused(name, e, locked(), isAway ? FolderChecks.lost(store) : damaged());
    }

    private Next damaged() {
        return store.next(Runbook.DATABASE_CORRUPTED);
    }

    private Next locked() {
        return store.next(Runbook.DATABASE_LOCKED);
    }

    /** The background's connection is closed first: the last one to go is to be the one that takes an empty -wal away. */
    @Override
    public void close() {
        if (background != null) background.close();
        if (database != null) database.close();
    }
}
