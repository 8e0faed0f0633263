import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.function.Function;
import telemetry.Check;
import telemetry.text.Table;

/**
 * How a comparison ended; {@code toString()} is the report. No ratio is shown unless both did the same work.
 *
 * @param readings of each contender that could be run, round by round
 * @param work     what they all have done; null when there was none to compare
 * @param failure  why there is nothing to compare; null when there is
 */
record Outcome(Comparison comparison, Map<Contender, List<Map<Figure, Double>>> readings, Work work, String failure) {

    private record Judged(Target target, Spread measured) {
        Check.Status status() {
            return measured == null ? Check.Status.UNKNOWN : target.isMet(measured) ? Check.Status.OK : Check.Status.WARNING;
        }

        String word() {
            return measured == null ? "cannot tell" : target.isMet(measured) ? "met" : "missed";
        }

        @Override
        public String toString() {
            return String.format("%-12s %s", word(), target) + (measured == null ? "" : ": " + measured);
        }
    }

    /** A warning for a target that was missed. */
    Check.Status status() {
        if (failure != null) return Check.Status.FAILED;
        if (comparison.ours().isMissing()) return Check.Status.UNKNOWN;
        return judged().stream().map(Judged::status).reduce(Check.Status.OK, (one, other) -> one.compareTo(other) > 0 ? one : other);
    }

    private List<Judged> judged() {
        return comparison.targets().stream().map(target -> new Judged(target, measured(target))).toList();
    }

    private Spread measured(Target target) {
        List<Double> ours = values(comparison.ours(), target.figure());
        if (target.peer() == null) return target.measured(ours, ours);
        return target.measured(ours, values(named(target.peer()), target.figure()));
    }

    private Contender named(String name) {
        return comparison.peers().stream().filter(peer -> peer.name().equals(name)).findFirst().orElseThrow();
    }

    private List<Double> values(Contender contender, Figure figure) {
        return readings.getOrDefault(contender, List.of()).stream().map(reading -> reading.get(figure)).filter(Objects::nonNull).toList();
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add(comparison.name() + ": " + comparison.title());
        if (failure != null) return lines.add(failure).toString();
        if (!readings.isEmpty()) lines.add(table().toString());
        for (Contender contender : comparison.all())
            if (contender.isMissing()) lines.add(contender.name() + " was not measured: " + contender.missing());
        if (work != null) lines.add("same work    " + work);
        judged().forEach(one -> lines.add(one.toString()));
        return lines.toString();
    }

    private Table table() {
        List<Figure> figures = Arrays.stream(Figure.values())
                .filter(figure -> readings.keySet().stream().anyMatch(one -> !values(one, figure).isEmpty())).toList();
        List<String> headings = new ArrayList<>(List.of("median (min-max)"));
        figures.forEach(figure -> headings.add(figure.heading()));
        var table = new Table(headings.toArray(String[]::new));
        readings.keySet().forEach(one -> table.row(row(one.name(), figures, figure -> spread(values(one, figure)))));
        for (Contender peer : comparison.peers())
            if (readings.containsKey(peer))
                table.row(row("ours / " + peer.name(), figures,
                        figure -> Target.ratio(figure, peer.name(), 0).measured(values(comparison.ours(), figure), values(peer, figure))));
        return table;
    }

    private static Object[] row(String name, List<Figure> figures, Function<Figure, Spread> spread) {
        List<Object> row = new ArrayList<>(List.of(name));
        for (Figure figure : figures) row.add(spread.apply(figure) == null ? "-" : spread.apply(figure).toString());
        return row.toArray();
    }

    private static Spread spread(List<Double> values) {
        return values.isEmpty() ? null : Spread.of(values);
    }

    /** Rows of docs/performance.md's table: one for each target. */
    List<String> markdown() {
        String what = "| `" + comparison.name() + "` | " + comparison.title() + " | ";
        if (failure != null) return List.of(what + failure.replace("|", "\\|").replaceAll("\\s+", " ") + " | – | failed |");
        if (judged().isEmpty()) return List.of(what + "– | see below | |");
        List<String> rows = new ArrayList<>();
        for (Judged one : judged()) {
            String measured = one.measured() == null ? "–" : one.measured().toString();
            rows.add((rows.isEmpty() ? what : "|  |  | ") + one.target() + " | " + measured + " | " + one.word() + " |");
        }
        return rows;
    }

    /** For a JSON document. */
    Map<String, Object> data() {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("name", comparison.name());
        data.put("title", comparison.title());
        data.put("status", status());
        data.put("failure", failure);
        data.put("work", work == null ? null : Map.of("counts", work.counts(), "content", work.content()));
        data.put("contenders", comparison.all().stream().map(this::data).toList());
        data.put("targets", judged().stream().map(Outcome::data).toList());
        return data;
    }

    private Map<String, Object> data(Contender contender) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("name", contender.name());
        data.put("missing", contender.missing());
        data.put("rounds", readings.getOrDefault(contender, List.of()).size());
        for (Figure figure : Figure.values())
            if (!values(contender, figure).isEmpty()) data.put(figure.key(), data(Spread.of(values(contender, figure))));
        return data;
    }

    private static Map<String, Object> data(Judged judged) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("target", judged.target().toString());
        data.put("limit", judged.target().limit());
        data.put("verdict", judged.word());
        data.put("measured", judged.measured() == null ? null : data(judged.measured()));
        return data;
    }

    private static Map<String, Object> data(Spread spread) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("median", Spread.rounded(spread.median()));
        data.put("min", Spread.rounded(spread.min()));
        data.put("max", Spread.rounded(spread.max()));
        return data;
    }
}
