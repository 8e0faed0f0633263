package telemetry.recover;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Next;
import telemetry.text.JsonText;
import telemetry.text.Result;

/**
 * What a recovery came to; {@code toString()} is the report.
 *
 * @param source  what the database was made good from
 * @param backup  the one that was restored; null when none was
 * @param runs    that the database has now
 * @param brought from where
 * @param kept    the damaged databases
 * @param next    what to do next
 * @param found   the checks of what was there before
 * @param checks  what was done, and the checks of what is there now
 */
record Recovered(Check.Status status, RecoveryPlan.Source source, Path backup, long runs, Brought brought, List<Path> kept,
        List<Next> next, List<Check> found, List<Check> checks) implements Result {

    /**
     * @param fromSource      runs from the backup or the day files, or in the intact database already
     * @param fromDayFiles    runs that the day files had besides: new or more complete
     * @param salvaged        runs that only the damaged database had
     * @param marked          those of them that stood beside what cannot be read, marked in their error_summary
     * @param salvagedCommits rows of commits that only the damaged database had
     * @param salvagedRows    rows that only it had of all other tables, by table
     * @param values          values that only it had in rows that are there, by table and column
     * @param different       values that are others there and stayed so, by table and column
     * @param unread          runs from elsewhere whose rows in the damaged database cannot be read, and with them what only a row knows
     * @param refused         rows that the tables do not take; they are kept in the quarantine as JSON
     * @param damagedLines    lines of the day files that could not be used
     * @param lost            runs of which nothing but the number is left, and values that stayed behind; null when that cannot be known
     */
    record Brought(long fromSource, long fromDayFiles, long salvaged, long marked, long salvagedCommits, Map<String, Long> salvagedRows,
            Map<String, Long> values, Map<String, Long> different, long unread, long refused, long damagedLines, Long lost)
            implements JsonText.Inline { }

    @Override
    public String toString() {
        String line = System.lineSeparator();
        String outcome = switch (status) {
            case OK -> brought.lost == null ? "recovered: " : "recovered whole: ";
            case WARNING -> "recovered, look at the warnings: ";
            default -> "not recovered: ";
        };
        return new Checks(checks) + line + outcome + runs + " runs"
                + next.stream()
                .flatMap(one -> Stream.of(one.hint(), one.line())).filter(Objects::nonNull).map(line::concat).collect(joining());
    }
}
