package telemetry.backup;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Attempt;
import telemetry.os.GzipFile;
import telemetry.os.Inside;
import telemetry.os.Sha256;
import telemetry.text.JsonText;

/**
 * What stands beside a backup and says what it has to be, in {@code <its name>.manifest.json}. The last member is the SHA-256 of the
 * others' text, so that no change of a single bit goes unseen in the manifest either.
 *
 * @param time          of the database's state that was copied
 * @param bytes         of the file
 * @param sha256        of the file, in hexadecimal digits; null for a plain copy that was not checked at all
 * @param contentBytes  of the database in it: the same, unless the file is compressed
 * @param contentSha256 likewise
 * @param check         that it has passed
 * @param schema        in words: {@code "v3"}
 * @param journalMode   of the database that was copied
 * @param pageSize      in bytes
 * @param sqlite        version of the library that copied
 * @param orphans       rows that refer to others that are not there; null when the tables do not let SQLite tell
 * @param rows          of each table
 */
record BackupManifest(Instant time, long bytes, String sha256, long contentBytes,
        String contentSha256, BackupCheck check, String schema, String journalMode,
        long pageSize, String sqlite, Long orphans, Map<String, Long> rows) {

    private static final String SUFFIX = ".manifest.json";
    private static final String SEAL = "seal";
    private static final Pattern SEALED = Pattern.compile("(.*),\\s+\"" + SEAL + "\": \"(\\w+)\"\\s+}\\s*", Pattern.DOTALL);

    /** Of a file as this class writes it; more is something else. */
    private static final int MOST_BYTES = 1 << 20;

    /** @param content of the backup's file: the copy itself, or the copy compressed */
    static BackupManifest of(Snapshot copy, GzipFile.Content content, BackupCheck check, Long orphans) {
        return new BackupManifest(copy.time(), content.compressedBytes(), content.compressedSha256(), content.bytes(), content.sha256(),
                check, copy.schema(), copy.journal(), copy.pageSize(), copy.sqlite(), orphans, copy.rows());
    }

    /** Where a backup's manifest is. */
    static Path of(Path backup) {
        return backup.resolveSibling(backup.getFileName() + SUFFIX);
    }

    /** The backup whose manifest this would be; null when it has another name. */
    static Path backupOf(Path manifest) {
        String name = manifest.getFileName().toString();
        return name.endsWith(SUFFIX) ? manifest.resolveSibling(name.substring(0, name.length() - SUFFIX.length())) : null;
    }

    /**
     * Reads a backup's manifest.
     *
     * @return null when it has none
     * @throws StoreException {@code DAMAGED} when it is not, byte for byte, as it was written
     */
    static BackupManifest read(Path backup) {
        Path file = of(backup);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) return null;
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) throw damaged(file, "it is no plain file", null);
        String text = Attempt.of("read the manifest", file, () -> {
            try (InputStream in = Inside.stream(file)) {
                return new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
            }
        });
        try {
            BackupManifest manifest = of(JsonText.object(text));
            if (manifest.text().equals(text) || sealed(JsonText.pretty(manifest)).equals(text)) return manifest;
        } catch (RuntimeException e) {
            throw damaged(file, whyNot(text), e);
        }
        throw damaged(file, whyNot(text), null);
    }

    /** A seal that is right over members that are not known here. */
    private static String whyNot(String text) {
        Matcher sealed = SEALED.matcher(text);
        boolean isWhole = sealed.matches() && Sha256.of((sealed.group(1) + "\n}").getBytes(StandardCharsets.UTF_8)).equals(sealed.group(2));
        if (isWhole) return "another version of this toolkit wrote it, which can use it";
        return text.endsWith("}\n") ? "it is not as it was written" : "it is not as it was written: torn at byte "
                + text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** @throws RuntimeException when something is missing or of another type */
    private static BackupManifest of(Map<String, Object> members) {
        Map<String, Long> rows = new LinkedHashMap<>();
        JsonText.object((String) members.get("rows")).forEach((table, count) -> rows.put(table, (Long) count));
        var manifest = new BackupManifest(Times.instant((String) members.get("time")), (Long) members.get("bytes"),
                (String) members.get("sha256"),
                (Long) members.get("content_bytes"), (String) members.get("content_sha256"),
                BackupCheck.of(members.get("check").toString()),
                members.get("schema").toString(), members.get("journal_mode").toString(), (Long) members.get("page_size"),
                members.get("sqlite").toString(), (Long) members.get("orphans"), rows);
        boolean isOne = manifest.time != null && manifest.bytes >= 0 && manifest.contentBytes >= 0 && manifest.pageSize >= 0
                && rows.values().stream().allMatch(count -> count != null && count >= 0);
        if (!isOne) throw new IllegalArgumentException("no backup is like this");
        return manifest;
    }

    private static StoreException damaged(Path file, String why, Exception cause) {
        return new StoreException(StoreException.Reason.DAMAGED, "trust the manifest",
                file, why, Next.words("choose another one").then(Next.command("backup", "list")), cause);
    }

    /** The manifest as it stands on the disk. */
    String text() {
        return sealed(JsonText.ascii(JsonText.pretty(this)));
    }

    /** An earlier version wrote other characters than ASCII as they are. */
    private static String sealed(String members) {
        String seal = Sha256.of(members.getBytes(StandardCharsets.UTF_8));
        return members.substring(0, members.lastIndexOf('\n')) + ",\n  \"" + SEAL + "\": \"" + seal + "\"\n}\n";
    }

    /** How many runs the backup has. */
    long runs() {
        return rows.getOrDefault("agent_runs", 0L);
    }
}
