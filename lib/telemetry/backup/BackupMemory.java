package telemetry.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.daylog.Records;
import telemetry.os.Attempt;
import telemetry.store.Reports;
import telemetry.text.JsonText;

/**
 * What a store remembers of its backups, in {@code reports/backups.ndjson}: which of them a verify found damaged, and to which folders
 * elsewhere some were made. Lines are only ever appended; of those about one backup the last one counts. A line that cannot be read is
 * none.
 */
final class BackupMemory {
    private static final String NAME = "backups.ndjson";
    private static final String REMEMBER = "remember it in";

    private final Store store;
    private final Records lines;
    private final Map<Path, String> damage = new LinkedHashMap<>();
    private final Map<Path, Instant> elsewhere = new LinkedHashMap<>();

    private BackupMemory(Store store) {
        this.store = store;
        this.lines = new Records(store.reports().resolve(NAME), "read what is remembered of the backups", REMEMBER);
    }

    /** @throws StoreException when it is there and cannot be read */
    static BackupMemory of(Store store) {
        var memory = new BackupMemory(store);
        memory.lines.forEach(memory::read);
        return memory;
    }

    private boolean read(Map<String, Object> members) {
        try {
            Path file = store.base().resolve(members.get("backup").toString()).normalize();
            damage.remove(file);
            if (members.get("damaged") != null) damage.put(file, members.get("damaged").toString());
            if (members.get("made") != null) elsewhere.merge(file.getParent(), Times.instant(members.get("made").toString()),
                    (one, other) -> one.isAfter(other) ? one : other);
            return true;
        } catch (InvalidPathException | NullPointerException | DateTimeException e) {
            return false;
        }
    }

    /** The backup as it is believed: not when a verify found it damaged and none has found it right since, nor from ahead of the clock. */
    Backup believed(Backup backup, Instant now) {
        String why = damage.get(backup.file());
        if (why != null) return backup.damaged(why);
        return backup.isAhead(now) ? backup.doubted("its time, " + Times.seconds(backup.time()) + ", lies ahead of the clock") : backup;
    }

    /** Those of a folder, newest first. */
    List<Backup> list(Path folder, Instant now) {
        return believed(BackupFolder.list(folder), now);
    }

    private List<Backup> believed(List<Backup> backups, Instant now) {
        List<Backup> believed = new ArrayList<>();
        for (Backup backup : backups) believed.add(believed(backup, now));
        return believed;
    }

    /** Those of the store's own folder and those that were made elsewhere. */
    KnownBackups known(Instant now) {
        List<Backup> all = list(store.backups(), now);
        List<KnownBackups.Away> away = new ArrayList<>();
        for (Map.Entry<Path, Instant> place : elsewhere.entrySet()) {
            try {
                all.addAll(believed(BackupFolder.listElsewhere(place.getKey()), now));
            } catch (StoreException e) {
                away.add(new KnownBackups.Away(place.getKey(), place.getValue(), e.why()));
            }
        }
        all.sort(BackupFolder.NEWEST_FIRST);
        return new KnownBackups(all, away);
    }

    /** A verify found it damaged. @throws StoreException as the others, when that is not on the disk */
    void damaged(Path backup, String why, Instant now) {
        if (damage.containsKey(backup)) return;
        append(backup, "damaged", why, now);
        damage.put(backup, why);
    }

    /** A verify found it right, or it was deleted: what was found before counts no more. */
    void clear(Path backup, Instant now) {
        if (!damage.containsKey(backup)) return;
        append(backup, "cleared", true, now);
        damage.remove(backup);
    }

    /** One was made in another folder than the store's own. */
    void made(Path backup, Instant time, Instant now) {
        append(backup, "made", time, now);
        elsewhere.put(backup.getParent(), time);
    }

    private void append(Path backup, String what, Object value, Instant now) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("backup", named(backup));
        line.put(what, value);
        line.put("at", now);
        try {
            if (Files.isSymbolicLink(lines.file())) throw new StoreException(StoreException.Reason.FAILED, REMEMBER, lines.file(),
                    "it is a symbolic link, which is not followed", null);
            Reports.make(store);
            lines.append(List.of(JsonText.line(line)));
        } catch (IOException e) {
            throw Attempt.refused(REMEMBER, lines.file(), e);
        }
    }

    /** In the store's folder by its name there, so that a store that was moved still knows it. */
    private String named(Path backup) {
        if (!backup.startsWith(store.base())) return backup.toString();
        return store.base().relativize(backup).toString().replace(backup.getFileSystem().getSeparator(), "/");
    }
}
