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
     * Its name as the kernel or the environment has it; a name server, which may take seconds, is the last to be asked. Null when nobody
     * knows.
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
     * The user's home as Python's {@code Path.home()} has it, so that agents and toolkit mean one place: $HOME, on Windows %USERPROFILE%.
     */
    public static Path home() {
        String home = System.getenv(isWindows() ? "USERPROFILE" : "HOME");
        return Path.of(home == null || home.isBlank() ? System.getProperty("user.home") : home);
    }

    /** The folder of this user that holds what can be made again: $XDG_CACHE_HOME, on Windows %LOCALAPPDATA%, else ~/.cache. */
    public static Path cache(Map<String, String> env) {
        for (String variable : new String[] {"XDG_CACHE_HOME", "LOCALAPPDATA"}) {
            String folder = env.get(variable);
            if (folder != null && !folder.isBlank()) return Path.of(folder);
        }
        return home().resolve(".cache");
    }

    /** This process's variables. On Windows their names' case does not count. */
    public static Map<String, String> environment() {
        if (!isWindows()) return System.getenv();
        Map<String, String> variables = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        variables.putAll(System.getenv());
        return variables;
    }

    /**
     * The program that this name starts, found on the PATH as the system does; on Windows one that can be started without a shell's help.
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

    /** How this command is started. A shell of Windows finds {@code npm.cmd} by {@code npm}, the system itself only what ends in .exe. */
    public static List<String> startable(List<String> command, Map<String, String> env) {
        if (!isWindows() || command.get(0).matches(".*[\\\\/:.].*")) return command;
        List<String> found = new ArrayList<>(command);
        program(command.get(0), env).ifPresent(program -> found.set(0, program.toString()));
        return found;
    }

    /** The file that is always empty and takes everything. */
    static File nothing() {
        return new File(isWindows() ? "NUL" : "/dev/null");
    }
}
