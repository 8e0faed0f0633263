package telemetry.maintain;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.IntStream;
import telemetry.DayFile;
import telemetry.Size;
import telemetry.text.Words;

/**
 * How a number goes from day to day: the median of the slopes between every two days that lie no more than about a week apart. It is the
 * estimator of Theil (1950) and Sen (1968). Least squares would let the one night in which an archive frees a disk decide about the whole
 * month; the median does not notice it until such nights are more than a quarter of the pairs. Only near days are compared, so that what
 * was freed once counts for a few pairs and not for every pair across it: the slope is how it goes if nobody frees anything.
 *
 * @param days    on which there was a number
 * @param span    from the first of them to the last
 * @param last    the latest number
 * @param perDay  how much more there is each day; less than 0 when it is less
 * @param isClear fewer than a quarter of the slopes have the other sign; false as well when there are not enough of them
 */
record Trend(int days, Duration span, double last, double perDay, boolean isClear) {

    /** What lies further back says little of what comes. */
    static final Duration WINDOW = Duration.ofDays(30);
    static final int LEAST_DAYS = 5;
    static final Duration LEAST_SPAN = Duration.ofDays(6);

    private static final Duration NEAR = Duration.ofDays(8);
    private static final double DAY = Duration.ofDays(1).toMillis();

    /** Beyond that a forecast is no more than a word. */
    private static final long FAR = 730;

    /** A number and when it was taken. */
    record Point(Instant at, double value) { }

    /** Of each UTC day the last number counts, of those within {@link #WINDOW} of the latest; the order does not matter. */
    static Trend of(Collection<Point> points) {
        List<Point> days = daily(points);
        if (days.isEmpty()) return new Trend(0, Duration.ZERO, 0, 0, false);
        Point last = days.get(days.size() - 1);
        Duration span = Duration.between(days.get(0).at, last.at);
        double[] slopes = slopes(days);
        if (days.size() < LEAST_DAYS || span.compareTo(LEAST_SPAN) < 0 || slopes.length < LEAST_DAYS)
            return new Trend(days.size(), span, last.value, 0, false);
        double perDay = quantile(slopes, 0.5);
        boolean isClear = perDay != 0 && quantile(slopes, 0.25) * quantile(slopes, 0.75) >= 0;
        return new Trend(days.size(), span, last.value, perDay, isClear);
    }

    private static List<Point> daily(Collection<Point> points) {
        List<Point> sorted = new ArrayList<>(points);
        sorted.sort(Comparator.comparing(Point::at));
        if (sorted.isEmpty()) return sorted;
        Instant first = sorted.get(sorted.size() - 1).at.minus(WINDOW);
        var days = new TreeMap<LocalDate, Point>();
        for (Point point : sorted) if (!point.at.isBefore(first)) days.put(DayFile.dayOf(point.at), point);
        return List.copyOf(days.values());
    }

    private static double[] slopes(List<Point> days) {
        return IntStream.range(0, days.size()).boxed().flatMapToDouble(i -> days.subList(i + 1, days.size()).stream()
                .filter(later -> Duration.between(days.get(i).at, later.at).compareTo(NEAR) <= 0)
                .mapToDouble(later -> (later.value - days.get(i).value) / (Duration.between(days.get(i).at, later.at).toMillis() / DAY)))
                .sorted().toArray();
    }

    /** Between the two nearest when none stands there. */
    private static double quantile(double[] sorted, double part) {
        double place = part * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** True when there were days enough to say something, be it that there is no clear trend. */
    boolean isKnown() {
        return days >= LEAST_DAYS && span.compareTo(LEAST_SPAN) >= 0;
    }

    /** In how many days the number gets there, if it goes on like this; empty when it does not, or nobody can tell. */
    OptionalDouble daysUntil(double limit) {
        double days = (limit - last) / perDay;
        return isClear && days >= 0 ? OptionalDouble.of(days) : OptionalDouble.empty();
    }

    /** {@code 1.2 GB less a day}, or why that cannot be said; the number is in bytes. */
    @Override
    public String toString() {
        String recorded = Words.count(days, "day") + " recorded";
        if (!isKnown()) return "no trend yet: " + recorded + ", " + LEAST_DAYS + " over a week are needed";
        if (!isClear) return "no clear trend in " + span.toDays() + " d";
        return new Size(Math.round(Math.abs(perDay))) + (perDay < 0 ? " less a day" : " more a day");
    }

    /** {@code in about 41 days}, with no more digits than such a forecast is worth. */
    static String about(double days) {
        if (days < 1) return "within a day";
        if (days > FAR) return "not within two years";
        long rounded = days < 100 ? Math.round(days) : Math.round(days / 10) * 10;
        return "in about " + Words.count(rounded, "day");
    }
}
