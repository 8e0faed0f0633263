package telemetry.os;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Optional;

/**
 * A git checkout, read from its own files: git need not be installed, is not run, and nothing is written. Source: gitrepository-layout(5)
 * and git-config(1).
 *
 * @param folder with HEAD
 * @param repo   the address of origin, or of the first remote when there is none of that name, without user, password or token; null
 *               without a remote
 */
public record GitCheckout(Path folder, String repo) {
    private static final int MOST_BYTES = 1 << 20;

    /** The checkout that this folder is, or is in. */
    public static Optional<GitCheckout> around(Path folder) {
        for (Path at = folder.toAbsolutePath(); at != null; at = at.getParent()) {
            Path git = folderOf(at.resolve(".git"));
            if (git != null && Files.isRegularFile(git.resolve("HEAD"))) return Optional.of(new GitCheckout(git, remote(git)));
        }
        return Optional.empty();
    }

    /** In a worktree or submodule, {@code .git} is a file that names the folder. */
    private static Path folderOf(Path git) {
        if (Files.isDirectory(git)) return git;
        String link = read(git);
        return link.startsWith("gitdir:") ? resolved(git.getParent(), link.substring(7)) : null;
    }

    /** The branch that is checked out now; null when HEAD is no branch. */
    public String branch() {
        String head = read(folder.resolve("HEAD"));
        return head.startsWith("ref: refs/heads/") && !head.endsWith("/.invalid") ? head.substring(16).strip() : null;
    }

    /**
     * An identity of HEAD that changes with the branch, because git replaces the file; null when it is unknown. Comparing it is faster than
     * reading HEAD for every run.
     */
    public Object head() {
        try {
            var head = Files.readAttributes(folder.resolve("HEAD"), BasicFileAttributes.class);
            return Arrays.asList(head.fileKey(), head.lastModifiedTime(), head.size());
        } catch (IOException e) {
            return null;
        }
    }

    private static String remote(Path git) {
        String shared = read(git.resolve("commondir"));
        Path common = shared.isEmpty() ? git : resolved(git, shared);
        String section = "";
        String first = null;
        for (String line : read(common.resolve("config")).split("\\R")) {
            String text = line.strip();
            if (text.startsWith("[")) section = text;
            if (!section.startsWith("[remote ") || !text.matches("(?i)url\\s*=.*")) continue;
            String url = withoutSecrets(text.substring(text.indexOf('=') + 1).strip().replace("\"", ""));
            if (section.startsWith("[remote \"origin\"]")) return url;
            if (first == null) first = url;
        }
        return first;
    }

    /** {@code https://user:token@host/x.git?key=…} becomes {@code https://host/x.git}; {@code git@host:x.git} has no secret and stays. */
    static String withoutSecrets(String url) {
        int host = url.indexOf("://") < 0 ? 0 : url.indexOf("://") + 3;
        int slash = url.indexOf('/', host);
        String authority = url.substring(host, slash < 0 ? url.length() : slash);
        int at = authority.lastIndexOf('@');
        boolean hasUser = at >= 0 && (host > 0 || authority.lastIndexOf(':', at) >= 0 && authority.indexOf('\\') < 0);
        String clean = hasUser ? url.substring(0, host) + url.substring(host + at + 1) : url;
        return host > 0 ? clean.replaceFirst("[?#].*", "") : clean;
    }

    private static Path resolved(Path folder, String path) {
        try {
            return folder.resolve(path.strip()).normalize();
        } catch (InvalidPathException e) {
            return folder;
        }
    }

    /** Empty when there is no file that can be read. */
    private static String read(Path file) {
        if (!Files.isRegularFile(file)) return "";
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
