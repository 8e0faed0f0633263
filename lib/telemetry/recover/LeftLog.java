package telemetry.recover;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import telemetry.Database;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.WriteAheadLog;
import telemetry.text.Words;

/**
 * The -wal that stands beside a database, as its own bytes tell it, before SQLite opens the two and reads them as one.
 *
 * @param file    of the log
 * @param commits of which every byte is proved
 * @param broken  commits of which a part is damaged; at least so many
 * @param isWhole false when something may be missing: a damaged header, frame or end
 */
record LeftLog(Path file, long commits, long broken, boolean isWhole) {

    /** A writer at work may be in the middle of a frame. */
    private static final int TRIES = 5;
    private static final int PAUSE_MILLIS = 100;

    /** Changes nothing. @return null when there is none, or an empty one */
    static LeftLog beside(Path database) {
        Path file = DatabaseFile.beside(database, "-wal");
        LeftLog log = null;
        for (int i = 0; i < TRIES; i++) {
            if (!isLog(file)) return null;
            LeftLog before = log;
            try {
                log = read(file, WriteAheadLog.pageSizeOf(database));
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.MISSING) throw e;
                return null;
            }
            if (log.isWhole || log.equals(before)) return log;
            pause();
        }
        return log;
    }

    /** True for a file with something in it; SQLite does not follow a link there either. */
    static boolean isLog(Path file) {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && file.toFile().length() > 0;
    }

    private static LeftLog read(Path file, int pageSize) {
        try (WriteAheadLog log = WriteAheadLog.read(file, pageSize)) {
            return new LeftLog(file, log.commits(), log.broken(), log.isWhole());
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * True when the database file is sound without the log that makes it a damaged one: another file was put in its place, and the log is
     * the former one's.
     *
     * @param database which SQLite finds damaged when it reads both
     */
    static boolean isForeignTo(Path database) {
        Path file = DatabaseFile.beside(database, "-wal");
        if (!isLog(file)) return false;
        try (Database alone = Database.openFrozen(database)) {
            return Schema.of(alone).isUsable() && Integrity.of(alone, null, false, null).isSound();
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            return false;
        }
    }

    /** The highest number of a row of runs, read without the log; -1 where rows have no numbers. */
    static long lastNumberOf(Path database) {
        try (Database alone = Database.openFrozen(database)) {
            String number = Schema.of(alone).number();
            return number == null ? -1 : alone.number("SELECT max(" + number + ") FROM agent_runs NOT INDEXED");
        }
    }

    /** A copy under its own name, whole or not there. */
    void keepIn(Path folder) {
        Path kept = folder.resolve(file.getFileName());
        Path unfinished = Unfinished.beside(kept);
        Attempt.of("keep the -wal in", folder, () -> {
            Disk.copy(file, NewFile.create(unfinished));
            Disk.publish(unfinished, kept);
            Disk.syncFolder(folder);
        });
    }

    /** With its -shm, from beside a file that it is not of and that nobody has open. */
    void remove() {
        String name = file.getFileName().toString();
        Attempt.of("remove the -wal", file, () -> {
            Inside.delete(file);
            Inside.delete(file.resolveSibling(name.substring(0, name.length() - "-wal".length()) + "-shm"));
            Disk.syncFolder(file.getParent());
        });
    }

    @Override
    public String toString() {
        return "the -wal has " + Words.count(commits, "whole commit") + (broken == 0 ? "" : " and at least " + broken + " damaged")
                + (isWhole || broken > 0 ? "" : ", and its header or its end is damaged");
    }
}
