package telemetry.recover;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Link;
import telemetry.os.Openers;
import telemetry.rebuild.LinesRead;
import telemetry.restore.PageForm;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.CutShort;
import telemetry.store.Exchange;
import telemetry.text.Result;

/**
 * Makes a store's database good again from the best of what there is: an intact database, else the newest backup that is proved good, else
 * the day files, else what the damaged one still gives; then the runs that the day files have besides; then those that nothing but the
 * damaged database has, marked. Interrupted at any point, the next call goes on.
 */
public final class Recovery {

    /** So long a look holds: whoever thinks about the question for longer gets another. */
    private static final Duration FRESH = Duration.ofSeconds(10);

    private static final int POLL_MILLIS = 100;

    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final Path live;
    private final List<Path> others = new ArrayList<>();
    private final List<Path> elsewhere = new ArrayList<>();
    private boolean isFromLines;
    private long looked;
    private LinesRead read;

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
        if (Attempt.of(tried, other, () -> Files.exists(live) && Files.isSameFile(live, other)))
            throw new StoreException(StoreException.Reason.REFUSED, tried, other, "it is the store's own database",
                    store.command("recover", "--dry-run"));
        others.add(Link.followed(other.toAbsolutePath().normalize()));
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

    /** Whether the lines also replace rows that were changed after them, over HTTP say; the default is false. */
    public Recovery fromLines(boolean isFromLines) {
        this.isFromLines = isFromLines;
        return this;
    }

    /** Changes nothing. @throws StoreException {@code LOCKED} or {@code DENIED} when the state cannot be told */
    public RecoveryPlan look() {
        RecoveryPlan plan = look(false, true);
        looked = System.nanoTime();
        return plan;
    }

    private RecoveryPlan look(boolean mayRollBack, boolean mayMend) {
        var look = new RecoveryLook(store, clock, patience, err, elsewhere, mayRollBack, mayMend);
        RecoveryPlan plan = look.plan();
        read = look.read();
        return plan;
    }

    /**
     * @param seen what {@link #look} found; it is looked again when that was long ago, or could not tell everything
     * @throws StoreException with the damaged database where it was or in the quarantine; to run it again goes on
     */
    public Result run(RecoveryPlan seen) {
        boolean isExchanged = seen.database() != RecoveryPlan.State.INTACT || seen.isResumed() || seen.isLogAtStake();
        return isExchanged ? Exchange.replacing(store, () -> recover(seen)) : recover(seen);
    }

    private Recovered recover(RecoveryPlan seen) {
        RecoveryMark left = RecoveryMark.find(store);
        if (left != null) left.putBack();
        boolean isFresh = left == null && seen.database() != RecoveryPlan.State.TORN && System.nanoTime() - looked < FRESH.toNanos();
        RecoveryPlan plan = isFresh ? seen : look(true, true);
        IndexRepair repair = plan.database() == RecoveryPlan.State.INDEXES ? new IndexRepair(store, clock, patience, err) : null;
        if (repair != null && !repair.isMended()) plan = look(true, false);
        if (plan.source() == RecoveryPlan.Source.NONE) throw new StoreException(StoreException.Reason.FAILED, "recover", live,
                "there is no database that can be read, no backup and no day file",
                Next.words("look for copies elsewhere, or make a new store").then(Next.command("setup")));
        waitUntilUnused(plan);
        boolean isInPlace = plan.source() == RecoveryPlan.Source.INTACT && !plan.isLogAtStake() && CutShort.folders(store).isEmpty();
        RecoveryMark mark = isInPlace ? RecoveryMark.find(store) : RecoveryMark.begin(store, clock.instant());
        return new RecoveryRun(store, clock, patience, err, others, plan, repair).fromLines(isFromLines)
                .after(plan.database() == RecoveryPlan.State.INTACT && !plan.isResumed() ? read : null).run(mark);
    }

    /** A damaged database that SQLite cannot write to, or not pages of the backup's form, is replaced. Nobody may have it open then. */
    private void waitUntilUnused(RecoveryPlan plan) {
        boolean isReplaced = plan.aside() != null || plan.database() == RecoveryPlan.State.UNREADABLE
                || plan.database() == RecoveryPlan.State.DAMAGED
                && plan.source() != RecoveryPlan.Source.BACKUP;
        if (!isReplaced) return;
        List<Path> files = DatabaseFile.present(live);
        long end = System.nanoTime() + patience.toNanos();
        try {
            while (System.nanoTime() < end && !Openers.of(files).isEmpty()) Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (plan.aside() != null) PageForm.requireUnused("recover", live, plan.aside());
    }
}
