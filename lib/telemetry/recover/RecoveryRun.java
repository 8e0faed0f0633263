package telemetry.recover;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.BackupContent;
import telemetry.backup.Backups;
import telemetry.health.DatabaseChecks;
import telemetry.health.HealthRules;
import telemetry.prune.OldRuns;
import telemetry.rebuild.LinesRead;
import telemetry.rebuild.NewDatabase;
import telemetry.rebuild.OldDatabase;
import telemetry.rebuild.Rebuild;
import telemetry.rebuild.Rebuilt;
import telemetry.rebuild.RefusedRows;
import telemetry.rebuild.Replay;
import telemetry.rebuild.ReplayResult;
import telemetry.restore.Restore;
import telemetry.restore.Restored;
import telemetry.runs.WriteTrial;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Exchange;
import telemetry.store.Pruned;
import telemetry.store.Quarantine;
import telemetry.store.Writers;
import telemetry.text.Words;

/** One recovery as it goes on: the source put in place, the day files replayed, gaps filled, the whole verified; and what it counted. */
final class RecoveryRun {
    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final Path live;
    private final List<Path> others;
    private final RecoveryPlan plan;
    private final List<Check> steps = new ArrayList<>();
    private final List<Next> next = new ArrayList<>();
    private final List<String> left = new ArrayList<>();
    private long base;
    private long replayed;
    private long damaged;
    private final IndexRepair repair;
    private Filling filling;
    private long refused;
    private Long lost = 0L;

    /** The number of the last row of runs that a file had which was put in another one's place; -1 where there was none such. */
    private long lastNumber = -1;
    private boolean isFromLines;
    private long inFlight;
    private LinesRead read;

    /**
     * @param others databases that gaps are filled from too, besides those that the mark keeps
     * @param repair of the indexes, which was tried; null when none was needed
     */
    RecoveryRun(Store store, Clock clock, Duration patience, PrintWriter err, List<Path> others, RecoveryPlan plan,
            IndexRepair repair) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
        this.live = store.database();
        this.others = others;
        this.plan = plan;
        this.repair = repair;
    }

    /** Whether the lines also replace rows that were changed after them; the default is false. */
    RecoveryRun fromLines(boolean isFromLines) {
        this.isFromLines = isFromLines;
        return this;
    }

    /** Replays only what comes after these, and what they name. @param read null for all day files */
    RecoveryRun after(LinesRead read) {
        this.read = read;
        return this;
    }

    /** @param mark that it is under way, and what was put aside; null when an intact database stays in place */
    Recovered run(RecoveryMark mark) {
        if (repair != null && repair.why() != null)
            steps.add(Check.warning("indexes", "they could not be made anew: " + repair.why(), null));
        setLogAside();
        bringSource();
        List<Path> kept = new ArrayList<>(mark == null ? List.of() : mark.kept());
        List<Path> logs = mark == null ? List.of() : mark.logs();
        if (plan.log() != null)
            logs.forEach(log -> step(true, "log", "the -wal that stood beside the database is " + log, "", null));
        try {
            fill(kept, new ArrayList<>(logs));
            verify();
        } catch (StoreException e) {
            throw new StoreException(e.reason(), "finish the recovery of", live,
                    Words.count(base, "run") + " are in place, but: " + e.what(),
                    Next.RUN_AGAIN, e);
        }
        Exchange.end(store);
        if (mark != null) mark.end();
        if (repair != null && repair.kept() != null && !kept.contains(repair.kept())) kept.add(repair.kept());
        logs.stream().filter(log -> kept.stream().noneMatch(file -> file.getParent().equals(log.getParent()))).forEach(kept::add);
        kept.forEach(file -> next.add(Next.words("the damaged files are in " + file.getParent())));
        if (inFlight > 0) next.add(Next.words(ReplayResult.inFlight(inFlight)).then(store.command("rebuild", "--replay-only")));
        if (plan.source() != RecoveryPlan.Source.INTACT) next.add(store.command("backup"));
        Map<String, Long> rows = new TreeMap<>(filling.rows());
        Long commits = rows.remove("commits");
        var brought = new Recovered.Brought(base, replayed, filling.runs(), filling.marks(), commits == null ? 0 : commits, rows,
                filling.values(), filling.different(), filling.unread(), refused, damaged, lost);
        return new Recovered(new Checks(steps).status(), plan.source(), plan.backup(), runs(), brought, kept, next, plan.checks(), steps);
    }

    /**
     * A -wal that SQLite does not read whole, or that is another file's, is kept before the first opening to write: that folds it in or
     * overwrites it. Beside a file that stays it is moved away.
     */
    private void setLogAside() {
        boolean isMixed = plan.database() == RecoveryPlan.State.MIXED;
        boolean isMoved = isMixed && plan.source() == RecoveryPlan.Source.INTACT;
        boolean isInPlace = plan.source() == RecoveryPlan.Source.INTACT || plan.source() == RecoveryPlan.Source.BACKUP;
        if (!plan.isLogAtStake() || !isInPlace || Files.notExists(plan.log().file())) return;
        if (isMixed) lastNumber = LeftLog.lastNumberOf(live);
        if (isMoved) new OldDatabase(live, OldDatabase.State.DAMAGED, "the -wal beside it is another file's", null).requireUnused();
        Path folder = Quarantine.claim(store, "recover", clock.instant());
        plan.log().keepIn(folder);
        Exchange.begin(store, folder);
        if (isMoved) plan.log().remove();
    }

    private void step(boolean isWell, String name, String detail, String otherwise, Next hint) {
        steps.add(isWell ? Check.ok(name, detail) : Check.warning(name, detail + otherwise, hint));
    }

    private void bringSource() {
        switch (plan.source()) {
            case INTACT -> {
                base = runs();
                step(true, "source", "the database itself: " + Words.count(base, "run"), "", null);
                if (repair != null) step(true, "indexes", "made anew; no row was changed", "", null);
                if (repair != null) left.addAll(repair.left());
            }
            case BACKUP -> restore(plan.backup());
            case DAY_FILES -> rebuild();
            default -> startAnew();
        }
    }

    private void fill(List<Path> kept, List<Path> logs) {
        List<Path> all = new ArrayList<>(kept);
        for (Path other : others) {
            boolean isLog = other.getFileName().toString().endsWith("-wal");
            if (!isLog) all.add(other);
            Path log = isLog ? other : DatabaseFile.beside(other, "-wal");
            if (LeftLog.isLog(log)) logs.add(log);
        }
        Path folder = Quarantine.claim(store, "recover", clock.instant());
        try (Database database = Database.open(live, patience); var quarantine = new Quarantine(folder.resolve("rows.ndjson"))) {
            WriteTrial.tolerate(database);
            var notTaken = new RefusedRows(quarantine);
            replay(database);
            filling = new Filling(store, database, Filling.carried(store, clock, kept), notTaken, isFromLines);
            fillFrom(all, logs);
            if (filling.changed() > 0) step(true, "newer", ReplayResult.newer(filling.changed()), "", null);
            if (!all.isEmpty() || !logs.isEmpty() || plan.isShort()) {
                var report = new FillReport(store, filling, notTaken, plan, lastNumber);
                steps.addAll(report.checks());
                lost = report.lost();
            }
            refused = notTaken.named().size();
            if (plan.isLogAtStake()) database.pragma("wal_checkpoint", "TRUNCATE");
        } finally {
            Quarantine.removeIfEmpty(folder);
        }
    }

    /** A database that was begun anew gets what only the backup has, which is read as a damaged one is. */
    private void fillFrom(List<Path> databases, List<Path> logs) {
        if (!plan.isShort()) {
            filling.from(databases, logs);
            return;
        }
        try (BackupContent content = BackupContent.open(backup(plan.backup()), live, err)) {
            filling.from(Stream.concat(Stream.of(content.file()), databases.stream()).toList(), logs);
        }
    }

    private Backup backup(Path file) {
        return new Backups(store, null, clock, err).find(file.toString());
    }

    private void restore(Path file) {
        Backup backup = backup(file);
        Restored restored = new Restore(store, clock, patience, err).run(backup, false);
        base = restored.fromIt();
        step(backup.isVerified(), "source",
                file.getFileName() + ": " + Words.count(base, "run") + ", made " + Times.seconds(backup.time()),
                "; " + backup.doubt(), Next.words("nothing but SQLite's own check speaks for it"));
    }

    private void rebuild() {
        Rebuilt made = new Rebuild(store, clock).patience(patience).fromLines(isFromLines).inPlace();
        base = made.runs() - made.carried().runs();
        damaged = made.damaged();
        left.addAll(made.carried().left());
        step(made.doubt() == null, "source",
                Words.count(made.read().files(), "day file") + ": " + Words.count(base, "run") + ", schema " + made.schema(),
                "; " + made.doubt(), made.isOfService() ? store.command("rebuild", "--schema", made.schema().substring(0, 2) + "-python",
                        "--dry-run") : null);
        if (made.quarantine() != null) next.add(Next.words("lines that cannot be read are in " + made.quarantine()));
    }

    /** Nothing but the damaged database is there: an empty one of its schema takes its place. */
    private void startAnew() {
        OldDatabase old = OldDatabase.of(live);
        old.requireUnused();
        Path made = NewDatabase.unfinished(live, live);
        Path folder = Quarantine.claim(store, "recover", clock.instant());
        try (var database = new NewDatabase(made, old.ddl(), Writers.of(store).form(), Pruned.leniently(store), entry -> { },
                denied -> { })) {
            database.loadNothing();
            database.finish(0, live);
            left.addAll(database.left());
            database.seal();
            old.replaceBy(made, store, folder);
        } finally {
            DatabaseFile.delete(made);
            Quarantine.removeIfEmpty(folder);
        }
        steps.add(Check.warning("source", "a new, empty database: there is no backup and no day file", null));
    }

    private void replay(Database database) {
        Pruned pruned = Pruned.leniently(store);
        ReplayResult result = new Replay(database).without(pruned).fromLines(isFromLines).after(read).showing(err).at(clock)
                .apply(new EventLog(store));
        damaged = Math.max(damaged, result.damaged() + (read == null ? 0 : read.damaged()));
        replayed = result.brought();
        long gone = OldRuns.deleteAgain(database, pruned);
        inFlight = result.inFlight();
        step(damaged == 0, "replay", Words.count(replayed, "run") + " added or completed from the day files"
                + (gone == 0 ? "" : ", " + gone + " that were pruned deleted again")
                + (result.changed() == 0 ? "" : "; " + ReplayResult.newer(result.changed())),
                "; " + damaged + " entries could not be used", store.command("rebuild", "--check-only"));
    }

    /** Through connections of their own. */
    private void verify() {
        if (!left.isEmpty()) {
            steps.add(Check.warning("not made", String.join("; ", left), null).with(left));
            lost = null;
        }
        if (steps.stream().noneMatch(step -> step.name().equals("lost"))) {
            if (plan.database() == RecoveryPlan.State.ABSENT) lost = null;
            if (left.isEmpty()) steps.add(Check.ok("lost", lost == null
                ? "nothing that the backup or the day files have; it is unknown what only the missing database had" : "0 runs"));
        }
        try (var checks = new DatabaseChecks(store, clock.instant(), HealthRules.RUNBOOK, new ArrayList<>())) {
            steps.add(checks.afterReplay().integrity(err).get());
            steps.add(checks.schema());
            steps.add(checks.divergence());
        }
        steps.add(WriteTrial.of(live, patience).remark());
    }

    private long runs() {
        try (Database database = Database.openToRead(live, patience)) {
            return database.number("SELECT count(*) FROM agent_runs");
        }
    }
}
