package telemetry.health;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Row;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Disk;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.Runbook;
import telemetry.text.Words;

/** The checks of {@code Health} that ask the database. When it cannot be opened, each of them says so. */
public final class DatabaseChecks implements AutoCloseable {

    /** A -journal that was not written to for so long belongs to a program that is gone. */
    private static final Duration ABANDONED = Duration.ofMinutes(1);

    /** A start this far ahead of this machine's clock is still taken for now. */
    private static final int SKEW_SECONDS = 60;

    /** A later start is no skew: a clock is wrong. */
    private static final int AHEAD_SECONDS = 3_600;

    /** Agents that began no run for longer are not expected to. */
    private static final int SILENT_DAYS = 7;
    private static final int MOST_AGENTS = 3;

    /** The toolkit's own runs say nothing about the agents: those of {@code track --self-test}. */
    private static final String NO_TEST = "NOT (agent_name = 'test' AND job_type = 'healthcheck')";

    private static final String ACTIVITY =
            "SELECT count(CASE WHEN t > ?2 THEN 1 END) AS hour, count(*) AS day FROM (SELECT unixepoch(start_time) AS t FROM agent_runs"
            + " WHERE start_time >= ?1 AND " + NO_TEST + ") WHERE t > ?3 AND t <= ?4";
    private static final String LATEST = "SELECT max(t) FROM (SELECT unixepoch(start_time) AS t FROM agent_runs"
            + " WHERE start_time >= (SELECT substr(start_time, 1, 10) FROM agent_runs WHERE start_time < ?1 AND " + NO_TEST
            + " ORDER BY start_time DESC LIMIT 1) AND " + NO_TEST + ") WHERE t <= ?2";

    /** Of the last week: which agents began no run since. */
    private static final String SILENT = "SELECT agent_name, max(t) AS last FROM (SELECT agent_name, unixepoch(start_time) AS t"
            + " FROM agent_runs WHERE start_time >= ?1 AND " + NO_TEST + ") WHERE t <= ?2 GROUP BY agent_name ORDER BY last DESC";

    /** Runs that begin later than this machine's clock. */
    private static final String AHEAD = "SELECT count(*) FROM agent_runs WHERE start_time >= ?1 AND unixepoch(start_time) > ?2";
    private static final String STALE = "SELECT count(*) AS running, count(CASE WHEN t < ? THEN 1 END) AS stale, min(t) AS oldest"
            + " FROM (SELECT coalesce(unixepoch(start_time), 0) AS t FROM agent_runs WHERE status = 'running')";

    private final Store store;
    private final Instant now;
    private final HealthRules rules;
    private final List<Measure> measures;

    /** As they stood before the database was opened. */
    private final Size wal;
    private final Duration journalAge;

    /** Null when it cannot be opened. */
    private Database database;

    /** Null when the check does not go on beside the others. */
    private BackgroundCheck background;

    /** Null when it cannot be read, and only then the reason is not. */
    private Schema schema;
    private StoreException refusal;

    /** @param measures what is measured is added to these */
    public DatabaseChecks(Store store, Instant now, HealthRules rules, List<Measure> measures) {
        this.store = store;
        this.now = now;
        this.rules = rules;
        this.measures = measures;
        this.wal = new Size(DatabaseFile.beside(store.database(), "-wal").toFile().length());
        this.journalAge = ageOfJournal(DatabaseFile.beside(store.database(), "-journal"));
        try {
            database = Database.openToRead(store.database(), rules.patience());
            schema = Schema.of(database);
        } catch (StoreException e) {
            refusal = e;
        }
    }

    /** Since the last write; null when there is none, or one that was emptied or zeroed at its commit. */
    private static Duration ageOfJournal(Path file) {
        try (InputStream journal = Files.newInputStream(file)) {
            return journal.read() <= 0 ? null : Duration.ofMillis(System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis());
        } catch (IOException e) {
            return null;
        }
    }

    /**
     * Begins SQLite's look at the whole database; what it found is there when the result is asked for, after the other checks.
     *
     * @param err where the progress is shown; null for nowhere
     */
    public Supplier<Check> integrity(PrintWriter err) {
        if (database == null) return () -> refusal.reason() == StoreException.Reason.LOCKED || store.isMissing() ? untold("database")
                : refused("database", refusal);
        try {
            if (schema != null && isWal()) background = new BackgroundCheck(store.database(), rules.patience(), own -> integrity(own, err));
        } catch (StoreException e) {
            return () -> refused("database", e);
        }
        return () -> guarded("database", () -> counted(background == null ? integrity(database, err) : background.result()));
    }

    /** A sound database may have lost its runs all the same. */
    private Check counted(Check integrity) {
        boolean isCounted = integrity.status().compareTo(Check.Status.WARNING) <= 0 && schema != null && schema.isUsable();
        return isCounted ? new RunCount(store, database, now).compare(integrity) : integrity;
    }

    /** Elsewhere a writer that waits for the one connection's lock would keep the other from reading. */
    private boolean isWal() {
        return "wal".equals(database.pragma("journal_mode"));
    }

    private Check integrity(Database database, PrintWriter err) {
        long began = System.nanoTime();
        var found = Integrity.of(database, schema, rules.quick(), err);
        String took = Times.words(Duration.ofNanos(System.nanoTime() - began));
        return found.lines().isEmpty() ? Check.ok("database", found + " in " + took + ", SQLite " + database.sqliteVersion())
                : found.trouble("database", store);
    }

    public Check schema() {
        if (schema == null) return untold("schema");
        if (schema.isNewer()) return Check.unknown("schema", schema.newer(), null);
        List<String> odd = schema.oddities();
        if (odd.isEmpty()) return Check.ok("schema", schema + ": " + Words.count(schema.columns().size(), "column")
                + ", " + Words.count(schema.indexes().size(), "index"));
        String detail = schema + ": " + String.join("; ", odd);
        if (!schema.isUsable()) return Check.failed("schema", detail, damaged());
        boolean slow = !schema.missingIndexes().isEmpty();
        return Check.warning("schema", detail, store.next(slow ? Runbook.PERFORMANCE_BASELINES : Runbook.SYSTEM_OVERVIEW));
    }

    /** Writers of v1 to v5 set WAL whenever they open the database, those of v6 and v7 DELETE. */
    public Check journal() {
        if (database != null)
            measures.add(Measure.of("wal_size", "bytes", "Size of the database's -wal.", wal.bytes()).atMost(rules.wal().bytes()));
        String log = wal.bytes() == 0 ? "no -wal" : "-wal of " + wal;
        if (journalAge != null && journalAge.compareTo(ABANDONED) > 0)
            return Check.warning("journal", "a -journal was left " + Times.words(journalAge)
                    + " ago by a program that died while it wrote; the next one that writes rolls it back", rollBack());
        return schema == null ? untold("journal") : guarded("journal", () -> journal(log));
    }

    private Check journal(String log) {
        if (Disk.isReadOnly(store.database()))
            return Check.unknown("journal", "cannot tell: the file system is read-only", FolderChecks.MOUNT);
        String mode = database.pragma("journal_mode").toUpperCase(Locale.ROOT);
        String forced = schema.shape() == Schema.Shape.RUNBOOK ? "WAL" : "DELETE";
        if (schema.isUsable() && !schema.isNewer() && !mode.equals(forced)) return Check.warning("journal", mode + ", but the writers of " + schema + " set "
                + forced + ": programs of different versions fight over it", locked());
        if (wal.compareTo(rules.wal()) > 0) return Check.warning("journal", mode + ", " + log + ", more than " + rules.wal()
                + ": a reader that does not end keeps it from being folded in", locked());
        return Check.ok("journal", mode + ", " + log);
    }

    /** Whether the database can be written to now. A -journal that was left is not rolled back by this. */
    public Check lock() {
        var lock = new LockCheck(store, now);
        if (refusal != null && refusal.reason() == StoreException.Reason.LOCKED) return lock.held(rules.patience());
        if (database == null) return untold("lock");
        return journalAge != null ? Check.skipped("lock", "a -journal was left, which a try would roll back") : lock.check();
    }

    private Next rollBack() {
        return store.command("track", "--self-test").in(Runbook.DATABASE_CORRUPTED);
    }

    /** The index on start_time finds the rows: the text range is a day wider than any form of writing a time can be off. */
    public Check activity() {
        return told("activity", () -> {
            long to = now.getEpochSecond() + SKEW_SECONDS;
            Row runs = database.one(ACTIVITY, day(-2), now.getEpochSecond() - 3_600, now.getEpochSecond() - 86_400, to).orElseThrow();
            measures.add(Measure.of("runs_last_hour", "", "Runs that began in the last hour.", runs.number("hour")));
            measures.add(Measure.of("runs_last_day", "", "Runs that began in the last 24 hours.", runs.number("day")));
            Object latest = database.value(LATEST, day(2), to);
            Next hint = Next.words("no agent has begun a run: see whether they are started and where they write").in(Runbook.HEALTH_CHECKS);
            long ahead = database.number(AHEAD, day(1), now.getEpochSecond() + AHEAD_SECONDS);
            if (ahead > 0) return Check.warning("activity", Words.count(ahead, "run begins", "runs begin") + " later than this machine's clock, "
                    + Times.seconds(now) + " UTC", Next.words("set the clock of this machine, or of the one that wrote them")
                    .in(Runbook.SYSTEM_OVERVIEW));
            if (latest == null) return Check.warning("activity", "no run yet", hint);
            Duration idle = Duration.ofSeconds(Math.max(0, now.getEpochSecond() - ((Number) latest).longValue()));
            measures.add(Measure.of("last_run_age", "seconds", "Time since the latest run began.", idle.toSeconds())
                    .atMost(rules.idle().toSeconds()));
            String day = runs.number("day") + " in the last 24 h";
            return idle.compareTo(rules.idle()) > 0 ? Check.warning("activity", "no run for " + Times.words(idle) + ", " + day
                    + silent(to), Next.words("start these agents, or see why they do not run").in(Runbook.HEALTH_CHECKS))
                    : Check.ok("activity", Words.count(runs.number("hour"), "run") + " in the last hour, " + day);
        });
    }

    /** {@code "; silent: docs-crawler since 2026-11-28 12:05:30, and 2 more agents"} */
    private String silent(long to) {
        List<Row> agents = database.query(SILENT, day(-SILENT_DAYS), to).list();
        List<String> names = new ArrayList<>();
        for (Row agent : agents.subList(0, Math.min(MOST_AGENTS, agents.size())))
            names.add(agent.text("agent_name") + " since " + Times.seconds(Instant.ofEpochSecond(agent.number("last"))));
        int more = agents.size() - names.size();
        return (names.isEmpty() ? "" : "; silent: " + String.join(", ", names)) + (more == 0 ? "" : ", and " + Words.count(more, "more agent"));
    }

    private String day(int offset) {
        return DayFile.dayOf(now).plusDays(offset).toString();
    }

    public Check stale() {
        return told("stale", () -> {
            Row runs = database.one(STALE, now.minus(rules.stale()).getEpochSecond()).orElseThrow();
            measures.add(Measure.of("running_runs", "", "Runs whose status is running.", runs.number("running")));
            measures.add(Measure.of("stale_runs", "", "Runs that have been running for too long.", runs.number("stale")).atMost(0));
            String limit = "for more than " + Times.words(rules.stale());
            if (runs.number("stale") == 0) return Check.ok("stale", runs.number("running") + " running, none " + limit);
            return Check.warning("stale", runs.number("stale") + " running " + limit + ", the oldest for "
                    + Times.words(Duration.ofSeconds(now.getEpochSecond() - runs.number("oldest"))),
                    prune());
        });
    }

    /** As prune names them, whose own rule is the runbook's. */
    private Next prune() {
        return rules.stale().equals(HealthRules.RUNBOOK.stale()) ? store.next(Runbook.PRUNE)
                : store.command("prune", "stale", "--older-than", rules.stale().toSeconds() + "s", "--dry-run").in(Runbook.PRUNE);
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
        if (schema == null || !schema.tables().contains("schema_migrations")) return null;
        try {
            return Times.instant((String) database.value("SELECT CAST(min(applied_at) AS TEXT) FROM schema_migrations"));
        } catch (StoreException e) {
            return null;
        }
    }

    /** Whether the days that the database has runs of have their lines. */
    public Check dayFiles() {
        return told("day files", () -> new DayFilesCheck(store, now).check(database, schema));
    }

    public Check divergence() {
        return told("divergence", () -> {
            var divergence = Divergence.of(store, database, now, rules.compare());
            measures.add(Measure.of("missing_runs", "", "Runs in the day files and not in the database.",
                    divergence.missing().size()).atMost(0));
            measures.add(Measure.of("unended_runs", "", "Runs that ended in the day files and not in the database.",
                    divergence.unended().size()).atMost(0));
            return divergence.isNone() ? Check.ok("divergence", divergence.toString())
                    : Check.warning("divergence", divergence.toString(), store.command("recover", "--dry-run").in(Runbook.DATA_LOSS));
        });
    }

    /** A check that needs the table of runs. */
    private Check told(String name, Supplier<Check> check) {
        return schema == null || !schema.isUsable() ? untold(name) : guarded(name, check);
    }

    private Check guarded(String name, Supplier<Check> check) {
        try {
            return check.get();
        } catch (StoreException e) {
            return refused(name, e);
        }
    }

    /** One cause is one failure: the check that it belongs to names it. */
    private Check untold(String name) {
        if (schema != null) return Check.skipped(name, schema.isNewer() ? "the database is newer than this toolkit" : "no table of runs");
        return Check.skipped(name, switch (refusal.reason()) {
            case MISSING -> store.isMissing() ? FolderChecks.NO_STORE : "no database";
            case LOCKED -> "the database is locked";
            default -> "the database cannot be read";
        });
    }

    private Check refused(String name, StoreException e) {
        if (e.reason() == StoreException.Reason.FULL) return Check.unknown(name, e.brief(), store.next(Runbook.DISK_FULL));
        if (e.reason() == StoreException.Reason.DENIED && journalAge != null) return Check.unknown(name, e.brief(), rollBack());
        return Check.refused(name, e, locked(), e.reason() == StoreException.Reason.MISSING ? FolderChecks.lost(store) : damaged());
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
