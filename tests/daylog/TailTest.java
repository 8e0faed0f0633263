package telemetry.daylog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.LogEntry;

class TailTest {
    private static final int GB = 1 << 30;

    @TempDir
    Path dir;
    private Path file;

    @BeforeEach
    void name() {
        file = dir.resolve("events_20261120.ndjson");
    }

    @Test
    void aSmallFileIsOnePiece() throws IOException {
        lines(20_000);
        try (var tail = new Tail(file)) {
            assertEquals(new Tail.Piece(0, Files.size(file), false), tail.previous());
            assertNull(tail.previous());
        }
    }

    @Test
    void anEmptyFileHasNoPiece() throws IOException {
        Files.createFile(file);
        try (var tail = new Tail(file)) {
            assertNull(tail.previous());
        }
    }

    @Test
    void thePiecesTogetherAreWhatAReaderReads() throws IOException {
        var random = new Random(7);
        try (var out = Files.newOutputStream(file)) {
            for (long bytes = 0; bytes < 40 << 20; ) {
                int kind = random.nextInt(2_000);
                int length = kind == 0 ? random.nextInt(12 << 20) : kind == 1 ? (1 << 20) + random.nextInt(3) - 1 : 300
                        + random.nextInt(300);
                byte[] line = kind == 0 ? new byte[length] : ("{\"x\": \"" + "a".repeat(Math.max(0, length - 9)) + "\"}")
                        .getBytes(StandardCharsets.US_ASCII);
                out.write(line);
                out.write('\n');
                bytes += length;
            }
            out.write("{\"torn".getBytes(StandardCharsets.US_ASCII));
        }
        List<String> expected = new ArrayList<>();
        try (var reader = new LogReader(file)) {
            reader.forEachRemaining(entry -> expected.add(said(entry)));
        }
        assertEquals(expected, backwards());
    }

    @Test
    void aGigabyteOfZerosIsOneDamagedPieceAndTheLinesBeforeItAreThere() throws IOException {
        lines(1_000);
        long lines = Files.size(file);
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(GB);
        }
        long began = System.nanoTime();
        List<String> pieces = backwards();
        long took = (System.nanoTime() - began) / 1_000_000;
        assertEquals(1_001, pieces.size());
        assertEquals(lines + " " + (GB - lines) + " Damage[reason=longer than 1 MiB] 1048576", pieces.get(1_000));
        assertTrue(took < 5_000, took + " ms; it takes about 200");
    }

    @Test
    void whatStandsBehindZerosIsReadToo() throws IOException {
        lines(1_000);
        long lines = Files.size(file);
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(GB / 10);
        }
        Files.writeString(file, "\n{\"run_id\": \"behind\"}\n", StandardOpenOption.APPEND);
        List<String> pieces = backwards();
        assertEquals(1_002, pieces.size());
        assertTrue(pieces.get(1_000).startsWith(lines + " " + (GB / 10 - lines) + " Damage"), pieces.get(1_000));
    }

    /** A power cut leaves zeros without a newline; what is appended then stands in the same line. */
    @Test
    void aRecordBehindZerosOfAnyLengthIsReadInItsPlace() throws IOException {
        for (int zeros : new int[] {1, 100, 4_095, 4_096, 3_000, 65_535, 65_536, 70_000, 1 << 20, (1 << 20) + 1, 2_000_000, 9_000_000})
            for (String before : List.of("", "{\"torn", "{\"run_id\": \"whole\"}", "{\"run_id\": \"before\"}\n")) {
                Files.deleteIfExists(file);
                lines(2_000);
                Files.writeString(file, before, StandardOpenOption.APPEND);
                try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
                    sparse.setLength(sparse.length() + zeros);
                }
                Files.writeString(file, "{\"run_id\": \"behind\"}\n{\"run_id\": \"next\"}\n", StandardOpenOption.APPEND);
                List<LogEntry> read = new ArrayList<>();
                try (var reader = new LogReader(file)) {
                    reader.forEachRemaining(read::add);
                }
                String told = zeros + " zeros behind " + before;
                List<String> ids = read.stream().filter(entry -> !entry.isDamaged()).map(entry -> new String(entry.bytes(),
                        StandardCharsets.US_ASCII)).skip(2_000).toList();
                List<String> expected = new ArrayList<>(List.of("{\"run_id\": \"behind\"}", "{\"run_id\": \"next\"}"));
                if (before.contains("}")) expected.add(0, before.strip());
                assertEquals(expected, ids, told);
                assertEquals(before.endsWith("n") ? 2 : 1, read.stream().filter(LogEntry::isDamaged).count(), told);
                List<String> backwards = backwards();
                assertTrue(String.join("\n", backwards.subList(backwards.size() - 2, backwards.size())).matches(
                        "\\d+ 20 Run.*\n\\d+ 18 Run.*"), told + ": " + backwards.get(backwards.size() - 2));
            }
    }

    @Test
    void theEndOfTheLastLineIsFoundBehindAndBeforeZeros() throws IOException {
        lines(10);
        long lines = Files.size(file);
        try (var tail = new Tail(file)) {
            assertEquals(lines, tail.afterLastLine());
        }
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(GB);
        }
        try (var tail = new Tail(file)) {
            assertEquals(lines, tail.afterLastLine());
        }
    }

    /** What the pieces hold, in the file's order. */
    private List<String> backwards() {
        List<List<String>> pieces = new ArrayList<>();
        try (var tail = new Tail(file)) {
            for (Tail.Piece piece = tail.previous(); piece != null; piece = tail.previous()) {
                assertEquals(piece.from(), tail.left());
                List<String> entries = new ArrayList<>();
                if (piece.isOneLine()) entries.add(said(tail.damage(piece)));
                else try (LogReader reader = new LogReader(file, piece.from()).until(piece.to())) {
                    reader.forEachRemaining(entry -> entries.add(said(entry)));
                }
                pieces.add(entries);
            }
        }
        Collections.reverse(pieces);
        return pieces.stream().flatMap(List::stream).toList();
    }

    private static String said(LogEntry entry) {
        return entry.offset() + " " + entry.length() + " " + entry.record() + " " + entry.bytes().length;
    }

    private void lines(int count) throws IOException {
        var lines = new StringBuilder();
        for (int n = 0; n < count; n++) lines.append("{\"run_id\": \"").append(n).append("\", \"event_type\": \"e\"}\n");
        Files.writeString(file, lines);
    }
}
