package telemetry.setup;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Store;
import telemetry.runs.Schema;
import telemetry.store.Layout;
import telemetry.text.Result;

/**
 * What was found and done; {@code toString()} is the report.
 *
 * @param rule   by which the store was found
 * @param odd    what an operator should look at
 * @param sample null when none was wanted
 */
public record SetupReport(Path store, String rule, List<Path> created, Schema database, List<String> odd, SampleWriter.Filled sample)
        implements Result {

    public static SetupReport of(Store store, Layout.Made made, SampleWriter.Filled sample) {
        return new SetupReport(store.base(), store.rule(), made.created(), made.schema(), made.odd(), sample);
    }

    /** Failed when no procedure can work with the database. */
    @Override
    public Check.Status status() {
        return !database.isUsable() ? Check.Status.FAILED : odd.isEmpty() ? Check.Status.OK : Check.Status.WARNING;
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add("store     " + store + " (" + rule + ")");
        created.forEach(path -> lines.add("created   " + path));
        if (created.isEmpty()) lines.add("created   nothing: all is there");
        lines.add("database  " + database);
        odd.forEach(what -> lines.add("odd       " + what));
        if (sample != null) lines.add(String.format(Locale.ROOT, "sample    %,d runs: %,d lines in %,d day files, %,d bytes",
                sample.runs(), sample.lines(), sample.dayFiles(), sample.bytes()));
        return lines.toString();
    }
}
