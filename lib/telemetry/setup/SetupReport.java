package telemetry.setup;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Next;
import telemetry.Store;
import telemetry.store.Layout;
import telemetry.text.Result;

/** What was found and done; {@code toString()} is the report. @param sample null without one */
public record SetupReport(Store store, Layout.Made made, SampleWriter.Filled sample) implements Result {

    /** Failed when no procedure can work with the database; of one that is newer than the toolkit nothing can be told. */
    @Override
    public Check.Status status() {
        if (made.schema().isNewer()) return Check.Status.UNKNOWN;
        return !made.schema().isUsable() ? Check.Status.FAILED : made.odd().isEmpty() ? Check.Status.OK : Check.Status.WARNING;
    }

    @Override
    public Object data() {
        record Document(Path store, String rule, List<Path> created, String database, List<String> odd, Next next,
                SampleWriter.Filled sample) { }
        return new Document(store.base(), store.rule(), made.created(), made.schema().toString(), made.odd(), made.next(), sample);
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add("store     " + store.base() + " (" + store.rule() + ")");
        made.created().forEach(path -> lines.add("created   " + path));
        if (made.created().isEmpty()) lines.add("created   nothing: all is there");
        lines.add("database  " + made.schema());
        made.odd().forEach(what -> lines.add("odd       " + what));
        if (sample != null) lines.add(String.format(Locale.ROOT, "sample    %,d runs: %,d lines in %,d day files, %,d bytes",
                sample.runs(), sample.lines(), sample.dayFiles(), sample.bytes()));
        return Next.line(lines.toString(), made.next());
    }
}
