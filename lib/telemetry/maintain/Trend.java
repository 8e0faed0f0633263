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
 * How a number changes from day to day: the median of the slopes between every two days that are at most about a week apart. It is the
 * estimator of Theil (1950) and Sen (1968). With least squares, one night in which an archive frees a disk would decide about the whole
 * month; the median ignores it until such nights are more than a quarter of the pairs. Only near days are compared, so that a single
 * freeing affects few pairs: the slope shows the change if nobody frees anything.
 *
 * @param days    on which there was a number
 * @param span    from the first of them to the last
 * @param last    the latest number
 * @param perDay  the change in a day; negative for a decrease
 * @param isClear fewer than a quarter of the slopes have the other sign; false also when there are too few slopes
 */
record Trend(int days, Duration span, double last, double perDay, boolean isClear) {

    /** Older values say little about the future. */
    static final Duration WINDOW = Duration.ofDays(30);
    static final int LEAST_DAYS = 5;
    static final Duration LEAST_SPAN = Duration.ofDays(6);

    private static final Duration NEAR = Duration.ofDays(8);
    private static final double DAY = Duration.ofDays(1).toMillis();

    /** Beyond this a forecast is given in words only. */
    private static final long FAR = 730;

    /** A number and its time. */
    record Point(Instant at, double value) { }

    /** Of each UTC day the last number counts, within {@link #WINDOW} of the latest; the order does not matter. */
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

    /** Interpolated between the two nearest values. */
    private static double quantile(double[] sorted, double part) {
        double place = part * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** True when there were enough days to decide, even if there is no clear trend. */
    boolean isKnown() {
        return days >= LEAST_DAYS && span.compareTo(LEAST_SPAN) >= 0;
    }

    /** In how many days the number gets there at this rate; empty when it does not, or when that is unknown. */
    OptionalDouble daysUntil(double limit) {
        double days = (limit - last) / perDay;
        return isClear && days >= 0 ? OptionalDouble.of(days) : OptionalDouble.empty();
    }

    /** {@code 1.2 GB less a day}, or why there is no such figure; the number is in bytes. */
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
