package telemetry.os;

import java.io.File;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import telemetry.StoreException;

/**
 * A program to start, with its arguments: the one way in which the toolkit starts any. Elsewhere than on Windows the words go to the system
 * as they are. Windows hands a program one line instead of words, and whoever reads the line takes it apart by rules of its own: an .exe by
 * those of the C runtime, a .cmd or .bat by those of cmd, and what it forwards once more by both. So each word is quoted by the rules of
 * its reader, and what cannot get through unchanged is refused.
 *
 * @param command   the program and its arguments, as they should arrive
 * @param isTyped   true when an operator named the program: on Windows it is looked for in the working folder first, as cmd does
 * @param variables that it gets besides ours; null removes one
 */
public record Program(List<String> command, boolean isTyped, Map<String, String> variables) {
    private static final List<String> DIRECT = List.of(".exe", ".com");
    private static final List<String> BATCH = List.of(".cmd", ".bat");

    /** Windows' own PATHEXT, for an environment without it. What cmd starts by it and the system does not is started by cmd. */
    private static final String USUAL_ENDINGS = ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC";

    /** Source: learn.microsoft.com, "Command prompt (Cmd.exe) command-line string limitation". */
    private static final int LONGEST_LINE = 8_191;

    /** No AutoRun from the registry, the extensions that scripts expect, no {@code !NAME!}. Source: cmd /?. */
    private static final List<String> OPTIONS = List.of("/d", "/e:on", "/v:off", "/c");

    /** The toolkit's own choice of a program. A name without a folder is never looked for in the working folder. */
    public static Program own(List<String> command) {
        return new Program(command, false, Map.of());
    }

    /** The same. */
    public static Program own(String... command) {
        return own(List.of(command));
    }

    /** An operator's program. */
    public static Program typed(List<String> command) {
        return new Program(command, true, Map.of());
    }

    /** The same with this variable; a null value removes it. */
    public Program with(String name, String value) {
        Map<String, String> all = new HashMap<>(variables);
        all.put(name, value);
        return new Program(command, isTyped, all);
    }

    /**
     * Ready to be started.
     *
     * @throws NoSuchFileException on Windows, when there is no such program; elsewhere the system says so at the start
     * @throws StoreException      as {@link #requirePassable}
     */
    public ProcessBuilder builder() throws IOException {
        var builder = new ProcessBuilder(Machine.isWindows() ? words(file()) : command);
        variables.forEach((name, value) -> {
            if (value == null) builder.environment().remove(name);
            else builder.environment().put(name, value);
        });
        return builder;
    }

    /**
     * Looks whether the program gets its arguments unchanged; one that is missing passes.
     *
     * @throws StoreException {@code REFUSED} when cmd would change one
     */
    public void requirePassable() {
        if (!Machine.isWindows()) return;
        try {
            words(file());
        } catch (NoSuchFileException e) {
            // whoever starts it says so
        }
    }

    private String file() throws NoSuchFileException {
        return found(command.get(0), isTyped ? System.getProperty("user.dir") : null, Machine.environment(),
                file -> new File(file).isFile()).map(file -> new File(file).getAbsolutePath())
                .orElseThrow(() -> new NoSuchFileException(command.get(0)));
    }

    private List<String> words(String file) {
        return words(file, command.subList(1, command.size()), Machine.environment());
    }

    /**
     * The system's shell with a line of the operator's, in which marks, variables and all else mean what they mean to that shell.
     *
     * @param variable gets the line too: elsewhere than on Windows the shell reads it there, because a list of processes shows the words
     *                 of a shell and not its variables
     */
    public static ProcessBuilder shell(String line, String variable) {
        var builder = new ProcessBuilder(Machine.isWindows() ? shell(line, Machine.environment())
                : List.of("sh", "-c", "eval \"$" + variable + "\""));
        builder.environment().put(variable, line);
        return builder;
    }

    /** With /s cmd removes the outer marks only. Source: cmd /?. Java would add marks to a word that ends in a backslash and a mark. */
    static List<String> shell(String line, Map<String, String> env) {
        return List.of(cmd(env), "/d", "/s", "/c", '"' + line + (line.endsWith("\\") ? " \"" : "\""));
    }

    /** Not the first one on the PATH or in the working folder. */
    private static String cmd(Map<String, String> env) {
        return env.getOrDefault("SystemRoot", "C:\\Windows") + "\\System32\\cmd.exe";
    }

    /**
     * The file that a name starts on Windows, as cmd finds it: with each ending of PATHEXT behind a name that has none of these, in the
     * folder that the name says, else in the working folder and those of the PATH. Dots and blanks at the end do not count, as for the
     * system.
     *
     * @param here   the working folder; null when it is not to be looked into
     * @param isFile whether there is a file of this name
     */
    static Optional<String> found(String name, String here, Map<String, String> env, Predicate<String> isFile) {
        String bare = bare(name);
        if (bare.isEmpty()) return Optional.empty();
        List<String> places = name.matches("(?s).*[\\\\/:].*") ? List.of(bare)
                : folders(here, env).stream().map(folder -> new File(folder, bare).getPath()).toList();
        List<String> endings = endings(env);
        List<String> behind = endings.contains(ending(bare)) ? List.of("") : endings;
        for (String place : places) for (String ending : behind) if (isFile.test(place + ending)) return Optional.of(place + ending);
        return ending(bare).isEmpty() ? Optional.empty() : places.stream().filter(isFile).findFirst();
    }

    private static String bare(String name) {
        return name.replaceFirst("[. ]+$", "");
    }

    /** {@code .exe}, in small letters; empty for a name without one. */
    private static String ending(String file) {
        String name = file.substring(Math.max(file.lastIndexOf('\\'), file.lastIndexOf('/')) + 1);
        return name.indexOf('.') < 0 ? "" : name.substring(name.lastIndexOf('.')).toLowerCase(Locale.ROOT);
    }

    /** The system itself knows one ending, whatever the variable says. */
    private static List<String> endings(Map<String, String> env) {
        String all = env.getOrDefault("PATHEXT", USUAL_ENDINGS).toLowerCase(Locale.ROOT) + ";.exe";
        return Stream.of(all.split(";")).map(String::strip).filter(ending -> ending.startsWith(".")).distinct().toList();
    }

    /** A folder may stand in quotation marks, with a semicolon in it. */
    private static List<String> folders(String here, Map<String, String> env) {
        Stream<String> path = Stream.of(env.getOrDefault("PATH", "").split(File.pathSeparator + "(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)"))
                .map(folder -> folder.replace("\"", "")).filter(folder -> !folder.isBlank());
        boolean isHereFirst = here != null && !env.containsKey("NoDefaultCurrentDirectoryInExePath");
        return Stream.concat(isHereFirst ? Stream.of(here) : Stream.empty(), path).toList();
    }

    /**
     * The words from which Java makes the right line for this file.
     *
     * @throws StoreException {@code REFUSED} when cmd would change one
     */
    static List<String> words(String file, List<String> arguments, Map<String, String> env) {
        if (!isForCmd(file, env)) {
            List<String> words = new ArrayList<>(List.of(file));
            for (String argument : arguments) words.add(forRuntime(argument));
            return words;
        }
        String name = new File(file).getName().replaceFirst(".*\\\\", "");
        if (file.indexOf('%') >= 0) throw refused(name, "its path has a percent sign");
        var line = new StringBuilder("\"\"").append(file).append('"');
        for (int i = 0; i < arguments.size(); i++) {
            String changed = changedByCmd(arguments.get(i));
            if (changed != null) throw refused(name, "argument " + (i + 1) + " " + changed);
            line.append(' ').append(isPlain(arguments.get(i)) ? arguments.get(i) : '"' + arguments.get(i) + '"');
        }
        if (line.length() > LONGEST_LINE) throw refused(name, "the line has more than " + LONGEST_LINE + " characters");
        List<String> words = new ArrayList<>(List.of(cmd(env)));
        words.addAll(OPTIONS);
        words.add(line.append('"').toString());
        return words;
    }

    /** By the name that is left without dots and blanks at its end, because the system strips them (CVE-2024-43402). */
    private static boolean isForCmd(String file, Map<String, String> env) {
        String ending = ending(bare(file));
        return BATCH.contains(ending) || endings(env).contains(ending) && !DIRECT.contains(ending);
    }

    private static StoreException refused(String program, String why) {
        return new StoreException(StoreException.Reason.REFUSED, "start " + program, null,
                why + ", and cmd, which runs it, would not hand that on unchanged", null);
    }

    /**
     * What no quoting brings through cmd to a script, and through a script to a program that it forwards to, whether the script uses
     * {@code %*} or {@code "%~1"}. Null when the argument gets through.
     */
    private static String changedByCmd(String argument) {
        if (argument.indexOf('%') >= 0) return "has a percent sign";
        if (argument.indexOf('"') >= 0) return "has a quotation mark";
        if (argument.endsWith("\\")) return "ends in a backslash";
        if (argument.chars().anyMatch(c -> c == '\n' || c == '\r')) return "has a line break";
        return argument.chars().anyMatch(c -> c < ' ' && c != '\t' || c == 0x7f) ? "has a control character" : null;
    }

    /** A script compares such a word with others, so it comes without quotation marks. */
    private static boolean isPlain(String argument) {
        return argument.matches("[A-Za-z0-9_./:\\\\@+-]+");
    }

    /**
     * A word that the C runtime, and whoever reads a line as it does, takes for this argument. Java puts quotation marks around a word with
     * a blank unless it has them, and knows nothing of marks in it; so such a word gets its own. So does one that some programs take for a
     * pattern, and one with characters that older programs see as a blank. Source: learn.microsoft.com, "Parsing C command-line arguments".
     */
    static String forRuntime(String argument) {
        boolean hasMark = argument.indexOf('"') >= 0;
        boolean isQuotedByJava = argument.indexOf(' ') >= 0 || argument.indexOf('\t') >= 0;
        boolean isOdd = argument.isEmpty() || argument.chars().anyMatch(c -> c < ' ' || c > '~' || "*?[".indexOf(c) >= 0);
        if (!hasMark && (isQuotedByJava || !isOdd)) return argument;
        var word = new StringBuilder("\"");
        int backslashes = 0;
        for (char c : argument.toCharArray()) {
            if (c == '"') word.append("\\".repeat(backslashes + 1));
            backslashes = c == '\\' ? backslashes + 1 : 0;
            word.append(c);
        }
        if (backslashes == 0) return word.append('"').toString();
        // Java takes a word for an open one that ends in a backslash and a mark: the last ones stand in front of an empty pair of marks
        word.setLength(word.length() - backslashes);
        return word.append('"').append("\\".repeat(2 * backslashes)).append("\"\"").toString();
    }
}
