package telemetry.recover;

import java.io.PrintWriter;
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
import telemetry.backup.Backups;
import telemetry.health.DatabaseChecks;
import telemetry.health.HealthRules;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Openers;
import telemetry.os.Unfinished;
import telemetry.prune.OldRuns;
import telemetry.rebuild.NewDatabase;
import telemetry.rebuild.OldDatabase;
import telemetry.rebuild.Rebuild;
import telemetry.rebuild.Rebuilt;
import telemetry.rebuild.Replay;
import telemetry.rebuild.RunDifferences;
import telemetry.restore.Restore;
import telemetry.restore.Restored;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Pruned;
import telemetry.store.Quarantine;
import telemetry.text.Result;
import telemetry.text.Words;

/** One recovery as it goes on: the source put in place, the day files replayed, gaps filled, the whole verified; and what it counted. */
final class RecoveryRun {
    private static final int POLL_MILLIS = 100;

    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final Path live;
    private final List<Path> others;
    private final RecoveryPlan plan;
    private final List<Check> steps = new ArrayList<>();
    private final List<Next> next = new ArrayList<>();
    private long base;
    private long replayed;
    private long damaged;
    private long salvaged;
    private long commits;
    private Long lost = 0L;

    /** @param others databases that gaps are filled from too, besides those that the mark keeps */
    RecoveryRun(Store store, Clock clock, Duration patience, PrintWriter err, List<Path> others, RecoveryPlan plan) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
        this.live = store.database();
        this.others = others;
        this.plan = plan;
    }

    /** @param mark that it is under way, and what was put aside; null when an intact database stays in place */
    Recovered run(RecoveryMark mark) {
        waitUntilUnused();
        bringSource();
        List<Path> kept = mark == null ? List.of() : mark.kept();
        try {
            fill(kept);
            verify();
        } catch (StoreException e) {
            throw new StoreException(e.reason(), "finish the recovery of", live,
                    Words.count(base, "run") + " are in place, but: " + e.what(),
                    Next.RUN_AGAIN, e);
        }
        if (mark != null) mark.end();
        kept.forEach(file -> next.add(Next.words("the damaged files are in " + file.getParent())));
        if (plan.source() != RecoveryPlan.Source.INTACT) next.add(store.command("backup"));
        var brought = new Recovered.Brought(base, replayed, salvaged, commits, damaged, lost);
        return new Recovered(new Checks(steps).status(), plan.source(), plan.backup(), runs(), brought, kept, next, plan.checks(), steps);
    }

    /** A damaged database that SQLite cannot write to is replaced. Nobody may have it open then. */
    private void waitUntilUnused() {
        boolean isReplaced = plan.database() == RecoveryPlan.State.UNREADABLE || plan.database() == RecoveryPlan.State.DAMAGED
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

    private void step(boolean isWell, String name, String detail, String otherwise, Next hint) {
        steps.add(isWell ? Check.ok(name, detail) : Check.warning(name, detail + otherwise, hint));
    }

    private void bringSource() {
        switch (plan.source()) {
            case INTACT -> {
                base = runs();
                step(true, "source", "the database itself: " + Words.count(base, "run"), "", null);
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

    private void restore(Path file) {
        Backup backup = new Backups(store, null, clock, err).find(file.toString());
        Restored restored = new Restore(store, clock, patience, err).run(backup, false);
        base = restored.fromIt();
        step(backup.isVerified(), "source",
                file.getFileName() + ": " + Words.count(base, "run") + ", made " + Times.seconds(backup.time()),
                "; " + backup.doubt(), Next.words("nothing but SQLite's own check speaks for it"));
    }

    private void rebuild() {
        Rebuilt made = new Rebuild(store, clock).patience(patience).inPlace();
        base = made.runs() - made.carried().runs();
        damaged = made.damaged();
        long written = writersVersion();
        step(written <= Schema.RUNBOOK_VERSION || made.exchange().old() != OldDatabase.State.ABSENT, "source",
                Words.count(made.read().files(), "day file") + ": " + Words.count(base, "run") + ", schema " + made.schema(),
                "; the agents' is v" + written
                        + ", of which nothing was left: the columns that only it has stand in the day files alone",
                Next.words("have an agent make its database elsewhere, put it here, then rebuild").then(store.command("rebuild", "--dry-run")));
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
            Attempt.of("put a new database in place as", live, () -> {
                Disk.publish(made, live);
                Disk.syncFolder(live.getParent());
            });
        } finally {
            DatabaseFile.delete(made);
            Quarantine.removeIfEmpty(folder);
        }
        steps.add(Check.warning("source", "a new, empty database: there is no backup and no day file", null));
    }

    private void replay(Database database) {
        Pruned pruned = Pruned.of(store);
        Replay.Result result = new Replay(database).without(pruned).showing(err).untilNothingNew(new EventLog(store));
        damaged = Math.max(damaged, result.damaged());
        replayed = result.changed();
        long gone = OldRuns.deleteAgain(database, pruned);
        step(damaged == 0, "replay", Words.count(replayed, "run") + " added or completed from the day files"
                + (gone == 0 ? "" : ", " + gone + " that were pruned deleted again"),
                "; " + damaged + " entries could not be used", store.command("rebuild", "--check-only"));
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
        step(salvaged + fill.refused() == 0, "salvage",
                Words.count(salvaged, "run") + (commits == 0 ? "" : " and " + Words.count(commits, "commit"))
                + " that only the damaged database had" + (salvaged == 0 ? "" : ", marked in error_summary"),
                fill.refused() == 0 ? "" : "; " + fill.refused() + " rows were no runs any more",
                Next.words("look at them").then(store.command("query", "sql",
                        "SELECT * FROM agent_runs WHERE error_summary LIKE '%" + GapFill.MARK + "'")));
        if (!areCommitsWhole) steps.add(Check.warning("commits",
                "not all of those in the damaged database can be read, and no day file has them: what no backup has is lost", null));
        if (lost == null) steps.add(Check.warning("lost", "unknown: every run in the backup or the day files is back; "
                + "runs that only the damaged database had may be missing", null));
        else step(lost == 0, "lost", Words.count(lost, "run"), ", of which only the index of the damaged database knows", null);
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
    private void verify() {
        if (lost != null && steps.stream().noneMatch(step -> step.name().equals("lost")))
            steps.add(Check.ok("lost", plan.database() == RecoveryPlan.State.ABSENT
                ? "nothing that the backup or the day files have; it is unknown what only the missing database had" : "0 runs"));
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
