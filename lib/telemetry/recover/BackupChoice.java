package telemetry.recover;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;
import telemetry.Check;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.Backup;
import telemetry.backup.BackupContent;
import telemetry.backup.Backups;
import telemetry.backup.KnownBackups;
import telemetry.os.ScratchFolder;
import telemetry.restore.PageForm;
import telemetry.store.Pruned;
import telemetry.text.Words;

/** Which backup a recovery takes, from the store's own folder or from others. */
final class BackupChoice {
    private final Store store;
    private final Clock clock;
    private final PrintWriter err;
    private final List<Path> elsewhere;
    private Backup chosen;

    /** @param elsewhere folders of backups besides the store's own */
    BackupChoice(Store store, Clock clock, PrintWriter err, List<Path> elsewhere) {
        this.store = store;
        this.clock = clock;
        this.err = err;
        this.elsewhere = elsewhere;
    }

    /** Null when none is taken. */
    Backup chosen() {
        return chosen;
    }

    /** Of a sound database: the newest verified one is taken only when it has more runs than these. */
    Check newest(long runs) {
        KnownBackups known = candidates();
        Backup newest = known.newestVerified().orElse(null);
        if (newest == null) return Check.warning("backups", "none is verified" + known.said(), store.command("backup"));
        if (newest.runs() - Pruned.leniently(store).size() <= runs) return Check.ok("backups", "newest verified: " + said(newest));
        chosen = newest;
        return Check.warning("backups", said(newest) + ", more than the database: was that begun anew?",
                store.command("backup", "restore", isOwn(newest) ? Backups.LATEST : newest.file().toString(), "--dry-run"));
    }

    /** Every byte of them is compared with its manifest, until one is right; those that nobody verified come last. */
    Check sound() {
        var backups = new Backups(store, null, clock, err);
        KnownBackups known = candidates();
        int bad = 0;
        for (Backup one : known.backups()) {
            try {
                backups.verify(one);
                chosen = one;
                String skipped = bad == 0 ? "" : "; " + bad + " newer or unverified damaged";
                if (one.isVerified() && bad == 0) return Check.ok("backups", said(one) + ", compared byte by byte");
                return Check.warning("backups", said(one) + (one.isVerified() ? "" : ", " + one.doubt()) + skipped, null);
            } catch (StoreException e) {
                if (e.reason() == StoreException.Reason.FULL || e.reason() == StoreException.Reason.DENIED) throw e;
                bad++;
            }
        }
        return Check.warning("backups", (bad == 0 ? "there is none" : "none of " + bad + " can be used") + known.said(), null);
    }

    /** Pages of another form cannot be copied over those that are there. @return why not, in words; null when they can */
    String whyNotOver(Supplier<PageForm> database) {
        try (var folder = new ScratchFolder("telemetry-recover");
                BackupContent content = chosen.isCompressed() ? BackupContent.open(chosen, folder.path().resolve("unpacked"), err) : null) {
            PageForm live = database.get();
            return live == null ? null : live.whyNot(PageForm.ofFrozen(content == null ? chosen.file() : content.file()));
        }
    }

    private KnownBackups candidates() {
        return new Backups(store, null, clock, err).candidates(elsewhere);
    }

    private boolean isOwn(Backup backup) {
        return store.backups().equals(backup.file().getParent());
    }

    /** One from elsewhere with its folder. */
    private String said(Backup backup) {
        return (isOwn(backup) ? backup.file().getFileName() : backup.file())
                + (backup.runs() == null ? "" : ", " + Words.count(backup.runs(), "run"));
    }
}
