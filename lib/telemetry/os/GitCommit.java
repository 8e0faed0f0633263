package telemetry.os;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A commit as the git on the PATH knows it.
 *
 * @param hash       all its digits
 * @param author     {@code Ann <ann@example.org>}
 * @param date       when its author made it, with offset
 * @param insertions lines; those of binary files are not counted
 */
public record GitCommit(String hash, String author, String date, String message, long files, long insertions, long deletions) {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String FORMAT = "--format=%H%x00%an <%ae>%x00%aI%x00%B%x00";

    /**
     * @param folder in its checkout
     * @param name   of a commit: a hash, also a short one, a branch, HEAD
     * @return empty when git is missing, or knows none of that name there
     */
    public static Optional<GitCommit> of(Path folder, String name) {
        if (name.startsWith("-")) return Optional.empty();
        var git = Program.own("git", "--no-pager", "-C", folder.toAbsolutePath().toString(), "show", "--no-ext-diff",
                "--no-textconv",
                "--no-color", "--numstat", FORMAT, name + "^{commit}", "--").with("GIT_OPTIONAL_LOCKS", "0");
        return Answer.of(git, PATIENCE).filter(answer -> answer.exit() == 0).map(answer -> read(answer.text())).filter(Optional::isPresent)
                .map(Optional::get);
    }

    private static Optional<GitCommit> read(String answer) {
        String[] parts = new String(answer.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8).split("\0", 5);
        if (parts.length < 5) return Optional.empty();
        long[] count = new long[3];
        parts[4].lines().map(line -> line.split("\t", 3)).filter(file -> file.length == 3).forEach(file -> {
            count[0]++;
            for (int i = 0; i < 2; i++) if (file[i].matches("\\d{1,12}")) count[i + 1] += Long.parseLong(file[i]);
        });
        return Optional.of(new GitCommit(parts[0], parts[1], parts[2], parts[3].strip(), count[0], count[1], count[2]));
    }
}
