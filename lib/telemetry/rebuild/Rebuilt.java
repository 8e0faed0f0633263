package telemetry.rebuild;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Times;
import telemetry.text.Escaped;
import telemetry.text.JsonText;
import telemetry.text.Result;

/**
 * The result of a rebuild; {@code toString()} is the report.
 *
 * @param database   the new file's place
 * @param schema     the version of its tables
 * @param doubt      what is not known about its writers, in a sentence; null for nothing
 * @param runs       in it
 * @param read       in the day files
 * @param damaged    entries that cannot be read, or runs that the tables refuse
 * @param unread     where these are
 * @param repeated   records that repeat another
 * @param pruned     records left out because their run was deleted on purpose
 * @param conflicts  runs with several different ends: the later counts
 * @param quarantine where the damaged entries are kept; null when there were none
 * @param carried    what came from the old database
 * @param exchange   of the old database for this one
 * @param writing    whether a run could be written afterwards, which was rolled back
 */
public record Rebuilt(Path database, String schema, String doubt, long runs, Read read, long damaged, Unread unread, long repeated,
        long pruned,
        Collection<String> conflicts, Path quarantine, Carried carried, Exchange exchange, Check writing) implements Result {

    private static final int MOST_NAMED = 20;

    /**
     * @param lines  entries in the files
     * @param events of these, those that are not runs
     */
    public record Read(int files, long lines, long events) implements JsonText.Inline { }

    /**
     * @param old      the state of the old database: absent, intact, foreign, damaged
     * @param kept     its new place, or that of a copy; null when there was none or it was not touched
     * @param replayed runs whose lines came meanwhile
     * @param locked   how long writers had to wait; zero when the old database was not in use
     * @param inFlight runs that began in the last minute and have no row yet: it is left to their writers
     */
    public record Exchange(OldDatabase.State old, Path kept, long replayed, Duration locked, long inFlight) implements JsonText.Inline { }

    /**
     * What came from the old database.
     *
     * @param runs    that no day file has
     * @param running that the day files know only as running: their rows as they were
     * @param changed rows that were changed after their run's end line: as they were
     * @param columns that no line has, with the number of runs that have a value there
     * @param tables  other tables, with the number of their rows
     * @param lost    what could not be read or taken, in words
     * @param left    indexes, virtual tables and triggers that could not be made or filled here, in words, each with its statement
     */
    public record Carried(long runs, long running, long changed, Map<String, Long> columns, Map<String, Long> tables,
            List<String> lost, List<String> left) {
        static Carried nothing() {
            return new Carried(0, 0, 0, Map.of(), Map.of(), List.of(), List.of());
        }

        Carried losing(List<String> lost, List<String> left) {
            return new Carried(runs, running, changed, columns, tables, lost, left);
        }
    }

    /** A warning when something could not be taken. */
    @Override
    public Check.Status status() {
        if (writing.status() == Check.Status.FAILED) return Check.Status.FAILED;
        return unread.status(doubt == null && writing.status() == Check.Status.OK && damaged == 0 && carried.lost().isEmpty()
                && carried.left().isEmpty());
    }

    public boolean isOfService() {
        return schema.endsWith("(service)");
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add(database + ": " + count(runs, "run", "runs") + ", schema " + schema + ", verified");
        if (doubt != null) lines.add(doubt);
        lines.add("read " + count(read.lines, "line", "lines") + " of " + count(read.files, "file", "files") + ": "
                + count(read.events, "event", "events") + ", " + count(repeated, "repeated record", "repeated records") + ", "
                + damaged(damaged));
        if (quarantine != null) lines.add((carried.lost().isEmpty() ? "the damaged entries are kept in "
                : "the damaged entries, and the rows that were not taken, are kept in ") + quarantine);
        for (Path file : unread.denied()) lines.add("not read, permission denied: " + file);
        if (pruned > 0) lines.add(count(pruned, "record", "records") + " left out: their runs were pruned");
        if (!conflicts.isEmpty()) lines.add("several different ends, the latest counts: " + Escaped.line(String.join(", ", conflicts)));
        addCarried(lines);
        if (exchange.replayed > 0) lines.add("among them " + count(exchange.replayed, "run", "runs") + " that came meanwhile");
        if (!exchange.locked.isZero()) lines.add("the database was locked for " + Times.words(exchange.locked));
        if (exchange.kept != null) lines.add("the old one (" + exchange.old + ") is kept: " + exchange.kept);
        if (writing.status() != Check.Status.OK) lines.add(writing.detail());
        return lines.toString();
    }

    private void addCarried(StringJoiner lines) {
        String from = "from the old database: ";
        if (carried.runs() > 0) lines.add(from + count(carried.runs(), "run", "runs") + " that no day file has");
        if (carried.running() > 0) lines.add(from + count(carried.running(), "run", "runs") + " without an end in the day files");
        if (carried.changed() > 0) lines.add(from + count(carried.changed(), "row", "rows") + " changed since their line");
        carried.columns().forEach((column, rows) -> lines.add(from + "the column " + Escaped.line(column) + ", "
                + count(rows, "value", "values")));
        carried.tables().forEach((table, rows) -> lines.add(from + "the table " + Escaped.line(table) + ", " + count(rows, "row", "rows")));
        carried.left().forEach(left -> lines.add("not made here: " + Escaped.line(left)));
        carried.lost().stream().limit(MOST_NAMED).forEach(lost -> lines.add("not carried over: " + Escaped.line(lost)));
        if (carried.lost().size() > MOST_NAMED) lines.add("not carried over: " + (carried.lost().size() - MOST_NAMED) + " more");
    }

    static String damaged(long entries) {
        return count(entries, "damaged entry", "damaged entries");
    }

    /** {@code 1,234 runs} */
    static String count(long number, String one, String many) {
        return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? one : many);
    }
}
