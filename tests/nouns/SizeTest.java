package telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizeTest {

    @ParameterizedTest
    @CsvSource({"0, 0", "740, 740", "740B, 740", "1kB, 1000", "500MB, 500000000",
            "1.5 GB, 1500000000", "2t, 2000000000000", "64MiB, 67108864", "1KIB, 1024", "' 5gb ', 5000000000"})
    void isReadAsPeopleWriteIt(String text, long bytes) {
        assertEquals(bytes, Size.parse(text).bytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "MB", "-1", "1.2.3GB", "5 parsecs", "1e9", "99999999TB", "NaN", "."})
    void whatIsNoSizeIsRefused(String text) {
        var e = assertThrows(IllegalArgumentException.class, () -> Size.parse(text));
        assertTrue(e.getMessage().startsWith("'" + text + "' is not a size"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"0, 0 B", "999, 999 B", "1000, 1.0 kB", "9949, 9.9 kB", "9950, 10 kB",
            "84000000, 84 MB", "1500000000, 1.5 GB", "80530636800, 81 GB", "5000000000000000, 5000 TB"})
    void isShownInOneUnit(long bytes, String text) {
        assertEquals(text, new Size(bytes).toString());
    }

    @Test
    void theLargerIsTheGreater() {
        assertTrue(new Size(2).compareTo(new Size(1)) > 0);
    }
}
