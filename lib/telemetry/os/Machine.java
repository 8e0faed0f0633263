package telemetry.os;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/** This machine and the account that the program runs as: its home, its variables, its programs. */
public final class Machine {
    /** Source: inode(7), S_ISVTX. In a folder that has it everybody may make files, and touch only their own. */
    private static final int STICKY = 01000;

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

    /**
     * This account's folder for what can be made again, by the rule of scripts/surroundings, which may have told it: $XDG_CACHE_HOME, on
     * Windows %LOCALAPPDATA%, otherwise ~/.cache, when it belongs to the account and can be written to; otherwise in the account's home of
     * the password file; otherwise a folder of its own in the temporary one.
     */
    public static Path cache(Map<String, String> env) {
        String told = System.getProperty("telemetry.cache");
        boolean isOfThisProgram = Objects.equals(env.get("XDG_CACHE_HOME"), System.getenv("XDG_CACHE_HOME"));
        if (told != null && isOfThisProgram) return Path.of(told);
        List<Path> places = new ArrayList<>();
        for (String variable : new String[] {"XDG_CACHE_HOME", "LOCALAPPDATA"}) {
            String folder = env.get(variable);
            if (folder != null && !folder.isBlank()) places.add(Path.of(folder));
        }
        places.add(home().resolve(".cache"));
        if (isWindows()) return places.get(0);
        places.add(Path.of(System.getProperty("user.home"), ".cache"));
        Optional<Account> own = Account.own();
        String mark = own.map(account -> "-" + account.uid()).orElse("");
        return places.stream().filter(place -> isOwn(place, own)).findFirst()
                .orElseGet(() -> Path.of(System.getProperty("java.io.tmpdir"), "telemetry-toolkit" + mark, ".cache"));
    }

    /**
     * Whether it is this account's folder and can be written to, or can be made in one, or in a shared one like /tmp.
     *
     * @param own empty where nobody can say
     */
    private static boolean isOwn(Path place, Optional<Account> own) {
        Path part = place.toAbsolutePath();
        while (part.getParent() != null && Files.notExists(part, LinkOption.NOFOLLOW_LINKS)) part = part.getParent();
        try {
            if (!Files.isDirectory(part) || !Files.isWritable(part)) return false;
            if (own.isEmpty() || Account.ownerOf(part).map(account -> account.uid() == own.get().uid()).orElse(true)) return true;
            return !part.equals(place.toAbsolutePath()) && ((int) Files.getAttribute(part, "unix:mode") & STICKY) != 0;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Gives a program's variables the caller's own locale. scripts/surroundings starts the JVM in another one, and tells what LC_ALL was:
     * {@code =de_DE}, or nothing when it was not set.
     */
    public static void restoreLocale(Map<String, String> variables) {
        String lcAll = System.getProperty("telemetry.lc_all");
        if (lcAll == null) return;
        if (lcAll.isEmpty()) variables.remove("LC_ALL");
        else variables.put("LC_ALL", lcAll.substring(1));
    }

    /** A locale with UTF-8 that this system has, the plainest first. */
    public static String utf8Locale(Map<String, String> env) {
        String plain = "C.UTF-8";
        for (String folder : new String[] {"C.utf8", plain})
            if (Files.isDirectory(Path.of("/usr/lib/locale", folder))) return plain;
        for (String variable : new String[] {"LC_ALL", "LC_CTYPE", "LANG"})
            if (env.getOrDefault(variable, "").matches("(?i).*\\.utf-?8")) return env.get(variable);
        return plain;
    }

    /** This process's variables. On Windows the case of their names does not count. */
    public static Map<String, String> environment() {
        if (!isWindows()) return System.getenv();
        Map<String, String> variables = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        variables.putAll(System.getenv());
        return variables;
    }

    /**
     * The program that this name starts, found on the PATH as the system finds it; on Windows as cmd does, but never in the working
     * folder.
     */
    public static Optional<Path> program(String name, Map<String, String> env) {
        if (isWindows()) return Program.found(name, null, env, file -> new File(file).isFile()).map(Path::of);
        for (String folder : env.getOrDefault("PATH", "").split(File.pathSeparator)) {
            var program = new File(folder, name);
            if (!folder.isBlank() && program.isFile() && program.canExecute()) return Optional.of(program.toPath());
        }
        return Optional.empty();
    }

    /** The file that is always empty and discards what is written to it. */
    public static File nothing() {
        return new File(isWindows() ? "NUL" : "/dev/null");
    }
}
