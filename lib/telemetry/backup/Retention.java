package telemetry.backup;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which backups may go. Those older than {@code keep} do, but never one of the newest {@code atLeast} verified ones, and none at all while
 * there are fewer of these: what is unverified may be all there is. One whose time lies ahead of the clock is none of these and does not
 * go.
 *
 * @param keep    by the time at which a backup was made
 * @param atLeast verified ones that stay, however old
 */
public record Retention(Duration keep, int atLeast) {

    /** The runbook's. */
    public static final Duration USUAL = Duration.ofDays(7);
    public static final int AT_LEAST = 2;

    /** Those that the next expiry takes, oldest first. */
    List<Backup> expired(List<Backup> backups, Instant now) {
        Set<Backup> kept = new HashSet<>(kept(backups, now));
        if (kept.size() < atLeast) return List.of();
        List<Backup> expired = new ArrayList<>();
        for (Backup backup : backups)
            if (!kept.contains(backup) && !backup.isAhead(now) && backup.age(now).compareTo(keep) > 0) expired.add(backup);
        expired.sort(Comparator.comparing(Backup::time));
        return expired;
    }

    /** The verified ones that stay in any case, newest first; fewer than {@code atLeast} when there are no more. */
    List<Backup> kept(List<Backup> backups, Instant now) {
        return backups.stream().filter(backup -> backup.isVerified() && !backup.isAhead(now))
                .sorted(Comparator.comparing(Backup::time).reversed()).limit(atLeast).toList();
    }

    /**
     * What is odd about a new backup that has less than half of the runs of another verified one, as an empty database has; null when
     * nothing is.
     */
    public String shrunk(Backup made, List<Backup> all) {
        for (Backup other : all)
            if (other.isVerified() && other.runs() / 2 > made.runs()) return "it has " + made.runs() + " runs, " + other.file()
                    .getFileName() + " has " + other.runs();
        return null;
    }
}
