package telemetry.text;

import java.util.List;
import java.util.function.Function;
import telemetry.Next;

/** Pieces of text for people. */
public final class Words {
    private static final int COLUMNS = 80;

    /** So many lines of a long list are shown below its summary; {@code --json} has all. */
    public static final int LISTED = 20;

    /** So many stand beside a head that takes the whole line by itself. */
    private static final int LEAST = 20;

    private Words() { }

    /** {@code 1 run}, {@code 2 runs}, {@code 3 indexes}: for words whose plural is made like these. */
    public static String count(long number, String one) {
        return count(number, one, one + (one.endsWith("s") || one.endsWith("x") ? "es" : "s"));
    }

    public static String count(long number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }

    /**
     * A summary, and below it the first {@value #LISTED} of many; how many more there are, and that programs get all.
     *
     * @param first at least so many of them, if there are
     * @param count of all
     */
    public static <T> String listed(String summary, List<T> first, long count, Function<List<T>, String> lines) {
        if (first.isEmpty()) return summary;
        String shown = summary + System.lineSeparator() + lines.apply(first.subList(0, Math.min(LISTED, first.size())));
        return count <= LISTED ? shown : shown + System.lineSeparator() + "… and " + (count - LISTED) + " more; --json lists all";
    }

    /** The text on one line, with control characters written out. */
    public static String visible(String text) {
        var visible = new StringBuilder(text.length());
        for (char c : text.toCharArray()) {
            if (c == '\n') visible.append("\\n");
            else if (c == '\t') visible.append("\\t");
            else if (c == '\r') visible.append("\\r");
            else if (Character.isISOControl(c)) visible.append(String.format("\\u%04x", (int) c));
            else visible.append(c);
        }
        return visible.toString();
    }

    /** At most this many characters; an ellipsis stands for what is cut off. */
    public static String cut(String text, int widest) {
        return width(text) <= widest ? text : text.substring(0, text.offsetByCodePoints(0, widest - 1)) + "…";
    }

    /** In characters. */
    static int width(String text) {
        return text.codePointCount(0, text.length());
    }

    public static String padded(String word, int width) {
        return word + " ".repeat(Math.max(0, width - word.length()));
    }

    /**
     * A line of a list, broken between words to {@value #COLUMNS} columns. The next command stands below it and is never broken, so that it
     * can be pasted.
     *
     * @param next null for nothing
     */
    public static String item(String head, String text, Next next) {
        String margin = " ".repeat(head.length());
        String line = head + wrapped(visible(Next.hinted(text, next)), margin);
        return next == null || next.line() == null ? line : line + System.lineSeparator() + margin + visible(next.line());
    }

    private static String wrapped(String text, String margin) {
        var lines = new StringBuilder();
        int from = 0;
        for (int room = Math.max(LEAST, COLUMNS - margin.length()); text.length() - from > room; ) {
            int space = text.lastIndexOf(' ', from + room);
            if (space <= from) space = text.indexOf(' ', from + room);
            if (space < 0) break;
            lines.append(text, from, space).append(System.lineSeparator()).append(margin);
            from = space + 1;
        }
        return lines.append(text.substring(from)).toString();
    }
}
