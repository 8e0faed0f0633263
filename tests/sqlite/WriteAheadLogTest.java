package telemetry.sqlite;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Row;

/** What a -wal says by itself, against what SQLite reads through it. */
class WriteAheadLogTest {
    private static final int COMMITS = 40;

    @TempDir
    Path dir;

    @Test
    void eachRowOfTheLogIsReadAsSqliteReadsIt() throws IOException {
        for (String encoding : List.of("UTF-8", "UTF-16le", "UTF-16be")) for (int size : new int[] {512, 4096, 65_536}) {
            Path log = log(encoding, size);
            String what = encoding + " " + size;
            try (WriteAheadLog wal = WriteAheadLog.read(log, 0)) {
                assertEquals(size, wal.pageSize(), what);
                assertTrue(wal.isWhole(), what);
                Map<Long, List<Object>> found = rows(wal);
                assertEquals(expected.keySet(), found.keySet(), what);
                expected.forEach((id, values) -> assertArrayEquals(values.toArray(), found.get(id).toArray(), what));
            }
        }
    }

    @Test
    void aDamagedFrameCostsItsCommitAndNoOther() throws IOException {
        Path log = log("UTF-8", 4096);
        long frames = (Files.size(log) - 32) / (24 + 4096);
        try (WriteAheadLog wal = WriteAheadLog.read(log, 0)) {
            assertEquals(COMMITS + 1, wal.commits());
            assertEquals(0, wal.broken());
        }
        flip(log, 32 + frames / 2 * (24 + 4096) + 24 + 2000);
        try (WriteAheadLog wal = WriteAheadLog.read(log, 0)) {
            assertEquals(COMMITS, wal.commits());
            assertEquals(1, wal.broken());
            assertFalse(wal.isWhole());
            assertTrue(rows(wal).containsKey((long) COMMITS), "what was committed behind it is there");
        }
        flip(log, 32 + frames / 3 * (24 + 4096) + 9);
        try (WriteAheadLog wal = WriteAheadLog.read(log, 0)) {
            assertEquals(2, wal.broken(), "a salt that is another's");
            assertEquals(COMMITS - 1, wal.commits());
        }
    }

    @Test
    void aLogWithoutItsHeaderOrItsEndSaysSo() throws IOException {
        Path log = log("UTF-8", 4096);
        byte[] all = Files.readAllBytes(log);
        Files.write(log, java.util.Arrays.copyOf(all, all.length - 100));
        try (WriteAheadLog wal = WriteAheadLog.read(log, 0)) {
            assertFalse(wal.isWhole());
            assertEquals(COMMITS, wal.commits());
        }
        Files.write(log, all);
        for (int at : new int[] {0, 9, 17}) flip(log, at);
        try (WriteAheadLog wal = WriteAheadLog.read(log, 4096)) {
            assertFalse(wal.isWhole());
            assertTrue(rows(wal).size() >= COMMITS - 1, rows(wal).keySet().toString());
        }
        Files.write(log, new byte[0]);
        try (WriteAheadLog wal = WriteAheadLog.read(log, 0)) {
            assertTrue(wal.isWhole());
            assertEquals(0, wal.commits());
        }
        Files.write(log, new byte[20]);
        try (WriteAheadLog wal = WriteAheadLog.read(log, 0)) {
            assertFalse(wal.isWhole());
        }
    }

    private final Map<Long, List<Object>> expected = new TreeMap<>();

    /** What a writer leaves that is killed after so many commits. */
    private Path log(String encoding, int pageSize) throws IOException {
        Path file = dir.resolve("some-" + encoding + pageSize + ".sqlite");
        Path copy = dir.resolve("copy-" + encoding + pageSize);
        Files.deleteIfExists(file);
        expected.clear();
        try (Database database = Database.create(file)) {
            database.pragma("page_size", pageSize);
            database.pragma("encoding", "'" + encoding + "'");
            database.pragma("journal_mode", "WAL");
            database.pragma("wal_autocheckpoint", 0);
            database.execute("CREATE TABLE t (a, b, c)");
            for (int i = 1; i <= COMMITS; i++) {
                long big = (1L << (i * 3 % 64)) * (i % 2 == 0 ? 1 : -1);
                database.update("INSERT INTO t VALUES (?, ?, ?)", i % 3 == 0 ? (Object) ("größer 🙂 ".repeat(i * i)) : big,
                        i % 5 == 0 ? null : i / 7.0, i % 4 == 0 ? new byte[i * 100] : (Object) (long) (i % 2));
            }
            for (Row row : database.query("SELECT rowid, a, b, c FROM t")) expected.put(row.number("rowid"), row.values().subList(1, 4));
            Files.copy(DatabaseFile.beside(file, "-wal"), copy);
        }
        return copy;
    }

    private static Map<Long, List<Object>> rows(WriteAheadLog wal) {
        Map<Long, List<Object>> rows = new TreeMap<>();
        ByteBuffer first = wal.page(1);
        for (int number : wal.pages()) {
            if (number == 1) continue;
            for (TablePage.Cell cell : new TablePage(wal.page(number), number, first, wal::page).rows())
                rows.put(cell.id(), new ArrayList<>(cell.values()));
        }
        return rows;
    }

    private static void flip(Path file, long at) throws IOException {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            int was = bytes.read();
            bytes.seek(at);
            bytes.write(was ^ 0x5a);
        }
    }
}
