package telemetry.kit;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Arguments that shells and parsers have taken apart. */
public final class Hostile {
    private static final List<String> KNOWN = List.of("", " ", "a b", "a&ver", "a & ver", "&", "|more", "a|b", "<x", ">x", "a>b c", "^", "a^b",
            "a^&b", "^^", "%OS%", "%OS% x", "100%", "%", "%%", "%PATH:~0,3%", "%CD%", "%~1", "%*", "!PATH!", "!", "a\"b", "\"", "\"\"",
            "\"a b\"", "a\" & ver & \"", "\\\"", "a\\", "a b\\", "C:\\", "C:\\my dir\\", "C:\\my dir\\\\", "\\\\server\\my share\\", "\\",
            "\\\\", "a\\\"b c", "a b\\\\\"", "(", ")", "(a)", "a)b & ver", "a\nb", "a\r\nver", "\n", "a\tb", "\t", "*", "*.txt", "?", "[a]",
            "a,b", "a;b", "a=b", "--x=y z", "/?", "-", "--", "@file", "~", "'", "'a b'", "`", "$HOME", "${x}", "#", "größe", "図 表", "😀",
            "\u201cx\u201d", "a\u00a0b", "\u3000", "\u0001", "\u001a", "a\u000bb", "a\fb", "x:=", "nul", "con", "a\\\\b", "%=", "=%a%=", "<>&|^",
            "\"&calc", "^\"&ver", "a\"\"b", "\"\\", " \\", "\\ ", "a ^& b", "end ");

    private static final List<String> PIECES = List.of("a", "b c", " ", "&", "|", "<", ">", "^", "(", ")", "!", "\"", "\\", "%", "OS", "ver",
            "=", ",", ";", "'", "ä", "*", "%OS%", "&ver&", "\\\\", "~1");

    private Hostile() { }

    /** So many, the known ones first and then always the same. */
    public static List<String> arguments(int count) {
        List<String> all = new ArrayList<>(KNOWN.subList(0, Math.min(count, KNOWN.size())));
        var random = new Random(18);
        while (all.size() < count) {
            var text = new StringBuilder();
            for (int n = 1 + random.nextInt(6); n > 0; n--) text.append(PIECES.get(random.nextInt(PIECES.size())));
            all.add(text.toString());
        }
        return all;
    }
}
