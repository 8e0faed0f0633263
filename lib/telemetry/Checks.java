package telemetry;

import java.util.List;
import java.util.StringJoiner;

/** A list of checks; {@code toString()} is the report. */
public record Checks(List<Check> list) {

    public Checks {
        list = List.copyOf(list);
    }

    /** The worst of them; ok when there is none. */
    public Check.Status status() {
        return list.stream().map(Check::status).reduce(Check.Status.OK, (a, b) -> a.compareTo(b) >= 0 ? a : b);
    }

    @Override
    public String toString() {
        int width = list.stream().mapToInt(check -> check.name().length()).max().orElse(0);
        var lines = new StringJoiner(System.lineSeparator());
        for (Check check : list) {
            lines.add(String.format("%-7s  %-" + Math.max(1, width) + "s  %s", check.status(), check.name(), Table.visible(check.detail())));
            if (check.hint() != null) lines.add(" ".repeat(9 + width + 2) + "-> " + Table.visible(check.hint()));
        }
        return lines.toString();
    }
}
