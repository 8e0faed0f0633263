import java.util.List;
import java.util.Locale;

/** Several measured values of one thing; {@code toString()} is {@code 0.31 (0.29-0.33)}. */
record Spread(double median, double min, double max) {

    /** @param values at least one */
    static Spread of(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new Spread(median, sorted.get(0), sorted.get(sorted.size() - 1));
    }

    @Override
    public String toString() {
        return text(median) + " (" + text(min) + "-" + text(max) + ")";
    }

    /** Three digits that say something. */
    static String text(double value) {
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size < 1 ? "%.3f" : size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%,.0f", value);
    }

    /** For a JSON document. */
    static double rounded(double value) {
        return Math.round(value * 10_000) / 10_000.0;
    }
}
