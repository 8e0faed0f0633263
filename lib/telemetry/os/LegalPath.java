package telemetry.os;

import java.io.IOError;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** A path that somebody has typed: what no system takes as one is said at once, in our words. */
public final class LegalPath {

    /** Of a name in bytes, on Windows in UTF-16. Source: limits.h, NAME_MAX; learn.microsoft.com, maximum path length limitation. */
    private static final int LONGEST_NAME = 255;

    /** Source: limits.h, PATH_MAX, without the NUL behind it; the same page, with room for what stands in a store. */
    private static final int LONGEST = 4_095;
    private static final int LONGEST_ON_WINDOWS = 32_000;

    /** Source: learn.microsoft.com, naming files. The names stand for devices with any extension, and in every folder. */
    private static final Pattern DEVICE = Pattern.compile("(?i)(con|prn|aux|nul|conin\\$|conout\\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *([.:].*)?");

    private LegalPath() { }

    /** @throws IllegalArgumentException whose message says why it is none: {@code "'a|b' is no path: this system takes no | in a name"} */
    public static Path of(String text) {
        String why = whyNot(FileSystems.getDefault(), text);
        if (why != null) throw new IllegalArgumentException("'" + cut(text) + "' is no path: " + why);
        return Path.of(text);
    }

    /** Why a text is no path on this disk; null when it is one. */
    public static String whyNot(FileSystem disk, String text) {
        try {
            Path path = disk.getPath(text);
            return isInBytes(path) ? tooLong(path, LONGEST) : refusedByWindows(path);
        } catch (InvalidPathException e) {
            return why(e);
        }
    }

    private static String why(InvalidPathException e) {
        int at = e.getIndex();
        if (e.getInput().indexOf('\0') >= 0) return "it has a NUL character";
        if (at < 0 || at >= e.getInput().length()) return e.getReason();
        char c = e.getInput().charAt(at);
        return c == ' ' ? "Windows takes no blank at the end of a name" : "this system takes no " + c + " in a name";
    }

    private static String refusedByWindows(Path path) {
        for (Path part : path)
            if (DEVICE.matcher(part.toString()).matches()) return "Windows keeps the name " + part + " for a device";
        try {
            return tooLong(path.toAbsolutePath(), LONGEST_ON_WINDOWS);
        } catch (IOError e) {
            return "there is no drive " + path.getRoot();
        }
    }

    private static String tooLong(Path path, int longest) {
        for (Path part : path)
            if (length(part) > LONGEST_NAME) return "a name in it is longer than " + LONGEST_NAME + (isInBytes(part) ? " bytes" : " characters");
        return length(path) > longest ? "it is longer than " + longest + (isInBytes(path) ? " bytes" : " characters") : null;
    }

    private static int length(Path path) {
        return isInBytes(path) ? path.toString().getBytes(StandardCharsets.UTF_8).length : path.toString().length();
    }

    private static boolean isInBytes(Path path) {
        return path.getFileSystem().getSeparator().equals("/");
    }

    /** A message of 4,000 letters is read by nobody. */
    public static String cut(String text) {
        return text.length() <= LONGEST_NAME ? text : text.substring(0, LONGEST_NAME) + "…";
    }
}
