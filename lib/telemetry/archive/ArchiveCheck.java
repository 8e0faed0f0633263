package telemetry.archive;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import telemetry.Check;
import telemetry.Checks;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.GzipFile;
import telemetry.os.Sha256;
import telemetry.text.Result;
import telemetry.text.Words;

/**
 * Is every file of an archive what it was when it was archived? Its SHA-256 shows a change of any bit. A file that the manifest does not
 * know, because a full disk had no room for the line or somebody put the file there, is read by its own checksum and then listed.
 */
public final class ArchiveCheck {
    private static final Next FROM_A_BACKUP = Next.words("copy it from a backup of the archive; "
            + "the lines before the damage can still be read");

    /** One check a file, by day; named as the manifest names it. {@code toString()} is how many are right, then those that are not. */
    public record Verified(List<Check> data) implements Result {
        @Override
        public Check.Status status() {
            return new Checks(data).status();
        }

        @Override
        public String toString() {
            List<Check> wrong = data.stream().filter(check -> check.status() != Check.Status.OK).toList();
            String sum = (data.size() - wrong.size()) + " of " + data.size() + " archived files are right";
            return Words.listed(sum, wrong, wrong.size(), some -> some.stream().map(check -> check.status() + "  "
                    + Next.line(check.name() + ": " + check.detail(), check.hint())).collect(joining(System.lineSeparator())));
        }
    }

    private final Archive archive;
    private final boolean deep;
    private final LongConsumer progress;

    /**
     * @param deep     also uncompress every file and compare the content's SHA-256 and its number of lines
     * @param progress is given the number of bytes on disk that were looked at since it was last called, from any thread
     */
    public ArchiveCheck(Archive archive, boolean deep, LongConsumer progress) {
        this.archive = archive;
        this.deep = deep;
        this.progress = progress;
    }

    public Verified run() {
        Map<String, Check> checks = new TreeMap<>();
        ArchiveList found = archive.listed();
        List<String> unread = found.unread().stream().map(archive::nameOf).toList();
        for (String name : unread) checks.put(name, Check.unknown(name, "this folder cannot be read", Next.OTHER_ACCOUNT));
        for (String name : archive.manifest().read().keySet())
            if (unread.stream().noneMatch(folder -> name.startsWith(folder + "/")))
                checks.put(name, Check.failed(name, "it is listed and not there", FROM_A_BACKUP));
        new ArrayList<>(found.files().entrySet()).parallelStream().map(file -> check(file.getKey(), file.getValue())).toList()
                .forEach(check -> checks.put(check.name(), check));
        return new Verified(List.copyOf(checks.values()));
    }

    private Check check(DayFile file, Optional<ArchiveManifest.Entry> listed) {
        String name = archive.nameOf(file.path());
        try {
            Check check = listed.isEmpty() ? unlisted(name, file) : compared(file, listed.get());
            progress.accept(Files.size(file.path()));
            return check;
        } catch (StoreException e) {
            return e.reason() == StoreException.Reason.DAMAGED ? damaged(file, e.why()) : Check.failed(name, e.why(), null);
        } catch (IOException e) {
            return Check.failed(name, Attempt.refused("read", file.path(), e).why(), null);
        }
    }

    private Check compared(DayFile file, ArchiveManifest.Entry listed) throws IOException {
        long bytes = Files.size(file.path());
        if (bytes != listed.compressedBytes()) return damaged(file, "it has " + bytes + " bytes of " + listed.compressedBytes());
        boolean isSame = Sha256.of(file.path(), read -> { }).equals(listed.compressedSha256());
        if (!isSame) return damaged(file, "its SHA-256 is not the one of the file that was archived");
        if (!deep) return Check.ok(archive.nameOf(file.path()), "SHA-256 is right");
        GzipFile.Content content = GzipFile.read(file.path(), listed.bytes());
        boolean hasItsLines = content.sha256().equals(listed.sha256());
        if (!hasItsLines) return damaged(file, "its content's SHA-256 is not the one of the lines that were archived");
        if (content.lines() != listed.lines()) return damaged(file, "it has " + content.lines() + " lines of " + listed.lines());
        return Check.ok(archive.nameOf(file.path()), "SHA-256 and " + content.lines() + " lines are right");
    }

    private Check damaged(DayFile file, String why) {
        Next before = archive.store().command("logs", file.day().toString());
        return Check.failed(archive.nameOf(file.path()), why, FROM_A_BACKUP.then(before));
    }

    private Check unlisted(String name, DayFile file) throws IOException {
        GzipFile.Content content = GzipFile.read(file.path());
        archive.manifest().add(List.of(ArchiveManifest.Entry.of(name, file.day(), content, archive.now())));
        return Check.warning(name, "it was not in the manifest; its own checksum is right, and it is listed now", null);
    }
}
