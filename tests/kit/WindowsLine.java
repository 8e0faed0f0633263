package telemetry.kit;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What Windows makes of a line, on any system: how Java joins words to one, how cmd reads one, and how programs take one apart. Sources:
 * the observed behaviour of Java 17, cmd /?, and learn.microsoft.com, "Parsing C command-line arguments" and "CommandLineToArgvW".
 */
public final class WindowsLine {
    private WindowsLine() { }

    /** The line that Java's ProcessBuilder makes of words, when no property says otherwise. */
    public static String ofJava(List<String> words) {
        var line = new StringBuilder();
        for (int i = 0; i < words.size(); i++) {
            String word = i == 0 ? new File(words.get(0)).getPath() : words.get(i);
            boolean isQuoted = word.length() > 1 && word.startsWith("\"") && word.endsWith("\"");
            boolean needsMarks = word.isEmpty() || !isQuoted && (word.indexOf(' ') >= 0 || word.indexOf('\t') >= 0);
            String end = i == 0 ? "" : word.replaceFirst("(?s)^.*?(\\\\*)$", "$1");
            line.append(i == 0 ? "" : " ").append(needsMarks ? '"' + word + end + '"' : word);
        }
        return line.toString();
    }

    /** What cmd, typed at or with /c, hands on. @throws AssertionError when a character outside of marks would begin something else */
    public static String typed(String line, Map<String, String> variables) {
        return read(expanded(line, variables));
    }

    /** What a line of a script hands on in which {@code %*} was put: no variable is looked for in that. */
    public static String forwarded(String line) {
        return read(line);
    }

    /** The line behind /c as cmd takes it: without the first and the last mark, unless it begins with none or has just one pair. */
    public static String behindC(String commandLine) {
        String line = commandLine.substring(commandLine.indexOf("/c ") + 3);
        if (!line.startsWith("\"") || line.chars().filter(c -> c == '"').count() == 2 && !commandLine.contains("/s ")) return line;
        int last = line.lastIndexOf('"');
        return line.substring(1, last) + line.substring(last + 1);
    }

    /** A percent sign that begins no variable stays. */
    private static String expanded(String line, Map<String, String> variables) {
        var text = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            int end = line.charAt(i) == '%' ? line.indexOf('%', i + 1) : -1;
            String name = end < 0 ? "" : line.substring(i + 1, end).replaceFirst("(?s):.*", "").toUpperCase(Locale.ROOT);
            if (!variables.containsKey(name)) text.append(line.charAt(i));
            else {
                text.append(variables.get(name));
                i = end;
            }
        }
        return text.toString();
    }

    /** Marks switch, carets go. */
    private static String read(String line) {
        var text = new StringBuilder();
        boolean isQuoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\n' || c == '\r') throw new AssertionError("the line ends in its middle: " + line);
            if (c == '"') isQuoted = !isQuoted;
            else if (c == '^' && !isQuoted && ++i < line.length()) c = line.charAt(i);
            else if (!isQuoted && "&|<>".indexOf(c) >= 0) throw new AssertionError("cmd obeys " + c + " at " + i + " of " + line);
            text.append(c);
        }
        return text.toString();
    }

    /** What stands behind the program of a line: {@code %*} for a script. */
    public static String behindProgram(String line) {
        return line.substring(endOfProgram(line)).strip();
    }

    /** Marks group a program's path anywhere in it. */
    private static int endOfProgram(String line) {
        boolean isQuoted = false;
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) == '"') isQuoted = !isQuoted;
            else if (!isQuoted && line.charAt(i) == ' ') return i;
        }
        return line.length();
    }

    /** {@code %~1}, {@code %~2} … of a script, for what stands behind its name. */
    public static List<String> parameters(String all) {
        List<String> parameters = new ArrayList<>();
        var word = new StringBuilder();
        boolean isQuoted = false;
        for (char c : (all + " ").toCharArray()) {
            if (c == '"') isQuoted = !isQuoted;
            if (isQuoted || " \t,;=".indexOf(c) < 0) word.append(c);
            else if (word.length() > 0) {
                parameters.add(word.toString().replaceFirst("^\"", "").replaceFirst("\"$", ""));
                word.setLength(0);
            }
        }
        return parameters;
    }

    /** The words of a line for a program of the C runtime, its own name first. */
    public static List<String> words(String line) {
        return words(line, false);
    }

    /** The same by the system's own function, which differs after a mark that ends a group. */
    public static List<String> systemWords(String line) {
        return words(line, true);
    }

    private static List<String> words(String line, boolean isSystem) {
        int begin = endOfProgram(line);
        List<String> words = new ArrayList<>(List.of(line.substring(0, begin).replace("\"", "")));
        StringBuilder word = null;
        boolean isQuoted = false;
        for (int i = begin; i < line.length(); i++) {
            char c = line.charAt(i);
            if (!isQuoted && (c == ' ' || c == '\t')) {
                if (word != null) words.add(word.toString());
                word = null;
                continue;
            }
            if (word == null) word = new StringBuilder();
            int backslashes = 0;
            for (; i < line.length() && line.charAt(i) == '\\'; i++) backslashes++;
            boolean isMark = i < line.length() && line.charAt(i) == '"';
            word.append("\\".repeat(isMark ? backslashes / 2 : backslashes));
            if (isMark && backslashes % 2 == 1) word.append('"');
            else if (isMark && isQuoted && line.startsWith("\"\"", i)) {
                word.append('"');
                isQuoted = !isSystem;
                i++;
            } else if (isMark) isQuoted = !isQuoted;
            else if (backslashes > 0) i--;
            else word.append(c);
        }
        if (word != null) words.add(word.toString());
        return words;
    }
}
