package telemetry.maintain;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.function.LongConsumer;
import telemetry.Check;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.archive.Archive;
import telemetry.archive.ArchivePlan;
import telemetry.archive.ArchiveRun;
import telemetry.text.Runbook;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * The day files that the runbook archives each month, and the checklist's item about them. {@code toString()} says how many there are:
 * {@code "3 day files older than 90 d, 60 kB"}.
 */
public final class OldDayFiles {
    private static final String NAME = "archive";
    private static final String AGE = "older than " + Times.words(RetentionReview.RAW);

    private final Store store;
    private final Archive archive;
    private final ArchivePlan plan;

    /** Looks only. */
    public OldDayFiles(Store store, Clock clock) {
        this.store = store;
        this.archive = new Archive(store, null, clock);
        this.plan = archive.plan(RetentionReview.RAW);
    }

    public boolean isEmpty() {
        return plan.files().isEmpty();
    }

    public Size size() {
        return plan.size();
    }

    public Path folder() {
        return archive.folder();
    }

    @Override
    public String toString() {
        return Words.count(plan.files().size(), "day file") + " " + AGE + ", " + plan.size();
    }

    /** The item when there is nothing to archive. */
    public Task none() {
        return left(plan.left(), Task.done(NAME, "no day file to archive is " + AGE));
    }

    /** The item when they are not archived. */
    public Task open(String why, Next next) {
        return Task.open(NAME, Check.Status.WARNING, this + ": not archived, " + why, next);
    }

    /** The item when the operator said no. */
    public Task declined(Next next) {
        return Task.shown(NAME, this + ": not archived: declined", next);
    }

    /** The item of a dry run. */
    public Task shown(Next next) {
        var table = new Table("day", "size", "file");
        for (DayFile file : plan.files()) table.row(file.day(), new Size(file.path().toFile().length()), file.path().getFileName());
        String left = plan.left().isEmpty() ? "" : "; " + plan.left().size() + " would be left alone";
        return Task.shown(NAME, this + ", would be archived in " + folder() + left, next).with(table, plan);
    }

    /** Archives them. @param bytes receives the number of bytes done since the last call, from any thread */
    public Task archived(LongConsumer bytes) {
        ArchiveRun.Result result = archive.run(plan, bytes);
        var table = new Table("day", "lines", "size", "archived");
        for (ArchiveRun.Archived day : result.archived()) table.row(day.day(), day.lines(), day.size(), day.compressed());
        String done = Words.count(result.archived().size(), "day file") + " archived";
        Task task = result.failures().isEmpty() ? left(result.left(), Task.done(NAME, done)) : failed(done, result.failures().get(0));
        return task.with(table.isEmpty() ? null : table, result.archived());
    }

    private Task failed(String done, StoreException first) {
        Next again = store.command("archive", "--older-than", "90d", "--dry-run").in(Runbook.DISK_FULL);
        return Task.open(NAME, Check.Status.FAILED, done + "; " + Next.hinted(first.what(), first.next()), again);
    }

    /** Today's file stays, as expected. Any other old file that was left alone is reported. */
    private static Task left(List<ArchivePlan.Left> left, Task otherwise) {
        if (left.isEmpty()) return otherwise;
        String first = "; left alone: " + left.get(0).file().getFileName() + ": " + left.get(0).reason();
        String others = left.size() == 1 ? "" : ", and " + (left.size() - 1) + " more";
        return Task.open(NAME, Check.Status.WARNING, otherwise.detail() + first + others,
                Next.words("wait, or ask the owner of that process"));
    }
}
