package telemetry.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** JSON as Python's json.dumps writes it. */
class PythonTextTest {
    @ParameterizedTest
    @CsvSource({"1e16, 1e+16", "1e15, 1000000000000000.0", "2e23, 2e+23", "1e22, 1e+22", "0.0001, 0.0001", "0.00001, 1e-05", "-0.0, -0.0",
        "0, 0.0", "100, 100.0", "4.9e-324, 5e-324", "1.7976931348623157e308, 1.7976931348623157e+308", "0.1, 0.1", "-1.5e-10, -1.5e-10",
        "123456789012345678, 1.2345678901234568e+17", "5.684341886080802e-14, 5.684341886080802e-14",
        "9007199254740993, 9007199254740992.0",
        "1e100, 1e+100", "2.2250738585072014e-308, 2.2250738585072014e-308"})
    void floatsAreThoseOfRepr(double number, String text) {
        assertEquals(text, PythonFloat.repr(number));
    }

    @Test
    void textsMapsAndListsAreThoseOfDumps() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("t", "größe \u2028 \uD83D\uDE00 \uD800 \u007f \u0000 \"q\" \\ / \t\b\f\n\r");
        all.put("none", null);
        all.put("n", Arrays.asList(1, 2.5, 1e16, true, null, List.of(), Map.of()));
        all.put("é", Map.of("big", Long.MAX_VALUE));
        assertEquals("{\"t\": \"gr\\u00f6\\u00dfe \\u2028 \\ud83d\\ude00 \\ud800 \\u007f \\u0000 \\\"q\\\" \\\\ / \\t\\b\\f\\n\\r\", \"none\": null, "
                + "\"n\": [1, 2.5, 1e+16, true, null, [], {}], \"\\u00e9\": {\"big\": 9223372036854775807}}", PythonText.of(all));
        assertEquals("{}", PythonText.of(Map.of()));
        assertEquals("{\"a\": [NaN, -Infinity]}", PythonText.of(Map.of("a", List.of(Double.NaN, Double.NEGATIVE_INFINITY))));
    }
}
