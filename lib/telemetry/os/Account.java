package telemetry.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An account of this machine, by the numbers that its files carry. Windows has none.
 *
 * @param uid  its number
 * @param gid  its group, or the file's group where the system does not know the account by name
 * @param file that it owns; its name is looked up only when somebody asks, because the system may have to read a directory for it
 */
public record Account(int uid, int gid, Path file) {

    /** A login through PAM or a directory service may take seconds. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Prints those of its arguments that are refused, one a line: {@code x/folder} to enter, {@code w/file} to write to. */
    private static final String TRY = "for f; do p=${f#?}; case $f in x*) [ -x \"$p\" ];; *) [ -w \"$p\" ];; esac"
            + " || printf '%s\\n' \"$f\"; done";

    /** Empty where files carry no such numbers. @throws IOException when the file cannot be looked at */
    public static Optional<Account> ownerOf(Path file) throws IOException {
        try {
            Map<String, Object> numbers = Files.readAttributes(file, "unix:uid,gid");
            return Optional.of(new Account((int) numbers.get("uid"), (int) numbers.get("gid"), file));
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The account of this program; empty where the system has no /proc. */
    public static Optional<Account> own() {
        try {
            return ownerOf(Path.of("/proc/self"));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Its name; its number where it has none, or where the file has another owner by now. */
    public String name() {
        try {
            return (int) Files.getAttribute(file, "unix:uid") == uid ? Files.getAttribute(file, "unix:owner").toString()
                    : String.valueOf(uid);
        } catch (IOException e) {
            return String.valueOf(uid);
        }
    }

    public boolean isRoot() {
        return uid == 0;
    }

    /**
     * Asks the system, as this account, which of these it may not enter or write to. Only root can do that.
     *
     * @param folders to enter
     * @param files   to write to; for a folder, to make files in it
     * @return empty when it cannot be asked: none of setpriv, runuser and su exists, or it refuses
     */
    public Optional<List<Path>> asked(List<Path> folders, List<Path> files) {
        List<String> command = new ArrayList<>(login());
        if (command.isEmpty()) return Optional.empty();
        for (Path folder : folders) command.add("x" + folder);
        for (Path file : files) command.add("w" + file);
        return Answer.of(Program.own(command), PATIENCE).filter(answer -> answer.exit() == 0).map(answer -> {
            Set<String> refused = new LinkedHashSet<>(answer.text().lines().toList());
            List<Path> closed = new ArrayList<>();
            for (Path folder : folders) if (refused.contains(latin("x" + folder))) closed.add(folder);
            for (Path file : files) if (refused.contains(latin("w" + file))) closed.add(file);
            return closed;
        });
    }

    /** In the encoding of {@link Answer}, whatever the bytes of the name. */
    private static String latin(String name) {
        return new String(name.getBytes(), StandardCharsets.ISO_8859_1);
    }

    private boolean isKnown() {
        return !name().equals(String.valueOf(uid));
    }

    private List<String> login() {
        Map<String, String> env = Machine.environment();
        if (Machine.program("setpriv", env).isPresent()) {
            List<Integer> groups = groups();
            return List.of("setpriv", "--reuid=" + uid, "--regid=" + groups.get(0),
                    isKnown() ? "--init-groups" : "--clear-groups", "sh", "-c", TRY, "sh");
        }
        if (isKnown() && Machine.program("runuser", env).isPresent()) return List.of("runuser", "-u", name(), "--", "sh", "-c", TRY, "sh");
        return isKnown() && Machine.program("su", env).isPresent() ? List.of("su", "-s", "/bin/sh", "-c", TRY, name(), "sh") : List.of();
    }

    /** The numbers of its groups, its own first. For an account that the system does not know it is the file's group. */
    private List<Integer> groups() {
        List<Integer> groups = new ArrayList<>();
        if (isKnown()) Answer.of(Program.own("id", "-G", name()), PATIENCE).filter(answer -> answer.exit() == 0)
                .ifPresent(answer -> {
                    for (String group : answer.text().strip().split(" ")) if (group.matches("\\d{1,9}")) groups.add(Integer.valueOf(group));
                });
        return groups.isEmpty() ? List.of(gid) : groups;
    }

    /** The same as {@link #asked}, judged by owner, groups and mode, without access lists. What this program may not see counts as open. */
    public List<Path> judged(List<Path> folders, List<Path> files) throws IOException {
        List<Integer> groups = isRoot() ? List.of() : groups();
        List<Path> closed = new ArrayList<>();
        for (Path folder : folders) if (!may(folder, 0111, groups)) closed.add(folder);
        for (Path file : files) if (!may(file, 0222, groups)) closed.add(file);
        return closed;
    }

    /** @param bits the same for owner, group and others */
    private boolean may(Path file, int bits, List<Integer> groups) throws IOException {
        if (isRoot()) return true;
        Map<String, Object> its = Files.readAttributes(file, "unix:uid,gid,mode");
        int whose = (int) its.get("uid") == uid ? 0700 : groups.contains((int) its.get("gid")) ? 0070 : 0007;
        return ((int) its.get("mode") & bits & whose) != 0;
    }

    /** {@code owner root, mode 0644}; for a link its own. Only the owner where files have no mode. */
    public static String described(Path file) throws IOException {
        try {
            Map<String, Object> its = Files.readAttributes(file, "unix:owner,mode", LinkOption.NOFOLLOW_LINKS);
            return "owner " + its.get("owner") + ", mode " + String.format("%04o", (int) its.get("mode") & 07777);
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return "owner " + Files.getOwner(file, LinkOption.NOFOLLOW_LINKS);
        }
    }

    /** {@code a FIFO}, for what is neither a plain file nor a folder. @throws IOException when it cannot be looked at */
    public static String kindOf(Path file) throws IOException {
        if (Files.isDirectory(file)) return "a folder";
        if (Files.isSymbolicLink(file) && Files.notExists(file)) return "a link to a file that is not there";
        try {
            return switch ((int) Files.getAttribute(file, "unix:mode") & 0170000) {
                case 0010000 -> "a FIFO";
                case 0140000 -> "a socket";
                case 0020000, 0060000 -> "a device";
                default -> "no plain file";
            };
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return "no plain file";
        }
    }

    /**
     * True when nobody but this account can have written a file of a cache: it and every folder from the cache's root down are this
     * account's and writable for nobody else, and every folder above is its or root's. Also where files have no owners.
     */
    public static boolean isOnlyOwn(Path root, Path file) throws IOException {
        int own = own().map(Account::uid).orElse(-1);
        if (own < 0 || !file.getFileSystem().supportedFileAttributeViews().contains("unix")) return true;
        Path top = root.toRealPath();
        for (Path path = top.resolve(root.relativize(file)); path != null; path = path.getParent()) {
            Map<String, Object> its = Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
            int uid = (int) its.get("uid");
            boolean isBelow = path.startsWith(top);
            if (uid != own && (isBelow || uid != 0)) return false;
            if (isBelow && ((int) its.get("mode") & 0022) != 0) return false;
        }
        return true;
    }
}
