package telemetry.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Run;
import telemetry.kit.Python;

/** JSON in columns as Python writes it, and compared by value. */
class PythonJsonTest {

    @TempDir
    Path dir;

    private static String written(String json) {
        byte[] line = ("{\"run_id\": \"r\", \"metrics_json\": " + json + "}").getBytes(StandardCharsets.UTF_8);
        return ((Run) Ndjson.read(line, 0, line.length)).text("metrics_json");
    }

    @Test
    void anObjectIsWrittenAsJsonDumpsWritesIt() {
        assertEquals("{\"pages\": 3, \"ratio\": 0.1, \"t\": \"\\u00e4\\u2028\\ud83d\\ude00\\u007f\"}",
                written("{\"pages\":3,\"ratio\":1e-1,\"t\":\"ä\u2028😀\u007f\"}"));
        assertEquals("{\"loss\": NaN, \"a\": [1, -Infinity, Infinity], \"s\": \"NaN \\\" -Infinity\"}",
                written("{\"loss\": NaN, \"a\": [1, -Infinity, 1e999], \"s\": \"NaN \\\" -Infinity\"}"));
        assertEquals("[{}, [], null, true, \"/\", \"\\b\\f\\n\\r\\t\\\\\"]",
                written("[{ },[ ], null,true,\"\\/\",\"\\b\\f\\n\\r\\t\\\\\"]"));
        assertEquals("{\"a\": 2, \"b\": 1}", written("{\"a\": 1, \"b\": 1, \"a\": 2}"),
                "the last of two counts, at the place of the first");
        assertEquals("{\"n\": 1180591620717411303424, \"z\": 0, \"f\": -0.0}",
                written("{\"n\":1180591620717411303424,\"z\":-0,\"f\":-0.0}"));
    }

    @Test
    void floatsAreTheShortestThatReadBack() {
        for (String repr : List.of("0.0", "-0.0", "1.0", "0.1", "1e+16", "9999999999999998.0", "1e-05", "0.0001", "2e+23", "1.5e+300",
                "5e-324",
                "1.7976931348623157e+308", "2.2250738585072014e-308", "123456.789", "-1.5e-07", "9007199254740993e3".replace("3e3", "2.0"),
                "1.1102230246251565e-16", "8.41e+21", "2.0e-3".replace("2.0e-3", "0.002"), "100.0", "1e+22", "5e-323"))
            assertEquals(repr, PythonFloat.repr(Double.parseDouble(repr)));
    }

    @Test
    void pythonItselfAgrees() throws Exception {
        var random = new Random(15);
        List<Double> numbers = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) numbers.add(Double.longBitsToDouble(random.nextLong()));
        for (int i = -1074; i < 1024; i++) numbers.add(Math.scalb(1.0, i));
        for (int i = -30; i < 30; i++) for (int n = 1; n < 100; n++) numbers.add(n * Math.pow(10, i));
        numbers.removeIf(number -> !Double.isFinite(number));
        Path file = dir.resolve("n.txt");
        Files.write(file, numbers.stream().map(number -> Double.toHexString(number) + " " + PythonFloat.repr(number)).toList());
        assertEquals("", Python.run("import sys\nfor l in open(sys.argv[1]):\n    h, r = l.split()\n"
                + "    if repr(float.fromhex(h)) != r: print(h, r, repr(float.fromhex(h)))", file));
    }

    @Test
    void equalValuesAreEqualHoweverTheyAreWritten() {
        String[][] same = {
            {"{\"a\":1,\"b\":[1,2]}", "{\"b\": [1.0, 2e0], \"a\": 1}"}, {"{\"t\": \"ä\"}", "{\"t\":\"\\u00E4\"}"},
            {"{\"loss\": NaN}", "{\"loss\":NaN }"}, {"{\"x\": 1e22}", "{\"x\": 10000000000000000000000}"}, {"{}", " { } "},
            {"{\"a\": {\"y\": 1, \"x\": 2}}", "{\"a\": {\"x\": 2, \"y\": 1}}"}, {"{\"a\": 0.1}", "{\"a\": 0.10}"},
            {"{\"a\": -0.0}", "{\"a\": 0}"}, {"plain", "plain"}};
        for (String[] pair : same) assertTrue(PythonJson.isSame(pair[0], pair[1]), pair[0] + " and " + pair[1]);
        String[][] other = {
            {"{\"a\": 1}", "{\"a\": 2}"}, {"{\"a\": \"1\"}", "{\"a\": 1}"}, {"[1, 2]", "[2, 1]"}, {"{\"a\": null}", "{}"},
            {"{\"x\": 9007199254740993}", "{\"x\": 9007199254740992.0}"}, {"{\"a\": NaN}", "{\"a\": null}"}, {"{\"a\": 1", "{\"a\": 1 "},
            {"plain", "plain "}, {"{\"a\": \"NaN\"}", "{\"a\": NaN}"}, {"{\"a\": true}", "{\"a\": 1}"}, {"1", "1.0"}};
        for (String[] pair : other) assertFalse(PythonJson.isSame(pair[0], pair[1]), pair[0] + " and " + pair[1]);
        assertFalse(PythonJson.isSame(null, "{}"));
        assertTrue(PythonJson.isSame(null, null));
    }
}
