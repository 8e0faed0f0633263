package telemetry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.text.Words;

/**
 * One thing that a procedure set aside, and whether the store has everything in it by now.
 *
 * @param path   a folder of the quarantine, or a file directly in it
 * @param since  when it was set aside
 * @param size   of its files together
 * @param state  whether it may go
 * @param detail what was compared
 * @param next   what takes the rest of it back; null when nothing does
 */
public record Quarantined(Path path, Instant since, Size size, State state, String detail, Next next) {

    /** So long it stays in any case. */
    public static final Duration USUAL = Duration.ofDays(30);

    private static final Pattern STAMP = Pattern.compile(".*-(\\d{8}_\\d{6}).*");
    private static final DateTimeFormatter STAMPED = DateTimeFormatter.ofPattern("uuuuMMdd_HHmmss");

    public enum State {
        TAKEN_BACK, MISSING, UNKNOWN;

        @Override
        public String toString() {
            return this == TAKEN_BACK ? "taken back" : this == MISSING ? "not taken back" : "cannot tell";
        }
    }

    /** Everything, the oldest first, compared with the store of now. Changes nothing. */
    public static List<Quarantined> of(Store store) {
        List<Path> paths = paths(store);
        if (paths.isEmpty()) return List.of();
        List<Quarantined> all = new ArrayList<>();
        boolean isUnfinished = isUnfinished(store);
        try (var back = isUnfinished ? null : new TakenBack(store)) {
            for (Path path : paths)
                all.add(back == null ? unknown(store, path, "a recovery has not come to its end") : of(store, path, back));
        } catch (StoreException e) {
            all.clear();
            for (Path path : paths) all.add(unknown(store, path, "the store's database cannot be read: " + e.why()));
        }
        all.sort(Comparator.comparing(Quarantined::since));
        return all;
    }

    /** What stands there, without a look into it: the lock and the mark of a recovery are none of it. */
    public static List<Path> paths(Store store) {
        List<Path> paths = new ArrayList<>();
        for (Path path : listed(store)) {
            String name = path.getFileName().toString();
            if (!name.equals(".lock") && !name.endsWith(".unfinished")) paths.add(path);
        }
        return paths;
    }

    private static boolean isUnfinished(Store store) {
        return ExchangeMark.isThere(store) || listed(store).stream().anyMatch(path -> path.getFileName().toString().endsWith(".unfinished"));
    }

    private static List<Path> listed(Store store) {
        try {
            List<Path> paths = Inside.list(store.quarantine());
            paths.sort(null);
            return paths;
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw Attempt.refused("look into", store.quarantine(), e);
        }
    }

    private static Quarantined unknown(Store store, Path path, String why) {
        var size = new Size(Occupied.bytes(path));
        return new Quarantined(path, since(path), size, State.UNKNOWN, why, store.command("recover", "--dry-run"));
    }

    private static Quarantined of(Store store, Path path, TakenBack back) {
        Compared found = Compared.of(path, back);
        State state = found.why != null ? State.UNKNOWN : found.missing > 0 ? State.MISSING : State.TAKEN_BACK;
        boolean isDatabase = found.holds != null && !found.holds.toString().endsWith(".ndjson");
        Next next = state != State.MISSING ? null : isDatabase
                ? store.command("recover", "--salvage", found.holds.toString(), "--dry-run")
                : Next.words("look into " + found.holds + ": it holds the only copy of these lines");
        return new Quarantined(path, since(path), new Size(Occupied.bytes(path)), state, found.toString(), next);
    }

    /** All that is in a folder, or one file. @param holds a file with something that is missing; null when nothing is known to be */
    private record Compared(long rows, long missing, boolean unread, Path holds, String why) {
        static Compared of(Path path, TakenBack back) {
            long rows = 0;
            long missing = 0;
            boolean unread = false;
            Path holds = null;
            String why = null;
            for (Path file : files(path)) {
                if (isLog(file) && file.toFile().length() > 0 && Files.exists(database(file))) continue;
                TakenBack.Found found = back.in(file);
                rows += found.rows();
                missing += found.missing();
                unread |= found.unread();
                if (found.missing() > 0 && (holds == null || !file.toString().endsWith(".ndjson"))) holds = file;
                if (found.why() != null) why = path.relativize(file) + ": " + found.why();
            }
            return new Compared(rows, missing, unread, holds, why);
        }

        @Override
        public String toString() {
            if (why != null) return why;
            String part = unread ? "; the rest cannot be read" : "";
            return missing > 0 ? missing + " of " + Words.count(rows, "row") + " not in the store" + part
                    : Words.count(rows, "row") + ", all in the store" + part;
        }
    }

    /**
     * What of a folder is not known to be in the store.
     *
     * @param rows that the store lacks for certain
     */
    record Missing(long rows, String words) { }

    /** Null when the store has all of it. */
    static Missing missing(Store store, Path folder) {
        try (var back = new TakenBack(store)) {
            Compared found = Compared.of(folder, back);
            return found.missing > 0 || found.unread || found.why != null ? new Missing(found.missing, found.toString()) : null;
        } catch (StoreException e) {
            return new Missing(0, "it cannot be compared with the store: " + e.why());
        }
    }

    private static boolean isLog(Path file) {
        return file.toString().endsWith("-wal");
    }

    private static Path database(Path log) {
        String name = log.getFileName().toString();
        return log.resolveSibling(name.substring(0, name.length() - "-wal".length()));
    }

    /** Its own moment from its name, or else its time. */
    public static Instant since(Path path) {
        Matcher name = STAMP.matcher(path.getFileName().toString());
        try {
            if (name.matches()) return LocalDateTime.parse(name.group(1), STAMPED).toInstant(ZoneOffset.UTC);
        } catch (java.time.DateTimeException e) {
            // no such day: another name
        }
        return Attempt.of("look at", path, () -> Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant());
    }

    /** What goes with a database before it, so that a kill in between leaves no log alone. */
    private static List<Path> files(Path path) {
        return Attempt.of("look into", path, () -> Inside.tree(path).stream()
                .sorted(Comparator.comparing((Path file) -> !isLog(file)).thenComparing(Comparator.naturalOrder())).toList());
    }

    /** True when the store has all of it, and it was set aside longer ago than this. */
    public boolean mayGo(Duration olderThan, Instant now) {
        return state == State.TAKEN_BACK && Duration.between(since, now).compareTo(olderThan) >= 0;
    }

    /** Compares again and deletes it. @return empty when something in it is not taken back after all */
    private Optional<Quarantined> delete(Store store) {
        try (var back = new TakenBack(store)) {
            if (of(store, path, back).state != State.TAKEN_BACK) return Optional.empty();
        }
        Attempt.of("delete", path, () -> {
            for (Path file : files(path)) Inside.delete(file);
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) Inside.remove(path);
            Disk.syncFolder(store.quarantine());
        });
        return Optional.of(this);
    }

    /**
     * Deletes for good, while nobody replaces the database. Each is compared once more before it goes.
     *
     * @return those that are gone
     */
    public static List<Quarantined> expire(Store store, List<Quarantined> old) {
        if (old.isEmpty()) return List.of();
        return StoreLock.replacing(store, () -> old.stream().map(one -> one.delete(store)).flatMap(Optional::stream).toList());
    }
}
