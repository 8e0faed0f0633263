package telemetry.logs;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import telemetry.Check;
import telemetry.DayFile;
import telemetry.text.Result;
import telemetry.text.Table;

/** Days in numbers, one a line. {@code toString()} is the table, the JSON document the list. */
public record DayList(List<DaySummary> days, Check.Status status) implements Result {

    /**
     * Reads the days' files, several days at a time.
     *
     * @param limit   how many of the latest days; null for all
     * @param reverse the newest first
     * @param unread  receives each file that may not be read
     */
    public static DayList of(List<DayFile> files, Integer limit, boolean reverse, UnreadLines unread) {
        Map<LocalDate, List<DayFile>> days = files.stream().collect(Collectors.groupingBy(DayFile::day, TreeMap::new, Collectors.toList()));
        List<List<DayFile>> wanted = new ArrayList<>(days.values());
        if (limit != null) wanted = wanted.subList(Math.max(0, wanted.size() - limit), wanted.size());
        if (reverse) Collections.reverse(wanted);
        List<DaySummary> summaries = wanted.parallelStream().map(day -> DaySummary.of(day, unread::denied)).toList();
        return new DayList(summaries, unread.status(summaries.stream().anyMatch(day -> day.damaged() > 0)));
    }

    @Override
    public Object data() {
        return days;
    }

    @Override
    public String toString() {
        var table = new Table("day", "size", "lines", "runs", "archived", "damaged");
        for (DaySummary day : days) table.row(day.day(), day.size(), day.lines(), day.runs(), day.archived(), day.damaged());
        return table.toString();
    }
}
