import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import telemetry.kit.Checkout;
import telemetry.kit.Script;

/** What --help of every command has: examples that its own options understand, in lines that a terminal shows whole. */
class HelpTest {

    static Stream<String> scripts() {
        return Arrays.stream(Checkout.root().resolve("scripts").toFile().list()).filter(file -> file.endsWith(".java"))
                .map(file -> file.replace(".java", "")).sorted();
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void endsWithTwoOrThreeExamples(String script) throws ReflectiveOperationException {
        Script help = Script.run(script(script), "--help");
        assertEquals(0, help.exit(), help.err());
        List<String> examples = examples(help, script);
        assertTrue(examples.size() == 2 || examples.size() == 3, help.out());
    }

    /** With --help behind it an example is read to its end and nothing is done. */
    @ParameterizedTest
    @MethodSource("scripts")
    void itsExamplesAreUnderstood(String script) throws ReflectiveOperationException {
        for (String example : examples(Script.run(script(script), "--help"), script)) {
            List<String> words = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(example).results()
                    .map(word -> word.group(1) == null ? word.group(2) : word.group(1)).skip(1).toList();
            int program = words.indexOf("--");
            Stream<String> own = program < 0 ? words.stream() : words.subList(0, program).stream();
            Script run = assertDoesNotThrow(() -> Script.run(script(script), Stream.concat(own, Stream.of("--help")).toArray()));
            assertEquals(0, run.exit(), example + ": " + run.err());
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void fitsEightyColumns(String script) throws ReflectiveOperationException {
        String help = Script.run(script(script), "--help").out();
        assertEquals(List.of(), help.lines().filter(line -> line.length() > 80).toList());
    }

    private static List<String> examples(Script help, String script) {
        List<String> lines = help.out().lines().toList();
        int heading = lines.indexOf("Examples:");
        assertTrue(heading > 0, help.out());
        return lines.subList(heading + 1, lines.size()).stream().takeWhile(line -> line.startsWith("  "
                + script)).map(String::strip).toList();
    }

    private static Callable<Integer> script(String name) throws ReflectiveOperationException {
        var constructor = Class.forName(name).getDeclaredConstructor();
        constructor.setAccessible(true);
        @SuppressWarnings("unchecked")
        var script = (Callable<Integer>) constructor.newInstance();
        return script;
    }
}
