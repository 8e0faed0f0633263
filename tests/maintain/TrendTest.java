package telemetry.maintain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/** Trend: what it makes of numbers as disks and databases have them. */
class TrendTest {
    private static final Instant FIRST = Instant.parse("2026-10-01T06:00:00Z");
    private static final double GB = 1e9;

    @Test
    void aStraightLineIsForetoldToTheDay() {
        Trend trend = daily(10, day -> 100 * GB - 2 * GB * day);
        assertEquals(-2 * GB, trend.perDay(), 1);
        assertEquals(41, trend.daysUntil(0).orElseThrow(), 1e-6);
        assertEquals("2.0 GB less a day", trend.toString());
        assertEquals("2.0 GB more a day", daily(10, day -> 2 * GB * day).toString());
        assertEquals(OptionalDouble.empty(), daily(10, day -> 2 * GB * day).daysUntil(0), "it goes the other way");
    }

    @Test
    void withTooFewDaysItSaysSoInsteadOfAForecast() {
        for (Trend few : List.of(daily(0, day -> 0), daily(1, day -> 5), daily(4, day -> -GB * day), daily(6, day -> -GB * day))) {
            assertFalse(few.isKnown());
            assertEquals(OptionalDouble.empty(), few.daysUntil(-100 * GB));
        }
        assertEquals("no trend yet: 1 day recorded, 5 over a week are needed", daily(1, day -> 5).toString());
        assertTrue(daily(7, day -> -GB * day).isKnown());
        List<Trend.Point> oneDay = new ArrayList<>();
        for (int n = 0; n < 1_000; n++) oneDay.add(new Trend.Point(FIRST.plusSeconds(n), n));
        assertFalse(Trend.of(oneDay).isKnown(), "many numbers of one day are one");
        List<Trend.Point> rare = new ArrayList<>();
        for (int n = 0; n < 3; n++) rare.add(new Trend.Point(FIRST.plus(Duration.ofDays(12L * n)), n));
        assertFalse(Trend.of(rare).isKnown());
    }

    @Test
    void theNightInWhichAnArchiveFreesTheDiskDoesNotDecide() {
        Trend trend = daily(30, day -> 100 * GB - GB * day + (day >= 15 ? 60 * GB : 0));
        assertTrue(trend.isClear());
        assertEquals(-GB, trend.perDay(), 0.01 * GB);
        Trend twice = daily(30, day -> 100 * GB - GB * day + (day >= 10 ? 60 * GB : 0) + (day >= 20 ? 60 * GB : 0));
        assertEquals(-GB, twice.perDay(), 0.05 * GB);
    }

    @Test
    void quietWeekendsAndADayThatWasOddDoNotHideTheTrend() {
        var random = new Random(1);
        Trend trend = daily(28, day -> {
            double workdays = day / 7 * 5 + Math.min(day % 7, 5);
            return -GB * workdays + random.nextGaussian() * 0.1 * GB - (day == 12 ? 40 * GB : 0);
        });
        assertTrue(trend.isClear());
        assertEquals(-5 / 7.0 * GB, trend.perDay(), 0.25 * GB);
    }

    @Test
    void whatGoesUpAndDownHasNoClearTrend() {
        var random = new Random(2);
        for (int n = 0; n < 20; n++) {
            Trend trend = daily(30, day -> 50 * GB + random.nextGaussian() * GB);
            assertFalse(trend.isClear());
            assertEquals(OptionalDouble.empty(), trend.daysUntil(0));
            assertEquals("no clear trend in 29 d", trend.toString());
        }
        assertFalse(daily(30, day -> 7).isClear(), "nothing changes");
    }

    @Test
    void onlyTheLastMonthCountsAndOfEachDayTheLastNumberInAnyOrder() {
        List<Trend.Point> points = new ArrayList<>();
        for (int day = 0; day < 120; day++)
            for (int hour = 0; hour < 24; hour++) {
                double value = day < 90 ? 1000 * GB * day : 200 * GB - GB * day;
                Instant time = Instant.parse("2026-08-01T00:00:00Z").plus(Duration.ofHours(24L * day + hour));
                points.add(new Trend.Point(time, hour < 23 ? 7 : value));
            }
        Collections.shuffle(points, new Random(3));
        Trend trend = Trend.of(points);
        assertEquals(-GB, trend.perDay(), 1);
        assertEquals(81 * GB, trend.last(), 1);
    }

    @Test
    void aForecastHasNoMoreDigitsThanItIsWorth() {
        assertEquals("within a day", Trend.about(0.2));
        assertEquals("in about 1 day", Trend.about(1.4));
        assertEquals("in about 41 days", Trend.about(41.3));
        assertEquals("in about 350 days", Trend.about(346));
        assertEquals("not within two years", Trend.about(731));
        assertEquals("not within two years", Trend.about(1e300));
    }

    /** A number a day, at about six in the morning. */
    private static Trend daily(int days, IntToDoubleFunction value) {
        var random = new Random(days);
        List<Trend.Point> points = new ArrayList<>();
        for (int day = 0; day < days; day++) points.add(new Trend.Point(FIRST.plus(Duration.ofDays(day)), value.applyAsDouble(day)));
        Collections.shuffle(points, random);
        return Trend.of(points);
    }
}
