package telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {

    @ParameterizedTest
    @CsvSource({
        "2025-12-10T12:05:30.123456+00:00, 2025-12-10T12:05:30.123456Z",
        "2025-12-10T12:05:30Z, 2025-12-10T12:05:30Z",
        "2025-12-10 12:05:30, 2025-12-10T12:05:30Z",
        "2025-12-10 12:05:30.5, 2025-12-10T12:05:30.500Z",
        "2025-12-10T12:05:30+02:00, 2025-12-10T10:05:30Z",
        "2025-12-10T12:05:30-05:30, 2025-12-10T17:35:30Z",
        "2025-12-10, 2025-12-10T00:00:00Z",
        "2025-12-10T12:05:30+0530, 2025-12-10T06:35:30Z",
        "2025-12-10T12:05:30-08:00, 2025-12-10T20:05:30Z",
        "2025-12-10T12:05:30+14, 2025-12-09T22:05:30Z",
        "2025-12-10T12:05:30+14:00, 2025-12-09T22:05:30Z",
        "2025-12-10t12:05:30z, 2025-12-10T12:05:30Z",
        "2025-12-10 12:05:30 UTC, 2025-12-10T12:05:30Z",
        "2025-12-10 12:05:30 -0800, 2025-12-10T20:05:30Z",
        "2025-12-10T12:05:30+01:00[Europe/Berlin], 2025-12-10T11:05:30Z",
        "'2025-12-10T12:05:30,5Z', 2025-12-10T12:05:30.500Z",
        "2025-12-10T12:05:30.1234567899999Z, 2025-12-10T12:05:30.123456789Z",
        "2025-12-10T12:05:60Z, 2025-12-10T12:06:00Z",
        "2025-12-31T23:59:60Z, 2026-01-01T00:00:00Z",
        "2025-12-10T24:00:00Z, 2025-12-11T00:00:00Z",
        "2025-12-10T12:05, 2025-12-10T12:05:00Z",
        "2025-12-10T12:05+02:00, 2025-12-10T10:05:00Z",
        "1765368330, 2025-12-10T12:05:30Z",
        "1765368330.25, 2025-12-10T12:05:30.250Z",
        "1765368330250, 2025-12-10T12:05:30.250Z",
        "1765368330250000, 2025-12-10T12:05:30.250Z",
        "1765368330250000001, 2025-12-10T12:05:30.250000001Z",
        "1.76536833025e+18, 2025-12-10T12:05:30.250Z",
        "99999999999, 5138-11-16T09:46:39Z",
        "100000000000, 1973-03-03T09:46:40Z",
        "100000000000000, 1973-03-03T09:46:40Z",
        "100000000000000000, 1973-03-03T09:46:40Z",
        "-1, 1969-12-31T23:59:59Z",
        "20251210, 2025-12-10T00:00:00Z"})
    void readsEveryFormThatAStoreHolds(String text, Instant expected) {
        assertEquals(expected, Times.instant(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "2025-13-10T12:05:30Z", "2025-12-10T", "2025-12-10T12:05:30+99:00",
            "now'; DROP TABLE agent_runs", "20251210T120530Z", "2025-02-30T12:00:00Z", "2025-12-10T12", "2025-12-10T12:",
            "2025-12-10T12:0",
            "2025-12-10T12:05:", "2025-12-10T12:05:3", "2025-12-10T12:05:30.", "2025-12-10T12:05:30+", "2025-12-10T12:05:30+5",
            "2025-12-10T12:05:30+053", "2025-12-10T12:05:61Z", "2025-12-10T25:05:30Z", "11/28/2026 10:00:00", "yesterday", "NaN",
            "Infinity",
            "1e400", "1e2147483648", "10000-01-01T00:00:00Z", "+", "-", "e5"})
    void whatIsNoInstantIsNull(String text) {
        assertNull(Times.instant(text));
        for (int length = 0; length < text.length(); length++) Times.instant(text.substring(0, length));
    }

    @Test
    void numbersAreReadAndNothingElseThrows() {
        Instant noon = Instant.parse("2025-12-10T12:05:30.250Z");
        assertEquals(noon, Times.instant(1_765_368_330.25));
        assertEquals(noon, Times.instant(1_765_368_330_250L));
        assertEquals(noon, Times.instant(1_765_368_330_250_000L));
        assertEquals(noon, Times.instant(1_765_368_330_250_000_000L));
        assertEquals(Instant.EPOCH, Times.instant(0L));
        for (Object none : new Object[] {null, new byte[] {50, 48}, true, Double.NaN, Double.NEGATIVE_INFINITY, 1e300, Double.MAX_VALUE,
            "7".repeat(100_000), "2".repeat(100_000_000), new Object()}) assertNull(Times.instant(none));
    }

    @Test
    void writesTheFormOfThePythonWriters() {
        Instant instant = Instant.parse("2025-02-03T04:05:06.000007Z");
        assertEquals("2025-02-03T04:05:06.000007+00:00", Times.text(instant));
        assertEquals("2025-02-03 04:05:06", Times.seconds(instant));
        assertEquals("20250203_040506", Times.stamp(instant));
        assertEquals(instant, Times.instant(Times.text(instant)));
    }

    @ParameterizedTest
    @CsvSource({"90d, PT2160H", "24h, PT24H", "30m, PT30M", "45s, PT45S", "2w, PT336H", "500ms, PT0.5S", "0d, PT0S", "7D, PT168H"})
    void readsDurations(String text, Duration expected) {
        assertEquals(expected, Times.duration(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "d", "-1d", "1.5h", "7", "7 d", "7y", "999999999999d", "99999999999999999999s", "1d; rm"})
    void refusesWhatIsNoDuration(String text) {
        assertThrows(IllegalArgumentException.class, () -> Times.duration(text));
    }

    @ParameterizedTest
    @CsvSource({"PT0.34S, 340 ms", "PT2.5S, 2.5 s", "PT45S, 45 s", "PT12M30S, 12 min",
            "PT3H, 3 h", "PT3H5M, 3 h 5 min", "PT76H, 3 d 4 h", "PT-5M, -5 min"})
    void saysADurationAsAPersonWould(Duration duration, String expected) {
        assertEquals(expected, Times.words(duration));
    }

    @Test
    void sinceIsADurationAgoOrAnInstant() {
        Clock noon = Clock.fixed(Instant.parse("2025-12-10T12:00:00Z"), ZoneOffset.UTC);
        assertEquals(Instant.parse("2025-12-09T12:00:00Z"), Times.Since.parse("24h").at(noon));
        assertEquals(Instant.parse("2025-12-01T00:00:00Z"), Times.Since.parse("2025-12-01").at(noon));
        assertEquals(Instant.parse("2025-12-10T12:05:30Z"), Times.Since.parse("1765368330").at(noon));
        assertThrows(IllegalArgumentException.class, () -> Times.Since.parse("30"));
        var e = assertThrows(IllegalArgumentException.class, () -> Times.Since.parse("yesterday"));
        assertEquals("'yesterday' is neither a duration (24h, 7d) nor an instant (2025-12-10T12:00:00Z)", e.getMessage());
    }
}
