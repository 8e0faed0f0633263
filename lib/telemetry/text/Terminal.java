package telemetry.text;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The terminal that stdin and stdout are, if they are one: how wide it is, and colours. A pipe or a file has neither. */
public final class Terminal {
    /** Of a pipe, a file, and a terminal that does not tell. */
    static final int COLUMNS = 80;
    private static final int NARROWEST = 40;
    private static final int WIDEST = 1_000;

    private static final Pattern STATUS = Pattern.compile("(?m)^(?:(ok)|(warning)|(failed|unknown))(?=\\s|:)");
    private static final String GREEN = "\u001b[32m";
    private static final String YELLOW = "\u001b[33m";
    private static final String RED = "\u001b[31m";
    private static final String PLAIN = "\u001b[0m";

    private static final boolean IS_THERE = System.console() != null;
    private static int columns;

    private Terminal() { }

    public static boolean isThere() {
        return IS_THERE;
    }

    /** How many columns a line has: COLUMNS where the shell exports it, otherwise what {@code stty} says; 80 without a terminal. */
    public static int columns() {
        if (columns == 0) columns = IS_THERE ? limited(asked()) : COLUMNS;
        return columns;
    }

    private static int limited(int columns) {
        return columns < 1 ? COLUMNS : Math.max(NARROWEST, Math.min(WIDEST, columns));
    }

    private static int asked() {
        int exported = number(System.getenv("COLUMNS"));
        return exported > 0 ? exported : number(sttySize().replaceFirst("^\\d+ ", ""));
    }

    /** {@code 24 80}: rows and columns; empty where there is no such program, as on Windows. */
    private static String sttySize() {
        if (File.separatorChar == '\\') return "";
        try {
            Process stty = new ProcessBuilder("stty", "size").redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            if (stty.waitFor(1, TimeUnit.SECONDS)) return new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            stty.destroyForcibly();
            return "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    private static int number(String text) {
        return text != null && text.strip().matches("\\d{1,6}") ? Integer.parseInt(text.strip()) : 0;
    }

    /** The text with an ellipsis for what does not fit, on a terminal. In a pipe it is not cut. @param widest in columns */
    public static String cut(String text, int widest) {
        return IS_THERE ? Words.cut(text, widest) : text;
    }

    /**
     * A report whose lines begin with the status of a check: the word in green, yellow or red. Unchanged without a terminal, on one that
     * knows no colours, and where NO_COLOR is set (no-color.org).
     */
    public static String coloured(String report) {
        String noColour = System.getenv("NO_COLOR");
        String kind = System.getenv("TERM");
        if (!IS_THERE || noColour != null && !noColour.isEmpty() || kind == null || kind.equals("dumb")) return report;
        return STATUS.matcher(report).replaceAll(word -> (word.group(1) != null ? GREEN : word.group(2) != null ? YELLOW : RED)
                + word.group() + PLAIN);
    }
}
