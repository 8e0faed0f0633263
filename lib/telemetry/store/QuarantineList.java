package telemetry.store;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.StringJoiner;
import telemetry.Size;
import telemetry.Times;
import telemetry.text.Result;
import telemetry.text.Table;
import telemetry.text.Words;

/** What stands in the quarantine; {@code toString()} is the table and, below it, what was compared. */
public record QuarantineList(List<Quarantined> data, Instant now) implements Result {

    /**
     * Those of it that are deleted; in a dry run, that would be.
     *
     * @param expired   the oldest first
     * @param kept      as old, but with something that the store does not have, or that cannot be told
     * @param olderThan what their age is above
     */
    public record Expired(List<Quarantined> expired, List<Quarantined> kept, Duration olderThan, boolean dryRun) implements Result {
        public boolean isEmpty() {
            return expired.isEmpty();
        }

        /** {@code 2 entries of the quarantine (12.1 MB)} */
        public String what() {
            var size = new Size(expired.stream().mapToLong(one -> one.size().bytes()).sum());
            return Words.count(expired.size(), "entry", "entries") + " of the quarantine (" + size + ")";
        }

        @Override
        public String toString() {
            var lines = new StringJoiner(System.lineSeparator());
            for (Quarantined one : expired) lines.add(one.path() + ": " + one.detail());
            for (Quarantined one : kept) lines.add("kept: " + one.path() + ": " + one.detail());
            lines.add(isEmpty() ? "nothing in the quarantine is taken back and older than " + Times.words(olderThan)
                    : what() + (dryRun ? " would be deleted" : " deleted"));
            return lines.toString();
        }
    }

    /** What may go by this rule. */
    public Expired older(Duration olderThan) {
        List<Quarantined> old = data.stream().filter(one -> Duration.between(one.since(), now).compareTo(olderThan) >= 0).toList();
        return new Expired(old.stream().filter(one -> one.mayGo(olderThan, now)).toList(),
                old.stream().filter(one -> !one.mayGo(olderThan, now)).toList(), olderThan, true);
    }

    /** In whole days, the age from which on all may go that is taken back; null when nothing is. */
    public Duration ageOfAllThatMayGo() {
        return data.stream().filter(one -> one.mayGo(Duration.ZERO, now)).map(Quarantined::since).max(Comparator.naturalOrder())
                .map(youngest -> Duration.ofDays(Duration.between(youngest, now).toDays())).orElse(null);
    }

    @Override
    public String toString() {
        if (data.isEmpty()) return "the quarantine is empty";
        var table = new Table("set aside", "size", "state", "name");
        var details = new StringJoiner(System.lineSeparator());
        for (Quarantined one : data) {
            table.row(Times.seconds(one.since()), one.size(), one.state(), one.path().getFileName());
            details.add(one.path().getFileName() + ": " + one.detail());
        }
        return table + System.lineSeparator() + details;
    }
}
