package telemetry.restore;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Next;
import telemetry.Times;
import telemetry.rebuild.ReplayResult;
import telemetry.text.JsonText;
import telemetry.text.Result;
import telemetry.text.Words;

/**
 * What a restore brought from where; {@code toString()} is the report.
 *
 * @param backup   that was restored
 * @param made     when it was made
 * @param schema   its version
 * @param fromIt   runs in it
 * @param replayed what the day files added; null when that was not wanted
 * @param runs     that the database has now
 * @param place    where that is
 * @param only     runs that stood only in the database that was there before; null when that cannot be told
 * @param taken    what else only that one had, table by table: rows of all tables, and values of rows; empty when that cannot be told
 * @param writing  whether a run could be written afterwards, which was rolled back
 * @param verified false when nothing but SQLite's own check speaks for the backup
 */
public record Restored(Path backup, Instant made, String schema, long fromIt, Replayed replayed, long runs, Place place, Long only,
        List<TakenAway> taken, Check writing, boolean verified) implements Result {

    /**
     * The database's place.
     *
     * @param database the new one; null after a drill, which leaves nothing
     * @param kept     the copy of what was there before: the database, or the folder of what was left of one; null when there was nothing,
     *                 and after a drill
     * @param torn     the copy of what a program that died while it wrote had left, from before that was rolled back; null when nothing
     *                 was, and after a drill
     * @param before   how the database was: its version, or {@link #ABSENT} or {@link #DAMAGED}
     * @param aside    why it was moved aside although it could be opened, in a drill would be; null when it was overwritten
     * @param log      where the -wal is now that was found there; in a drill, where it is; null when there was none, or programs that have
     *                 the database open go on with it
     * @param commits  whole ones in the log of a database that is gone; else 0
     */
    record Place(Path database, Path kept, Path torn, String before, String aside, Path log, long commits) implements JsonText.Inline { }

    static final String ABSENT = "absent";
    static final String DAMAGED = "damaged";

    /**
     * @param lines    read in the day files
     * @param inserted runs that the backup did not have
     * @param updated  runs that had not ended then, or differently
     * @param damaged  lines that could not be read, or whose run the database does not take
     * @param pruned   runs of the backup that were deleted on purpose since, and now again
     * @param changed  rows that were changed after their run's end line: as they were
     * @param inFlight runs that began in the last minute and have no row yet: it is left to their writers
     */
    record Replayed(long lines, long inserted, long updated, long damaged, long pruned, long changed, long inFlight) { }

    /** Runs that began in the last minute and have no row yet: it is left to their writers. */
    public long inFlight() {
        return replayed == null ? 0 : replayed.inFlight;
    }

    @Override
    public Check.Status status() {
        return writing.status() == Check.Status.FAILED ? Check.Status.FAILED : remarks().isEmpty() ? Check.Status.OK : Check.Status.WARNING;
    }

    /** Something to look at. @param next null for nothing */
    public record Remark(String said, Next next) { }

    /** What should be looked at; empty when all is well. */
    public List<Remark> remarks() {
        List<Remark> remarks = new ArrayList<>();
        if (!verified)
            remarks.add(new Remark("this backup has no SHA-256: SQLite finds no error in it, but nothing proves that it is unchanged",
                    null));
        if (place.commits > 0) remarks.add(new Remark("the log of a database that is gone has " + Words.count(place.commits, "whole commit")
                + ": " + place.log, place.database == null ? Next.command("recover", "--dry-run")
                : Next.command("recover", "--salvage", place.log.toString(), "--dry-run")));
        List<String> missing = new ArrayList<>();
        for (TakenAway one : taken) {
            TakenAway unsaid = one.isOfRuns() ? one.ofRowsThatAreThere() : one;
            if (unsaid.isAny() && !(one.isOfRuns() && one.rows() == null && only == null)) missing.add(said(unsaid));
        }
        if (only == null) missing.add("what was there before is too damaged to tell whether it had runs that are missing now");
        else if (only > 0) missing.add(place.database == null ? Words.count(only, "run stands", "runs stand")
                + " only in the database and would be missing in the restored one"
                : Words.count(only, "run", "runs") + " stood only in the database before and "
                + (only == 1 ? "is missing now; it is in " : "are missing now; they are in ") + place.kept);
        Next next = only == null || place.database != null ? salvaging() : null;
        for (int i = 0; i < missing.size(); i++) remarks.add(new Remark(missing.get(i), i == missing.size() - 1 ? next : null));
        if (replayed != null && replayed.damaged > 0) remarks.add(new Remark(Words.count(replayed.damaged, "line", "lines")
                + " of the day files could not be used", Next.command("rebuild", "--check-only")));
        if (!place.before.equals(schema) && !place.before.equals(ABSENT) && !place.before.equals(DAMAGED))
            remarks.add(new Remark("the database was " + place.before + ", the backup is " + schema, Next.command("health")));
        if (writing.status() != Check.Status.OK) remarks.add(new Remark(writing.detail(), null));
        return remarks;
    }

    private String said(TakenAway one) {
        return (place.database == null ? "only the database has, and the restored one would lack: "
                : "only the database before had, and it is in " + place.kept + ": ") + one;
    }

    /** What the replaced database alone has can be brought in afterwards; before, all is in one. */
    private Next salvaging() {
        return place.kept == null ? Next.command("recover", "--dry-run") : Next.command("recover", "--salvage", place.kept.toString(),
                "--dry-run");
    }

    @Override
    public String toString() {
        var text = new StringJoiner(System.lineSeparator());
        text.add((place.database == null ? "drill      " : "restored   ") + backup);
        text.add("backup     " + Words.count(fromIt, "run") + ", made " + Times.seconds(made));
        if (replayed != null)
            text.add("day files  " + Words.count(replayed.inserted, "run") + " added, "
                    + replayed.updated + " completed, from " + Words.count(replayed.lines, "line"));
        if (replayed != null && replayed.changed > 0) text.add("newer      " + ReplayResult.newer(replayed.changed));
        if (replayed != null && replayed.pruned > 0)
            text.add("pruned     " + Words.count(replayed.pruned, "run") + " of the backup, deleted again");
        text.add("database   " + Words.count(runs, "run") + ", "
                + (place.database == null ? "in a scratch folder that is gone again" : place.database));
        if (place.torn != null) text.add("kept       " + place.torn + ", with the -journal that a program left which died while it wrote");
        if (place.kept != null) text.add("kept       " + place.kept + ", what was there before (" + place.before + ")");
        if (place.log != null) text.add("log        " + place.log + ", " + (place.before.equals(ABSENT) ? "left of a database that is gone"
                : "which stood beside it") + (place.database == null ? "; it would go to the quarantine" : ""));
        if (place.aside != null) text.add("moved      " + (place.database == null ? "it would be moved aside and replaced: "
                : "it was moved aside and replaced: ") + place.aside);
        return text.toString();
    }
}
