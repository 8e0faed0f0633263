package telemetry.recover;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.health.DatabaseChecks;
import telemetry.health.HealthRules;
import telemetry.os.Disk;
import telemetry.os.Openers;
import telemetry.os.Unfinished;
import telemetry.prune.OldRuns;
import telemetry.rebuild.NewDatabase;
import telemetry.rebuild.OldDatabase;
import telemetry.rebuild.Rebuild;
import telemetry.rebuild.Replay;
import telemetry.rebuild.RunDifferences;
import telemetry.restore.Restore;
import telemetry.restore.Restored;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Pruned;
import telemetry.store.Quarantine;
import telemetry.store.StoreLock;
import telemetry.text.Words;

/**
 * Makes a store's database good again from the best of what there is: an intact database, else the newest backup that is proved good, else
 * the day files, else what the damaged one still gives; then the runs that the day files have besides; then those that nothing but the
 * damaged database has, marked. Interrupted at any point, the next call goes on.
 */
public final class Recovery {

    /** Writers at work may add runs while a pass goes on; their own rows come right behind. */
    private static final int MOST_PASSES = 20;
    private static final int POLL_MILLIS = 100;

    /** So long a look holds: whoever thinks about the question for longer gets another. */
    private static final Duration FRESH = Duration.ofSeconds(10);

    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final Path live;
    private final List<Path> others = new ArrayList<>();
    private final List<Path> elsewhere = new ArrayList<>();
    private final List<Check> steps = new ArrayList<>();
    private final List<Next> next = new ArrayList<>();
    private long base;
    private long replayed;
    private long damaged;
    private long salvaged;
    private long commits;
    private Long lost = 0L;
    private long looked;

    /**
     * @param patience how long a lock, and programs that have a damaged database open, are waited for
     * @param err      where the progress of long work is shown; null for nowhere
     */
    public Recovery(Store store, Clock clock, Duration patience, PrintWriter err) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
        this.live = store.database();
    }

    /**
     * Has gaps filled from this database too, one that was put aside before.
     *
     * @throws StoreException {@code MISSING} when there is none, {@code REFUSED} when it is the store's own
     */
    public Recovery salvaging(Path other) {
        String tried = "salvage";
        if (!Files.isRegularFile(other)) throw new StoreException(StoreException.Reason.MISSING, tried, other, "it is no file", null);
        try {
            if (Files.exists(live) && Files.isSameFile(live, other))
                throw new StoreException(StoreException.Reason.REFUSED, tried, other, "it is the store's own database",
                        store.command("recover", "--dry-run"));
        } catch (IOException e) {
            throw Disk.refused(tried, other, e);
        }
        others.add(other.toAbsolutePath().normalize());
        return this;
    }

    /**
     * Has backups in this folder taken into account too, one on a second disk say.
     *
     * @throws StoreException {@code MISSING} when there is none: its disk may not be mounted
     */
    public Recovery from(Path folder) {
        if (!Files.isDirectory(folder)) throw new StoreException(StoreException.Reason.MISSING, "look for backups in", folder,
                Files.exists(folder) ? "it is no folder" : "it does not exist",
                Next.words("mount its disk, or name the folder that backup --to wrote to"));
        elsewhere.add(folder.toAbsolutePath().normalize());
        return this;
    }

    /** Changes nothing. @throws StoreException {@code LOCKED} or {@code DENIED} when the state cannot be told */
    public RecoveryPlan look() {
        RecoveryPlan plan = RecoveryPlan.of(store, clock, patience, err, false, elsewhere);
        looked = System.nanoTime();
        return plan;
    }

    /**
     * @param seen what {@link #look} found; it is looked again when that was long ago, or could not tell everything
     * @throws StoreException with the damaged database where it was or in the quarantine; to run it again goes on
     */
    public Recovered run(RecoveryPlan seen) {
        boolean isExchanged = seen.state() != RecoveryPlan.State.INTACT || seen.isResumed();
        return isExchanged ? StoreLock.replacing(store, () -> recover(seen)) : recover(seen);
    }

    private Recovered recover(RecoveryPlan seen) {
        RecoveryMark left = RecoveryMark.find(store);
        if (left != null) left.putBack();
        boolean isFresh = left == null && seen.state() != RecoveryPlan.State.TORN && System.nanoTime() - looked < FRESH.toNanos();
        RecoveryPlan plan = isFresh ? seen : RecoveryPlan.of(store, clock, patience, err, true, elsewhere);
        if (plan.source() == RecoveryPlan.Source.NONE) throw new StoreException(StoreException.Reason.FAILED, "recover", live,
                "there is no database that can be read, no backup and no day file",
                Next.words("look for copies elsewhere; for a new store").then(Next.command("setup")));
        RecoveryMark mark = plan.source() == RecoveryPlan.Source.INTACT ? left : RecoveryMark.begin(store, clock.instant());
        stabilise(plan);
        bringSource(plan);
        List<Path> kept = mark == null ? List.of() : mark.kept();
        try {
            fill(kept);
            verify(plan);
        } catch (StoreException e) {
            throw new StoreException(e.reason(), "finish the recovery of", live,
                    Words.count(base, "run") + " are in place, but: " + store.message(e),
                    Next.RUN_AGAIN, e);
        }
        if (mark != null) mark.end();
        kept.forEach(file -> next.add(Next.words("the damaged files are in " + file.getParent())));
        if (!plan.source().equals(RecoveryPlan.Source.INTACT)) next.add(store.command("backup"));
        return new Recovered(plan, new Checks(steps), runs(), base, replayed, damaged, salvaged, commits, lost, kept, next);
    }

    /** A damaged database that SQLite cannot write to is replaced, and that takes that nobody has it open. */
    private void stabilise(RecoveryPlan plan) {
        boolean isReplaced = plan.state() == RecoveryPlan.State.UNREADABLE || plan.state() == RecoveryPlan.State.DAMAGED
                && plan.source() != RecoveryPlan.Source.BACKUP;
        if (!isReplaced) return;
        List<Path> files = DatabaseFile.present(live);
        long end = System.nanoTime() + patience.toNanos();
        try {
            while (System.nanoTime() < end && !Openers.of(files).isEmpty()) Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void bringSource(RecoveryPlan plan) {
        switch (plan.source()) {
            case INTACT -> {
                base = runs();
                steps.add(Check.ok("source", "the database itself: " + Words.count(base, "run")));
            }
            case BACKUP -> restore(plan.backup());
            case DAY_FILES -> rebuild();
            default -> startAnew();
        }
    }

    private void fill(List<Path> kept) {
        List<Path> all = new ArrayList<>(kept);
        all.addAll(others);
        try (Database database = Database.open(live, patience)) {
            replay(database);
            if (!all.isEmpty()) salvage(database, all);
        }
    }

    private void restore(Backup backup) {
        Restored restored = new Restore(store, clock, patience, err).run(backup, false);
        base = restored.fromIt();
        String detail = backup.file().getFileName() + ": " + Words.count(base, "run") + ", made " + Times.seconds(backup.time());
        steps.add(backup.isVerified() ? Check.ok("source", detail)
                : Check.warning("source", detail + "; " + backup.doubt(), Next.words("nothing but SQLite's own check speaks for it")));
    }

    private void rebuild() {
        Rebuild.Result made = new Rebuild(store, clock).patience(patience).inPlace();
        base = made.runs() - made.carried().runs();
        damaged = made.damaged();
        String detail = Words.count(made.files(), "day file") + ": " + Words.count(base, "run")
                + ", schema " + made.schema();
        long written = writersVersion();
        steps.add(written <= Schema.RUNBOOK_VERSION || !made.old().equals(OldDatabase.State.ABSENT.toString()) ? Check.ok("source", detail)
                : Check.warning("source", detail + "; the agents' is v" + written
                        + ", of which nothing was left: the columns that only it has stand in the day files alone",
                        Next.words("have an agent make its database elsewhere, put it here, then:").then(store.command("rebuild"))));
        if (made.quarantine() != null) next.add(Next.words("lines that cannot be read are in " + made.quarantine()));
    }

    /** Of the writers' schema, as their records say. */
    private long writersVersion() {
        try (Database database = Database.openToRead(live, patience)) {
            return Schema.of(database).has("schema_version")
                    ? database.number("SELECT max(schema_version) FROM agent_runs WHERE typeof(schema_version) = 'integer'") : 0;
        }
    }

    /** Nothing but the damaged database is there: an empty one of its schema takes its place. */
    private void startAnew() {
        OldDatabase old = OldDatabase.of(live);
        old.requireUnused();
        Path made = Unfinished.beside(live);
        Path folder = Quarantine.claim(store, "recover", clock.instant());
        try (var database = new NewDatabase(made, old.ddl(), Pruned.of(store), entry -> { }, denied -> { })) {
            database.load(List::of, file -> { });
            database.finish(0);
            database.seal();
            old.moveAside(folder);
            Disk.publish(made, live);
            Disk.syncFolder(live.getParent());
        } catch (IOException e) {
            throw Disk.refused("put a new database in place as", live, e);
        } finally {
            DatabaseFile.delete(made);
            Quarantine.removeIfEmpty(folder);
        }
        steps.add(Check.warning("source", "a new, empty database: there is no backup and no day file", null));
    }

    /**
     * All day files, not only those since the backup: the database may have lacked runs when that was made. Until a pass finds nothing new.
     */
    private void replay(Database database) {
        Pruned pruned = Pruned.of(store);
        var log = new EventLog(store);
        for (int pass = 0; pass < MOST_PASSES; pass++) {
            Replay.Result result = new Replay(database).without(pruned).showing(err).apply(log, entry -> { });
            damaged = Math.max(damaged, result.damaged());
            replayed += result.inserted() + result.updated();
            if (result.isNothingNew()) break;
        }
        long gone = OldRuns.deleteAgain(database, pruned);
        String detail = Words.count(replayed, "run") + " added or completed from the day files"
                + (gone == 0 ? "" : ", " + gone + " that were pruned deleted again");
        steps.add(damaged == 0 ? Check.ok("replay", detail)
                : Check.warning("replay", detail + "; " + damaged + " entries could not be used",
                store.command("rebuild", "--check-only")));
    }

    private void salvage(Database database, List<Path> kept) {
        var fill = new GapFill(database, Pruned.of(store), carried(kept));
        boolean areCommitsWhole = true;
        for (Path file : kept) {
            areCommitsWhole &= Salvage.commits(file, fill::takeCommits);
            if (Salvage.runs(file, fill::take)) continue;
            Long gone = gone(file, fill);
            lost = gone == null || lost == null ? null : (Long) Math.max(lost, gone);
        }
        salvaged = fill.filled();
        commits = fill.commits();
        String detail = Words.count(salvaged, "run") + (commits == 0 ? "" : " and " + Words.count(commits, "commit"))
                + " that only the damaged database had" + (salvaged == 0 ? "" : ", marked in error_summary");
        steps.add(salvaged + fill.refused() == 0 ? Check.ok("salvage", detail)
                : Check.warning("salvage", detail + (fill.refused() == 0 ? "" : "; " + fill.refused() + " rows were no runs any more"),
                        Next.words("look at them:").then(store.command("query", "sql",
                                "SELECT * FROM agent_runs WHERE error_summary LIKE '%" + GapFill.MARK + "'"))));
        if (!areCommitsWhole) steps.add(Check.warning("commits",
                "not all of those in the damaged database can be read, and no day file has them: what no backup has is lost", null));
        steps.add(lost == null
                ? Check.warning("lost",
                "cannot be known: not all of the damaged database can be read; runs with a line in the day files or a row in the backup "
                + "are not lost", null)
                : lost == 0 ? Check.ok("lost", "0 runs")
                : Check.warning("lost", Words.count(lost, "run") + ", of which only the index of the damaged database knows", null));
    }

    /** Runs that a rebuild took over from the damaged database: only that one and the new one have them. */
    private Set<String> carried(List<Path> kept) {
        Set<String> only = new HashSet<>();
        if (kept.stream().noneMatch(file -> file.getParent().getFileName().toString().startsWith("rebuild-"))
                || new EventLog(store).days().isEmpty()) return only;
        new Rebuild(store, clock).differences(difference -> {
            if (difference.kind() == RunDifferences.Kind.ONLY_IN_DATABASE) only.add(difference.runId());
        });
        return only;
    }

    /** Runs that an index names and nothing has. Null when there is no index that can be read. */
    private Long gone(Path file, GapFill fill) {
        long[] gone = new long[1];
        Pruned pruned = Pruned.of(store);
        boolean isWhole = Salvage.keys(file, fill.key(), value -> {
            if (!fill.has(value) && !pruned.contains(value)) gone[0]++;
        });
        return isWhole ? (Long) gone[0] : null;
    }

    /** Through connections of their own. */
    private void verify(RecoveryPlan plan) {
        if (lost != null && steps.stream().noneMatch(step -> step.name().equals("lost")))
            steps.add(Check.ok("lost", plan.state() == RecoveryPlan.State.ABSENT
                ? "nothing that the backup or the day files have; what only the missing database had cannot be known" : "0 runs"));
        try (var checks = new DatabaseChecks(store, clock.instant(), HealthRules.RUNBOOK, new ArrayList<>())) {
            steps.add(checks.integrity(err).get());
            steps.add(checks.schema());
            steps.add(checks.divergence());
        }
    }

    private long runs() {
        try (Database database = Database.openToRead(live, patience)) {
            return database.number("SELECT count(*) FROM agent_runs");
        }
    }
}
