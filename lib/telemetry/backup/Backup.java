package telemetry.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.text.JsonText;

/**
 * A backup as its name, its size and its manifest describe it; nothing here says that the bytes are still the right ones.
 *
 * @param file       where it is
 * @param time       when it was made
 * @param size       of the file
 * @param runs       that it has; null when nobody says
 * @param isVerified true when it was checked when it was made, and nothing has been found against it since
 * @param doubt      why it does not count as verified, in a few words; null when it does
 * @param isDamaged  true when a verify found it so, and none has found it right since
 */
public record Backup(Path file, Instant time, Size size, Long runs, boolean isVerified, String doubt, boolean isDamaged)
        implements JsonText.Inline {

    /** The clocks of two machines, or of one before and after it was set right, may differ by so much. */
    private static final Duration SKEW = Duration.ofMinutes(1);

    /** The runbook's name, and the one that older tools left; a time of day may be missing there. */
    private static final Pattern NAME = Pattern.compile("telemetry(?:_backup_|\\.backup\\.)(\\d{8})(?:_(\\d{6}))?\\.sqlite(?:\\.gz)?");
    private static final String OTHERS = "telemetry.backup.";

    /** Local time is behind UTC by so much at most, and a copy takes its time. */
    private static final Duration FURTHEST_WEST = Duration.ofHours(13);
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("uuuuMMddHHmmss");

    /** What stands there under a backup's name, or another. */
    static Backup of(Path file) throws IOException {
        Instant named = made(file, Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant());
        var size = new Size(Files.size(file));
        try {
            BackupManifest manifest = BackupManifest.read(file);
            if (manifest == null) return new Backup(file, named, size, null, false, "it has no manifest", false);
            String doubt = manifest.bytes() != size.bytes() ? "its size is not the manifest's"
                    : manifest.check() == BackupCheck.NONE ? "it was not checked when it was made" : null;
            return new Backup(file, manifest.time(), size, manifest.runs(), doubt == null, doubt, false);
        } catch (StoreException e) {
            return new Backup(file, named, size, null, false, "its manifest cannot be trusted: " + e.why(), false);
        }
    }

    /** The name of a backup made at this time: {@code telemetry_backup_20251211_143000.sqlite}. */
    static String name(Instant time) {
        return "telemetry_backup_" + Times.stamp(time) + ".sqlite";
    }

    /** The time in a backup's name, taken as UTC; empty when the file has no backup's name. */
    static Optional<Instant> timeOf(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (!name.matches()) return Optional.empty();
        try {
            return Optional.of(LocalDateTime.parse(name.group(1) + (name.group(2) == null ? "000000" : name.group(2)), STAMP)
                    .toInstant(ZoneOffset.UTC));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /**
     * When a backup without a manifest was made. An older tool's name has the local time of an unknown place, so the file's time counts,
     * unless it is later than the name can mean anywhere: then the file was copied.
     */
    private static Instant made(Path file, Instant changed) {
        Instant named = timeOf(file).orElse(changed);
        Matcher name = NAME.matcher(file.getFileName().toString());
        boolean isOther = name.matches() && name.group().startsWith(OTHERS);
        return isOther && changed.isBefore(named.plus(name.group(2) == null ? FURTHEST_WEST.plusDays(1) : FURTHEST_WEST)) ? changed : named;
    }

    /** Never less than nothing. */
    public Duration age(Instant now) {
        return time.isAfter(now) ? Duration.ZERO : Duration.between(time, now);
    }

    /** True when it says that it will be made: then the clock is wrong, or was when it was made, and nobody knows how old it is. */
    public boolean isAhead(Instant now) {
        return time.isAfter(now.plus(SKEW));
    }

    public boolean isCompressed() {
        return file.getFileName().toString().endsWith(".gz");
    }

    /** This one, after a verify has found it damaged. */
    Backup damaged(String why) {
        return new Backup(file, time, size, runs, false, "a verify found it damaged: " + why, true);
    }

    /** This one, which is not believed for another reason. */
    Backup doubted(String why) {
        return new Backup(file, time, size, runs, false, why, isDamaged);
    }
}
