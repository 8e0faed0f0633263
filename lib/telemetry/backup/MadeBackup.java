package telemetry.backup;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Times;
import telemetry.text.Result;
import telemetry.text.Words;

/**
 * A new one; {@code toString()} is the report.
 *
 * @param orphans   rows that refer to others that are not there; null when the tables do not let SQLite tell
 * @param odd       a warning of rows that break a constraint, or of what could not be checked, which is well when only a module is
 *                  missing: its pages were checked; null when there is neither
 * @param newer     that the database is newer than this toolkit or has no table of runs, and so known as pages only; null when neither
 * @param tookMs    in all
 * @param copyingMs of it, while the database was read; the rest went into checking, hashing and compressing the copy
 * @param expired   those that went, and manifests whose backup was gone
 */
public record MadeBackup(Backup backup, Long orphans, Check odd, String newer, Duration tookMs, Duration copyingMs, List<Path> expired)
        implements Result {

    /** The same, after these have gone. */
    public MadeBackup expiring(ExpiredBackups gone) {
        return new MadeBackup(backup, orphans, odd, newer, tookMs, copyingMs,
                Stream.concat(gone.expired().stream(), gone.alone().stream()).toList());
    }

    /** A copy without a check was asked for; its report says that it is one. */
    @Override
    public Check.Status status() {
        boolean isOdd = odd != null && odd.status() != Check.Status.OK || newer != null;
        return isOdd ? Check.Status.WARNING : Check.Status.OK;
    }

    @Override
    public String toString() {
        var text = new StringJoiner(System.lineSeparator());
        text.add("backup   " + backup.file());
        text.add("holds    " + backup.runs() + " runs, " + backup.size() + ", " + (backup.isVerified() ? "verified" : backup.doubt())
                + ", in " + Times.words(tookMs));
        if (orphans != null && orphans > 0) text.add("odd      " + orphans + " rows refer to others that are not there");
        if (odd != null) text.add(Words.item("odd      ", odd.detail(), odd.hint()));
        if (newer != null) text.add(Words.item("newer    ", newer + "; this copy has its "
                + (newer.startsWith("this database is") ? "newer " : "") + "shape only as pages, which are as they were",
                null));
        expired.forEach(old -> text.add("expired  " + old));
        return text.toString();
    }
}
