package telemetry.rebuild;

import java.nio.file.Path;
import java.util.List;
import telemetry.Check;
import telemetry.text.Result;

/** What a rebuild, or a replay into the database that is there, would make; {@code toString()} is the report. */
record RebuildPreview(Plan data, boolean isAside, boolean isReplay) implements Result {

    /**
     * @param schema      the tables that it would get; null for those of the old database
     * @param doubt       what is not known about them, in a sentence; null for nothing
     * @param differences between the old database and the day files; null when they cannot be compared, or need not be
     */
    record Plan(Path database, OldDatabase.State old, String schema, String doubt, List<Path> files, long bytes,
            RunDifferences.Count differences) { }

    @Override
    public Check.Status status() {
        if (data.doubt != null) return Check.Status.WARNING;
        return data.differences == null ? Check.Status.OK : data.differences.unread().status(true);
    }

    @Override
    public String toString() {
        String old = "; the database " + (isAside ? "of the store" : "there") + " now is " + data.old;
        String what = isReplay ? "would bring into " + data.database + " what it lacks of " : "would make " + data.database + " from ";
        return what + Sources.said(data.files) + old
                + (data.schema == null ? "" : ", the new one's tables would be " + data.schema)
                + (data.doubt == null ? "" : System.lineSeparator() + data.doubt)
                + (data.differences == null ? "" : System.lineSeparator() + data.differences);
    }
}
