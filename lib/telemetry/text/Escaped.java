package telemetry.text;

import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Texts from outside as the place takes them that they are shown in: what agents write, file names, and the words of other programs. A
 * terminal obeys control characters, a page its markup, a shell its quotation marks. There is a way for each of these places, and no other
 * class has one. In all of them a control character, and one that turns the direction of writing or is not seen, is written out.
 */
public final class Escaped {
    private static final String MARKDOWN = "\\`*_<>[]|~&#!";
    private static final String FENCE = "````";
    private static final String IN_CRON = "/:._-=+,@";

    /** What cmd obeys outside of quotation marks. */
    private static final String CMD_SPECIAL = "&|<>^";

    /** In a word that stands in marks: PowerShell has variables, another escape character, more kinds of marks, and passes on no mark. */
    private static final Pattern UNLIKE_POWERSHELL = Pattern.compile("[%\"`\u201c-\u201e]|\\$[\\w{(?^$:]");

    private Escaped() { }

    /** For a terminal, on one line. */
    public static String line(String text) {
        return isPlain(text) ? text : written(text, false);
    }

    /** For a terminal, with the lines that it has. */
    public static String lines(String text) {
        for (int i = 0, length = text.length(); i < length; i++) {
            char c = text.charAt(i);
            if (c < ' ' && c != '\n' || c > '~' && isHidden(c)) return written(text, true);
        }
        return text;
    }

    /** Printable ASCII, as almost all texts are. */
    static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) if (text.charAt(i) < ' ' || text.charAt(i) > '~') return false;
        return true;
    }

    /** For a terminal of another encoding than UTF-8: what that lacks is written out. */
    public static String encoded(String text, CharsetEncoder encoder) {
        if (encoder.canEncode(text)) return text;
        var written = new StringBuilder(text.length() + 8);
        text.codePoints().mapToObj(Character::toString).forEach(c -> {
            if (encoder.canEncode(c)) written.append(c);
            else for (char half : c.toCharArray()) written.append(String.format("\\u%04x", (int) half));
        });
        return written.toString();
    }

    private static String written(String text, boolean hasLines) {
        var written = new StringBuilder(text.length() + 8);
        for (int i = 0, c; i < text.length(); i += Character.charCount(c)) {
            c = text.codePointAt(i);
            boolean isEnd = c == '\n' || c == '\r' && text.startsWith("\n", i + 1) && System.lineSeparator().equals("\r\n");
            if (hasLines && isEnd) written.append((char) c);
            else if (c == '\n') written.append("\\n");
            else if (c == '\t') written.append("\\t");
            else if (c == '\r') written.append("\\r");
            else if (isHidden(c)) for (char half : Character.toChars(c)) written.append(String.format("\\u%04x", (int) half));
            else written.appendCodePoint(c);
        }
        return written.toString();
    }

    private static boolean isHidden(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> true;
            default -> false;
        };
    }

    /** True when nothing in it is hidden or ends a line: only such a text can stand in a file that another program reads line by line. */
    public static boolean isSeen(String text) {
        return line(text).equals(text);
    }

    /** For the line of a monitoring plugin, in which a bar would begin the performance data. */
    public static String plugin(String text) {
        return line(text.replaceAll("[|\\s]", " "));
    }

    /** For a line of Markdown. */
    public static String markdown(String text) {
        var escaped = new StringBuilder(text.length() + 8);
        for (char c : line(text).toCharArray()) {
            if (MARKDOWN.indexOf(c) >= 0) escaped.append('\\');
            escaped.append(c);
        }
        return escaped.toString();
    }

    /** For Markdown, one line as it is. Source: commonmark.org, 6.1. */
    public static String code(String text) {
        String marks = "`";
        while (text.contains(marks)) marks += "`";
        return marks.length() == 1 ? marks + line(text) + marks : marks + " " + line(text) + " " + marks;
    }

    /** For Markdown, several lines as they are: a block whose fence is longer than any in it. Source: commonmark.org, 4.5. */
    public static String block(String text) {
        String fence = FENCE;
        while (text.contains(fence)) fence += "`";
        return fence + "text\n" + lines(text).replace("\r\n", "\n") + "\n" + fence;
    }

    /** For a page of HTML: a text, or an attribute's value in quotation marks. */
    public static String html(String text) {
        return lines(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;").replace("'", "&#39;");
    }

    /** For a label of Prometheus' text format; its reader takes all other characters as they are. */
    public static String label(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    /** One word of a line that is pasted into a shell, whatever its characters; in double quotes where that reads better. */
    public static String shell(String word) {
        return shell(word, 2);
    }

    /** The same. @param readings of Windows' cmd, as for {@link #cmd} */
    public static String shell(String word, int readings) {
        if (isForWindows()) return isPlainOnWindows(word) ? word : cmd(word, readings);
        if (!word.isEmpty() && word.charAt(0) != '=' && consistsOf(word, "/:._-=")) return word;
        if (!isSeen(word.replace("\n", "")) && word.indexOf('\0') < 0) return printed(word);
        boolean isDouble = word.contains("'") && word.chars().noneMatch(c -> "\"$`\\!".indexOf(c) >= 0);
        return isDouble ? '"' + word + '"' : quoted(word);
    }

    /** Whether lines are for the shells of Windows. */
    public static boolean isForWindows() {
        return System.getProperty("os.name").startsWith("Windows");
    }

    private static boolean isPlainOnWindows(String word) {
        return !word.isEmpty() && consistsOf(word, "/:._-\\");
    }

    /** Of letters, digits and these characters. */
    private static boolean consistsOf(String word, String others) {
        return word.chars().allMatch(c -> Character.isLetterOrDigit(c) || others.indexOf(c) >= 0);
    }

    /** One word of a file that a shell reads, always in quotation marks. */
    public static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /** What a terminal would obey is left to printf. Newlines at the end are lost. Source: POSIX, printf. */
    private static String printed(String word) {
        var format = new StringBuilder();
        word.codePoints().mapToObj(Character::toString).forEach(c -> {
            if (c.equals("%") || c.equals("\\")) format.append(c).append(c);
            else if (isSeen(c)) format.append(c);
            else for (byte b : c.getBytes(StandardCharsets.UTF_8)) format.append(String.format("\\%03o", b & 0xff));
        });
        return "\"$(printf " + (word.startsWith("-") ? "-- " : "") + quoted(format.toString()) + ")\"";
    }

    /** One word of a crontab's line. Source: crontab(5): a percent sign ends a command unless it has a backslash. */
    public static String cron(String word) {
        return (isPlainIn(word) ? word : quoted(word)).replace("%", "\\%");
    }

    /** One word of a setting in a systemd unit. Source: systemd.syntax(7), systemd.unit(5). */
    public static String unit(String word) {
        String literal = word.replace("%", "%%");
        return isPlainIn(word) ? literal : '"' + literal.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** True when a word needs no quotation marks in a crontab, a unit and a task. */
    public static boolean isPlainIn(String word) {
        return consistsOf(word, IN_CRON);
    }

    /**
     * One word of a line for Windows' cmd. A program's own parser takes {@code \"} for a mark inside a word; cmd does not know that and
     * counts every mark, so its special characters need a caret where it counts an even number. It looks for {@code %NAME%} before it
     * looks at marks and carets: one of these behind each percent sign makes a name that no variable has.
     *
     * @param readings how often cmd reads the line before the program gets the word: 2 for a script (.cmd), which hands it on, 1 for any
     *                 other program, 0 where no cmd is in between
     */
    public static String cmd(String word, int readings) {
        String caret = "^".repeat((1 << readings) - 1);
        var escaped = new StringBuilder("\"");
        boolean isQuoted = true;
        boolean isBehindPercent = false;
        int backslashes = 0;
        for (char c : word.toCharArray()) {
            boolean isSpecial = CMD_SPECIAL.indexOf(c) >= 0;
            if (c == '"' || c == '%' && isQuoted) escaped.append("\\".repeat(backslashes));
            if (!isQuoted && !isSpecial && isBehindPercent && readings > 0) escaped.append('^');
            if (c == '"') {
                escaped.append("\\\"");
                isQuoted = !isQuoted;
            } else if (c == '%') {
                escaped.append(isQuoted ? "\"%\"" : "%");
            } else {
                escaped.append(!isQuoted && isSpecial ? caret : "").append(c);
            }
            isBehindPercent = c == '%';
            backslashes = c == '\\' ? backslashes + 1 : 0;
        }
        escaped.append("\\".repeat(backslashes));
        return escaped.append(isQuoted ? "" : caret).append('"').toString();
    }

    /** Whether PowerShell takes this word of a cmd line for the same one. */
    public static boolean isSameInPowerShell(String word) {
        return isPlainOnWindows(word) || !word.isEmpty() && !word.endsWith("\\") && !UNLIKE_POWERSHELL.matcher(word).find();
    }

    /** The name or path of a program as a PowerShell line begins with it. */
    public static String powerShell(String program) {
        return isPlainOnWindows(program) ? program : "& '" + program.replaceAll("['\u2018-\u201b]", "$0$0") + "'";
    }
}
