package telemetry.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An account of this machine, by the numbers that its files carry. Windows has none. @param name its number where it has none */
public record Account(int uid, int gid, String name) {

    /** A login through PAM or a directory service may take seconds. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Prints those of its arguments that may not be written to, one a line. */
    private static final String TRY = "for f; do [ -w \"$f\" ] || printf '%s\\n' \"$f\"; done";

    /** Empty where files carry no such numbers. @throws IOException when the file cannot be looked at */
    public static Optional<Account> ownerOf(Path file) throws IOException {
        try {
            Map<String, Object> numbers = Files.readAttributes(file, "unix:uid,gid,owner");
            return Optional.of(new Account((int) numbers.get("uid"), (int) numbers.get("gid"), numbers.get("owner").toString()));
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The one that this program runs as; empty where the system has no /proc. */
    public static Optional<Account> own() {
        try {
            return ownerOf(Path.of("/proc/self"));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    public boolean isRoot() {
        return uid == 0;
    }

    /**
     * Asks the system, as this account, which of these files and folders it may not write to. Only root can do that.
     *
     * @return empty when nobody can be asked: none of setpriv, runuser and su is there, or it refuses
     */
    public Optional<List<Path>> asked(List<Path> files) {
        List<String> command = new ArrayList<>(login());
        if (command.isEmpty()) return Optional.empty();
        for (Path file : files) command.add(file.toString());
        return Answer.of(new ProcessBuilder(command), PATIENCE).filter(answer -> answer.exit() == 0)
                .map(answer -> files.stream().filter(file -> answer.text().lines().anyMatch(latin(file)::equals)).toList());
    }

    /** As {@link Answer} has it, whatever the bytes of the name. */
    private static String latin(Path file) {
        return new String(file.toString().getBytes(), StandardCharsets.ISO_8859_1);
    }

    private List<String> login() {
        boolean isKnown = !name.equals(String.valueOf(uid));
        Map<String, String> env = Machine.environment();
        if (Machine.program("setpriv", env).isPresent()) return List.of("setpriv", "--reuid=" + uid, "--regid=" + gid,
                isKnown ? "--init-groups" : "--clear-groups", "sh", "-c", TRY, "sh");
        if (isKnown && Machine.program("runuser", env).isPresent()) return List.of("runuser", "-u", name, "--", "sh", "-c", TRY, "sh");
        return isKnown && Machine.program("su", env).isPresent() ? List.of("su", "-s", "/bin/sh", "-c", TRY, name, "sh") : List.of();
    }

    /** Judged by owner, group and mode alone: other groups of the account and access lists are not looked at. */
    public boolean mayWrite(Path file) throws IOException {
        Map<String, Object> its = Files.readAttributes(file, "unix:uid,gid,mode");
        int mode = (int) its.get("mode");
        int bit = (int) its.get("uid") == uid ? 0200 : (int) its.get("gid") == gid ? 0020 : 0002;
        return isRoot() || (mode & bit) != 0;
    }

    /** {@code owner root, mode 0644} */
    public static String described(Path file) throws IOException {
        Map<String, Object> its = Files.readAttributes(file, "unix:owner,mode");
        return "owner " + its.get("owner") + ", mode " + String.format("%04o", (int) its.get("mode") & 07777);
    }
}
