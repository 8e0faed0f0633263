package telemetry.text;

import java.util.List;
import java.util.function.Function;
import telemetry.Next;

/** Pieces of text for people. */
public final class Words {
    /** So many lines of a long list are shown below its summary; {@code --json} has all. */
    public static final int LISTED = 20;

    private static final int BRIEF = 60;

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

    /** A word of the operator's or an agent's in a sentence: on one line, and not long. */
    public static String brief(String word) {
        return cut(Escaped.line(word), BRIEF);
    }

    /** At most this many columns; an ellipsis stands for what is cut off. */
    public static String cut(String text, int widest) {
        if (width(text) <= widest) return text;
        int end = 0;
        for (int room = widest - 1; ; end += Character.charCount(text.codePointAt(end))) {
            room -= DisplayWidth.of(text.codePointAt(end));
            if (room < 0) return text.substring(0, end) + "…";
        }
    }

    /** In columns. */
    static int width(String text) {
        return Escaped.isPlain(text) ? text.length() : text.codePoints().map(DisplayWidth::of).sum();
    }

    public static String padded(String word, int width) {
        return word + " ".repeat(Math.max(0, width - width(word)));
    }

    /**
     * A line of a list, broken between words to the terminal's columns, or 80. The next command stands below it. It is never broken, so
     * that it can be pasted.
     *
     * @param next null for nothing
     */
    public static String item(String head, String text, Next next) {
        String margin = " ".repeat(width(head));
        var lines = new StringBuilder(head).append(wrapped(Escaped.line(Next.hinted(text, next)), margin));
        if (next != null) for (String line : next.lines()) lines.append(System.lineSeparator()).append(margin).append(Escaped.line(line));
        return lines.toString();
    }

    private static String wrapped(String text, String margin) {
        var lines = new StringBuilder();
        int from = 0;
        for (int room = Math.max(LEAST, Terminal.columns() - margin.length()); text.length() - from > room; ) {
            int space = text.lastIndexOf(' ', from + room);
            if (space <= from) space = text.indexOf(' ', from + room);
            if (space < 0) break;
            lines.append(text, from, space).append(System.lineSeparator()).append(margin);
            from = space + 1;
        }
        return lines.append(text.substring(from)).toString();
    }
}
