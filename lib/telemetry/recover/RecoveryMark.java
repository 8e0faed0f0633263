package telemetry.recover;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import telemetry.Store;
import telemetry.Times;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.CutShort;
import telemetry.store.Quarantine;
import telemetry.text.Notes;
import telemetry.text.Words;

/**
 * Says that a recovery has begun and has not come to its end: {@code quarantine/recover-20261120_120000.unfinished}. It lists what the
 * quarantine had before, so that whoever goes on knows which damaged files belong to it.
 *
 * @param stamp  of the beginning
 * @param others names in the quarantine that are none of its own
 */
record RecoveryMark(Store store, String stamp, Set<String> others) {
    private static final Pattern NAME = Pattern.compile("recover-(\\d{8}_\\d{6})\\.unfinished");
    /** More is no list of a quarantine. */
    private static final int MOST_BYTES = 1 << 20;

    /** The oldest that is there; null when there is none. */
    static RecoveryMark find(Store store) {
        return all(store).stream().min(String::compareTo).map(stamp -> read(store, stamp)).orElse(null);
    }

    /** The one that is there, or a new one. */
    static RecoveryMark begin(Store store, Instant now) {
        RecoveryMark left = find(store);
        if (left != null) return left;
        Path file = file(store, Times.stamp(now));
        Path made = Unfinished.beside(Quarantine.make(store.quarantine()).resolve(file.getFileName()));
        try (FileChannel channel = NewFile.create(made)) {
            var names = new StringBuilder();
            List<Path> cutShort = CutShort.folders(store);
            for (Path one : listed(store))
                if (!cutShort.contains(one) && one.getFileName().toString().matches("[!-~]+")) names.append(one.getFileName()).append('\n');
            for (ByteBuffer bytes = StandardCharsets.US_ASCII.encode(names.toString()); bytes.hasRemaining(); ) channel.write(bytes);
            channel.force(true);
            Disk.publish(made, file);
            Disk.syncFolder(store.quarantine());
        } catch (FileAlreadyExistsException e) {
            // another recovery has begun at this very second: it is the same one
        } catch (IOException e) {
            throw Attempt.refused("note that a recovery begins in", file, e);
        } finally {
            DatabaseFile.delete(made);
        }
        return read(store, Times.stamp(now));
    }

    /** A name that is skipped has its folder taken for one of this recovery: too much is looked into then, not too little. */
    private static RecoveryMark read(Store store, String stamp) {
        Path file = file(store, stamp);
        Set<String> names = new HashSet<>();
        byte[] bytes = Attempt.of("read", file, () -> {
            try (InputStream in = Inside.stream(file)) {
                return in.readNBytes(MOST_BYTES);
            }
        });
        for (int from = 0, to; from < bytes.length; from = to + 1) {
            for (to = from; to < bytes.length && bytes[to] != '\n'; ) to++;
            String name = new String(bytes, from, to - from, StandardCharsets.UTF_8);
            boolean isName = to < bytes.length && name.indexOf('\uFFFD') < 0 && name.indexOf('\0') < 0;
            if (isName) names.add(name);
            else Notes.add("skipped " + Words.count(to - from, "byte") + " of " + file + " at byte " + from + ": no whole name");
        }
        return new RecoveryMark(store, stamp, names);
    }

    private static Path file(Store store, String stamp) {
        return store.quarantine().resolve("recover-" + stamp + ".unfinished");
    }

    private static List<String> all(Store store) {
        List<String> stamps = new ArrayList<>();
        for (Path file : listed(store)) {
            Matcher name = NAME.matcher(file.getFileName().toString());
            if (name.matches() && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) stamps.add(name.group(1));
        }
        return stamps;
    }

    private static List<Path> listed(Store store) {
        try {
            List<Path> files = Inside.list(store.quarantine());
            files.sort(null);
            return files;
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw Attempt.refused("look into", store.quarantine(), e);
        }
    }

    /** The damaged databases that this recovery has put aside, or copied before it overwrote them; oldest first. */
    List<Path> kept() {
        return own(store.database().getFileName().toString()).toList();
    }

    /** Their logs, and those that had no database beside them. */
    List<Path> logs() {
        return own(store.database().getFileName() + "-wal").filter(log -> log.toFile().length() > 0).toList();
    }

    private Stream<Path> own(String file) {
        return listed(store).stream().filter(folder -> Quarantine.FOLDER.matcher(folder.getFileName().toString()).matches()
                        && !others.contains(folder.getFileName().toString()) && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS))
                .map(folder -> folder.resolve(file)).filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS));
    }

    /**
     * One that was killed after the damaged database was moved aside and before another took its place: puts it back, with its logs first,
     * so that all is as before and its schema is known.
     */
    void putBack() {
        List<Path> kept = kept();
        if (kept.isEmpty() || Files.exists(store.database(), LinkOption.NOFOLLOW_LINKS)) return;
        Path last = kept.get(kept.size() - 1);
        Attempt.of("put the damaged database back as", store.database(), () -> {
            CutShort.putBack(store, last.getParent());
        });
    }

    /** It has come to its end, and any other that was going on with it. */
    void end() {
        Attempt.of("note the recovery's end in", store.quarantine(), () -> {
            for (String stamp : all(store)) Inside.delete(file(store, stamp));
            Disk.syncFolder(store.quarantine());
        });
        Quarantine.removeIfEmpty(store.quarantine());
    }
}
