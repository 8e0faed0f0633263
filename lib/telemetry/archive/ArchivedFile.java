package telemetry.archive;

import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import telemetry.Times;
import telemetry.os.GzipFile;

/**
 * What the archive's manifest says of one of its files.
 *
 * @param file             below the archive's folder, with {@code /}: {@code year=2025/month=12/events_20251211.ndjson.gz}
 * @param bytes            of the content, uncompressed
 * @param lines            an unfinished last one included
 * @param sha256           of the content, in hexadecimal digits
 * @param compressedBytes  of the file
 * @param compressedSha256 of the file: no change of a single bit in it goes unseen
 * @param archived         when
 */
public record ArchivedFile(String file, LocalDate day, long bytes, long lines,
        String sha256, long compressedBytes, String compressedSha256, Instant archived) {

    static ArchivedFile of(String file, LocalDate day, GzipFile.Content content, Instant archived) {
        return new ArchivedFile(file, day, content.bytes(), content.lines(), content.sha256(),
                content.compressedBytes(), content.compressedSha256(), archived);
    }

    /** @throws RuntimeException when something is missing or of another type */
    static ArchivedFile of(Map<String, Object> line) {
        return new ArchivedFile(line.get("file").toString(), LocalDate.parse(line.get("day").toString()),
                (Long) line.get("bytes"), (Long) line.get("lines"),
                line.get("sha256").toString(), (Long) line.get("compressed_bytes"), line.get("compressed_sha256").toString(),
                Times.instant(line.get("archived").toString()));
    }
}
