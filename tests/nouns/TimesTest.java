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
        "2025-12-10, 2025-12-10T00:00:00Z"})
    void readsEveryFormThatAStoreHolds(String text, Instant expected) {
        assertEquals(expected, Times.instant(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "2025-13-10T12:05:30Z", "2025-12-10T", "2025-12-10T12:05:30+99:00",
            "now'; DROP TABLE agent_runs", "20251210T120530Z"})
    void whatIsNoInstantIsNull(String text) {
        assertNull(Times.instant(text));
        assertNull(Times.instant(null));
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
        var e = assertThrows(IllegalArgumentException.class, () -> Times.Since.parse("yesterday"));
        assertEquals("'yesterday' is neither a duration (24h, 7d) nor an instant (2025-12-10T12:00:00Z)", e.getMessage());
    }
}
