package telemetry.maintain;

import java.time.Clock;
import java.util.List;
import java.util.function.LongConsumer;
import telemetry.Check;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.archive.Archive;
import telemetry.archive.ArchiveCheck;
import telemetry.archive.ArchiveState;
import telemetry.store.KnownLosses;
import telemetry.text.Runbook;
import telemetry.text.Words;

/** The archive's files, and the checklist's item that compares each SHA-256 with the manifest. Health compares names and sizes each day. */
public final class ArchivedFiles {
    private static final String NAME = "archived files";

    private final Store store;
    private final Archive archive;
    private final List<DayFile> files;
    private final int listed;

    /** Looks at names only. */
    public ArchivedFiles(Store store, Clock clock) {
        this.store = store;
        this.archive = new Archive(store, null, clock);
        this.files = archive.files();
        this.listed = ArchiveState.of(store).listed();
    }

    public Size size() {
        return new Size(files.stream().mapToLong(file -> file.path().toFile().length()).sum());
    }

    public boolean isEmpty() {
        return files.isEmpty() && listed == 0;
    }

    /** The item when there is none. */
    public Task none() {
        return Task.done(NAME, "there is none");
    }

    /** The item of a dry run. */
    public Task shown(Next next) {
        return Task.shown(NAME, Words.count(files.size(), "file") + ", " + size() + ", would be compared with the manifest", next);
    }

    /**
     * Compares them. A loss that was acknowledged is not reported again.
     *
     * @param bytes receives the number of bytes done since the last call, from any thread
     */
    public Task compared(LongConsumer bytes) {
        ArchiveCheck.Verified verified = new ArchiveCheck(archive, false, bytes).run();
        KnownLosses known = KnownLosses.of(store);
        List<Check> wrong = verified.data().stream().filter(check -> check.status() != Check.Status.OK).toList();
        List<Check> news = wrong.stream().filter(check -> !isKnown(check, known)).toList();
        String sum = verified.data().size() - wrong.size() + " of " + verified.data().size() + " have the manifest's SHA-256"
                + (news.size() == wrong.size() ? "" : ", known: " + (wrong.size() - news.size()) + " lost");
        if (news.isEmpty()) return Task.done(NAME, sum);
        boolean isFailed = news.stream().anyMatch(check -> check.status() != Check.Status.WARNING);
        Check first = news.get(0);
        return Task.open(NAME, isFailed ? Check.Status.FAILED : Check.Status.WARNING, sum + "; " + first.name() + ": " + first.detail(),
                store.command("archive", "verify").in(Runbook.MAINTENANCE)).with(verified);
    }

    private boolean isKnown(Check check, KnownLosses known) {
        return DayFile.of(archive.folder().resolve(check.name())).filter(file -> known.contains(file.day())).isPresent();
    }
}
