package telemetry.os;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The words that this program was started with. The JVM decodes them, and puts a substitute where it cannot. */
public final class Arguments {
    private static final String ENCODING = System.getProperty("sun.jnu.encoding", "UTF-8");

    /** It stands for what is no UTF-8. A JVM whose locale has ASCII only takes a question mark. */
    private static final char SUBSTITUTE = '\ufffd';

    private Arguments() { }

    /**
     * Which of them the JVM could not decode.
     *
     * @param args all that its main got
     * @return as long as these: null for what was decoded, otherwise its bytes, {@code b\xe4r}
     */
    public static String[] undecoded(String... args) {
        var undecoded = new String[args.length];
        if (Machine.isWindows() || Arrays.stream(args).noneMatch(Arguments::mayBeSubstituted)) return undecoded;
        List<byte[]> given = given();
        for (int i = 0; i < args.length; i++) {
            int place = given.size() - args.length + i;
            if (place < 0) undecoded[i] = args[i].indexOf(SUBSTITUTE) < 0 ? null : args[i].replace("" + SUBSTITUTE, "\\ufffd");
            else if (!Arrays.equals(given.get(place), args[i].getBytes(Charset.forName(ENCODING)))) undecoded[i] = escaped(given.get(place));
        }
        return undecoded;
    }

    /** How the JVM decodes them: {@code UTF-8} or the locale's own. */
    public static String encoding() {
        return ENCODING;
    }

    private static boolean mayBeSubstituted(String word) {
        return word.indexOf(SUBSTITUTE) >= 0 || word.indexOf('?') >= 0 && !ENCODING.equalsIgnoreCase("UTF-8");
    }

    /** The words of the whole command, as bytes; empty where the system does not tell. */
    private static List<byte[]> given() {
        List<byte[]> words = new ArrayList<>();
        try {
            byte[] all = Files.readAllBytes(Path.of("/proc/self/cmdline"));
            for (int from = 0, to = 0; to < all.length; to++) {
                if (all[to] != 0) continue;
                words.add(Arrays.copyOfRange(all, from, to));
                from = to + 1;
            }
        } catch (IOException e) {
            // no /proc: the substitutes have to do
        }
        return words;
    }

    private static String escaped(byte[] bytes) {
        var text = new StringBuilder();
        for (char c : new String(bytes, StandardCharsets.ISO_8859_1).toCharArray())
            text.append(c < ' ' || c > '~' ? String.format("\\x%02x", (int) c) : String.valueOf(c));
        return text.toString();
    }
}
