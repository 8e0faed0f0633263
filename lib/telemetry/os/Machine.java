package telemetry.os;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** This machine and the account that the program runs as: its home, its variables, its programs. */
public final class Machine {
    private Machine() { }

    public static boolean isWindows() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    }

    /**
     * The machine's name as the kernel or the environment has it. A name server may take seconds and is asked last. Null when the name is
     * unknown.
     */
    public static String name() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            for (String variable : new String[] {"COMPUTERNAME", "HOSTNAME"})
                if (System.getenv(variable) != null) return System.getenv(variable);
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /**
     * The user's home. It is $HOME, on Windows %USERPROFILE%, as in Python's {@code Path.home()}, so agents and toolkit use the same
     * folder.
     */
    public static Path home() {
        String home = System.getenv(isWindows() ? "USERPROFILE" : "HOME");
        return Path.of(home == null || home.isBlank() ? System.getProperty("user.home") : home);
    }

    /** This user's folder for what can be made again: $XDG_CACHE_HOME, on Windows %LOCALAPPDATA%, otherwise ~/.cache. */
    public static Path cache(Map<String, String> env) {
        for (String variable : new String[] {"XDG_CACHE_HOME", "LOCALAPPDATA"}) {
            String folder = env.get(variable);
            if (folder != null && !folder.isBlank()) return Path.of(folder);
        }
        return home().resolve(".cache");
    }

    /** This process's variables. On Windows the case of their names does not count. */
    public static Map<String, String> environment() {
        if (!isWindows()) return System.getenv();
        Map<String, String> variables = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        variables.putAll(System.getenv());
        return variables;
    }

    /**
     * The program that this name starts, found on the PATH as the system finds it. On Windows only programs count that start without a
     * shell.
     */
    public static Optional<Path> program(String name, Map<String, String> env) {
        List<String> endings = isWindows() ? List.of(".exe", ".cmd", ".bat") : List.of("");
        for (String folder : env.getOrDefault("PATH", "").split(File.pathSeparator))
            for (String ending : endings) {
                var program = new File(folder.replace("\"", ""), name + ending);
                if (!folder.isBlank() && program.isFile() && program.canExecute()) return Optional.of(program.toPath());
            }
        return Optional.empty();
    }

    /**
     * The command with its program as it can be started. A Windows shell finds {@code npm.cmd} by {@code npm}; the system finds only what
     * ends in .exe.
     */
    public static List<String> startable(List<String> command, Map<String, String> env) {
        if (!isWindows() || command.get(0).matches(".*[\\\\/:.].*")) return command;
        List<String> found = new ArrayList<>(command);
        program(command.get(0), env).ifPresent(program -> found.set(0, program.toString()));
        return found;
    }

    /** The file that is always empty and discards what is written to it. */
    static File nothing() {
        return new File(isWindows() ? "NUL" : "/dev/null");
    }
}
