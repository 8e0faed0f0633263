package telemetry.store;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import telemetry.Store;
import telemetry.daylog.Records;
import telemetry.os.Attempt;
import telemetry.text.JsonText;

/**
 * Days whose lines are gone for good, as an operator has acknowledged it: {@code reports/known-losses.ndjson}, one line each time. What is
 * known is no news; a day that is lost later is.
 */
public final class KnownLosses {

    private record Line(List<LocalDate> days, String reason, Instant time, String account) { }

    private final Store store;
    private final Records lines;
    private final Set<LocalDate> days = new TreeSet<>();

    private KnownLosses(Store store) {
        this.store = store;
        this.lines = new Records(store.reports().resolve("known-losses.ndjson"), "read the known losses", "acknowledge a loss in");
        lines.forEach(this::read);
    }

    /** Reads the store's list; an empty one when nothing was ever acknowledged. */
    public static KnownLosses of(Store store) {
        return new KnownLosses(store);
    }

    /** A line cut short by a power cut acknowledges nothing. */
    private boolean read(Map<String, Object> line) {
        try {
            List<LocalDate> read = new ArrayList<>();
            for (String day : String.valueOf(line.get("days")).replaceAll("[\\[\\]\" ]", "").split(","))
                if (!day.isEmpty()) read.add(LocalDate.parse(day));
            return days.addAll(read) || !read.isEmpty();
        } catch (DateTimeException e) {
            return false;
        }
    }

    public boolean isEmpty() {
        return days.isEmpty();
    }

    public boolean contains(LocalDate day) {
        return days.contains(day);
    }

    /** Adds days, with the account that this program runs as. When it returns, they are on the disk. */
    public void add(Collection<LocalDate> lost, String reason, Instant when) {
        try {
            Reports.make(store);
            lines.append(List.of(JsonText.line(JsonText.members(new Line(List.copyOf(lost), reason, when,
                    System.getProperty("user.name"))))));
            days.addAll(lost);
        } catch (IOException e) {
            throw Attempt.refused("acknowledge a loss in", lines.file(), e);
        }
    }
}
