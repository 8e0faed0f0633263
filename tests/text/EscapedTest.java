package telemetry.text;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.kit.Hostile;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.WindowsLine;

@Tag("system")
class EscapedTest {
    private static final String HOSTILE = "a\u001b]0;x\u0007\u001b[2J\b\u007f\u0085\u009b31m\u202egnp\u2066\u2028\u2029\u200b\u200f\ud800\0b";

    @Test
    void nothingThatATerminalObeysIsLeft() {
        for (String shown : new String[] {Escaped.line(HOSTILE + "\r\n\t"), Escaped.markdown(HOSTILE + "\n"),
                Escaped.plugin(HOSTILE + "\n"),
                Escaped.lines(HOSTILE).replace("\n", ""), Escaped.html(HOSTILE), Escaped.block(HOSTILE).replace("\n", "")})
            assertTrue(shown.codePoints().allMatch(c -> switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
                        Character.SURROGATE -> false;
                default -> true;
            }), shown);
        assertEquals("\\n\\r\\t\\u001b\\u009b\\u202e größe 図 😀", Escaped.line("\n\r\t\u001b\u009b\u202e größe 図 😀"));
        assertEquals("a\nb" + (System.lineSeparator().length() > 1 ? "\r" : "\\r") + "\nc\\rd\\te", Escaped.lines("a\nb\r\nc\rd\te"));
        assertTrue(Escaped.isSeen("größe …") && !Escaped.isSeen("a\u200bb"));
    }

    @Test
    void aPageShowsMarkupAsText() {
        assertEquals("\\<b\\> \\`x\\` \\[a\\]\\(x\\)".replace("\\(", "(").replace("\\)", ")"), Escaped.markdown("<b> `x` [a](x)"));
        assertEquals("&lt;script&gt;&amp;&quot;&#39;", Escaped.html("<script>&\"'"));
        assertEquals("`````text\n````\n# owned\n`````", Escaped.block("````\n# owned"));
        assertEquals("`a b`", Escaped.code("a b"));
        assertEquals("``` `a``b ```", Escaped.code("`a``b"));
        assertEquals("a b=1;2 c", Escaped.plugin("a|b=1;2\nc"));
        assertEquals("a\\\\b\\\"c\\n", Escaped.label("a\\b\"c\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u001b[2J", "a\tb", "-n\u0007", "100%\u001b", "it's\u202e\\", "図\u0085", "a\n\n\tb", "\"$(id)`id`\u001b"})
    @Needs(Need.SH)
    void aShellGetsWhatATerminalDoesNotSee(String word) throws IOException {
        String line = Escaped.shell(word);
        assertFalse(line.contains("\u001b") || line.contains("\u202e") || line.contains("\n"), line);
        for (String shell : new String[] {"sh", "bash"}) {
            Process printing = new ProcessBuilder(shell, "-c", "printf %s " + line).start();
            assertEquals(word, new String(printing.getInputStream().readAllBytes(), StandardCharsets.UTF_8), line);
        }
    }

    @Test
    void aSchedulersLineTakesAnyWord() {
        assertEquals("'a\\%b c'", Escaped.cron("a%b c"));
        assertEquals("\"a%%b \\\"c\\\\\"", Escaped.unit("a%b \"c\\"));
        assertEquals("\"x \\\"a^&b\\\"\"", Escaped.cmd("x \"a&b\"", 1));
    }

    /** What is typed is read once before an .exe, and a second time by a script that hands it on. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void cmdAndTheProgramBehindItGetEveryWordAsItIs(int readings) {
        Map<String, String> variables = Map.of("OS", "Windows_NT", "PATH", "C:\\bin", "CD", "C:\\x", "OS%\"", "x", "~1", "x");
        for (String word : Hostile.arguments(3_000)) {
            if (!Escaped.isSeen(word)) continue;
            List<String> words = List.of("x", "--store", word, "D:\\100% of %OS% & more\\", word, "last \"&\"");
            String line = "x --store " + words.subList(2, 6).stream().map(one -> Escaped.cmd(one, readings)).collect(joining(" "));
            String read = readings == 0 ? line : WindowsLine.typed(line, variables);
            assertEquals(words, WindowsLine.words(readings == 2 ? WindowsLine.forwarded(read) : read), line);
            assertEquals(words, WindowsLine.systemWords(readings == 2 ? WindowsLine.forwarded(read) : read), line);
        }
        assertEquals("\"\\\\server\\my share\\\\\"", Escaped.cmd("\\\\server\\my share\\", 2));
        assertEquals("\"D:\\100\"%\" of it\"", Escaped.cmd("D:\\100% of it", 2));
    }
}
