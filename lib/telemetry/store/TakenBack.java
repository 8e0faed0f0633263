package telemetry.store;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.daylog.Records;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.runs.Ddl;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.WriteAheadLog;
import telemetry.text.JsonText;
import telemetry.text.Words;

/**
 * Compares what stands in the quarantine with the store of now. A row is taken back when the database has it with everything that it says,
 * or when it was pruned on purpose; a damaged line is when a day file still has its bytes. Looks only.
 */
final class TakenBack implements AutoCloseable {
    private static final String RUNS = "agent_runs";

    /** Row numbers that are read at once. */
    private static final int CHUNK = 1_024;

    /** So many ranges that cannot be read are a table without its root page. */
    private static final int MOST_FAILURES = 50_000;

    /** A row takes at least this many bytes. */
    private static final int LEAST_ROW = 32;

    private final Store store;
    private final Database database;
    private final Schema schema;
    private final Pruned pruned;

    /** By table, what tells a row from others here. */
    private final Map<String, List<String>> keys = new LinkedHashMap<>();

    /**
     * What came of one file.
     *
     * @param rows    or lines that could be read
     * @param missing of these, not in the store
     * @param unread  false when all of it could be read
     * @param why     it cannot be told; null when it can
     */
    record Found(long rows, long missing, boolean unread, String why) {
        static Found unknown(String why) {
            return new Found(0, 0, true, why);
        }
    }

    private static final Found NOTHING = new Found(0, 0, false, null);

    /** @throws StoreException when the store's database cannot be read */
    TakenBack(Store store) {
        this.store = store;
        this.pruned = Pruned.of(store);
        this.database = Database.openToRead(store.database());
        this.schema = Schema.require(database);
    }

    /** Of one file of the quarantine. */
    Found in(Path file) {
        String name = file.getFileName().toString();
        try {
            if (name.endsWith(".ndjson")) return lines(file);
            if (name.endsWith(".sqlite") || name.equals(store.database().getFileName().toString())) return rows(file);
            if (name.endsWith("-wal")) return log(file);
            return name.endsWith("-shm") ? NOTHING : Found.unknown("it is no file of the toolkit's");
        } catch (StoreException e) {
            return Found.unknown(e.why());
        }
    }

    /** One that stands alone: whether anything was ever committed to it. */
    private Found log(Path file) {
        if (file.toFile().length() == 0) return NOTHING;
        try (WriteAheadLog log = WriteAheadLog.read(file, WriteAheadLog.pageSizeOf(store.database()))) {
            return log.isWhole() && log.commits() == 0 ? NOTHING
                    : Found.unknown("without its database; " + Words.count(log.commits(), "whole commit"));
        }
    }

    /** True when SQLite reads all that was committed to the -wal beside this database. */
    private static boolean isLogRead(Database old, Path file) {
        Path log = DatabaseFile.beside(file, "-wal");
        if (log.toFile().length() == 0) return true;
        try (WriteAheadLog bytes = WriteAheadLog.read(log, WriteAheadLog.pageSizeOf(file))) {
            return bytes.isWhole() && (bytes.commits() == 0 || framesRead(old) > 0);
        }
    }

    /** SQLite makes a -shm where a log has none: it goes again, so that everything is as it was. */
    private Found rows(Path file) {
        Path index = DatabaseFile.beside(file, "-shm");
        boolean isMade = Files.notExists(index);
        try {
            return compared(file);
        } finally {
            if (isMade) Attempt.of("delete", index, () -> {
                Inside.delete(index);
            });
        }
    }

    private Found compared(Path file) {
        try (Database old = Database.openToRead(file)) {
            if (!isLogRead(old, file)) return Found.unknown("its -wal has more than SQLite reads");
            List<String> tables = new ArrayList<>(Ddl.rowTables(old));
            tables.remove("schema_migrations");
            if (tables.isEmpty()) return Found.unknown("it has no table");
            long[] counts = new long[2];
            boolean unread = false;
            for (String table : tables) unread |= read(old, table, counts);
            if (unread) counts[1] += lostKeys(old);
            return new Found(counts[0], counts[1], unread, unread && counts[0] == 0 ? "nothing of it can be read" : null);
        }
    }

    /** Frames of the -wal that belong to the database. */
    private static long framesRead(Database old) {
        Row log = old.one("PRAGMA wal_checkpoint(NOOP)").orElse(null);
        return log != null && log.get(1) instanceof Long frames ? frames : 0;
    }

    /** Runs that an index of a damaged database still names, and that are nowhere: their rows could not be read. */
    private long lostKeys(Database old) {
        long lost = 0;
        try {
            Object index = old.value("SELECT l.name FROM pragma_index_list('agent_runs') l WHERE l.partial = 0 AND (SELECT count(*) FROM "
                    + "pragma_index_info(l.name)) = 1 AND (SELECT name FROM pragma_index_info(l.name)) = 'run_id'");
            if (index == null) return 0;
            for (Row row : old.query("SELECT run_id FROM agent_runs INDEXED BY " + Database.quoted(index.toString())
                    + " WHERE run_id > ''")) {
                String id = row.text("run_id");
                if (!pruned.contains(id) && database.lookUp("SELECT 1 FROM agent_runs WHERE run_id = ?", id).isEmpty()) lost++;
            }
        } catch (StoreException e) {
            requireDamage(e);
        }
        return lost;
    }

    /** A range that cannot be read is halved down to single rows. @return true when not all could be read */
    private boolean read(Database old, String table, long[] counts) {
        String number = Ddl.number(old, table);
        if (number == null) return readInOrder(old, table, counts);
        long last;
        boolean unread = false;
        try {
            last = old.number("SELECT max(" + number + ") FROM " + Database.quoted(table) + " NOT INDEXED");
        } catch (StoreException e) {
            requireDamage(e);
            unread = true;
            last = old.number("PRAGMA page_count") * old.number("PRAGMA page_size") / LEAST_ROW;
        }
        int[] failures = {0};
        read(old, table, number, 0, last, counts, failures);
        return unread || failures[0] > 0;
    }

    /** Of a table whose rows have no numbers, as far as it goes. */
    private boolean readInOrder(Database old, String table, long[] counts) {
        try {
            for (Row row : old.query("SELECT * FROM " + Database.quoted(table))) {
                if (!isBack(table, row.map())) counts[1]++;
                counts[0]++;
            }
            return false;
        } catch (StoreException e) {
            requireDamage(e);
            return true;
        }
    }

    private void read(Database old, String table, String number, long first, long last, long[] counts, int[] failures) {
        if (failures[0] >= MOST_FAILURES) return;
        if (last - first < CHUNK) {
            try {
                String where = " NOT INDEXED WHERE " + number + (first == last ? " = ?1" : " BETWEEN ?1 AND ?2");
                Object[] range = first == last ? new Object[] {first} : new Object[] {first, last};
                List<Row> rows = old.query("SELECT * FROM " + Database.quoted(table) + where, range).list();
                for (Row row : rows) if (!isBack(table, row.map())) counts[1]++;
                counts[0] += rows.size();
                return;
            } catch (StoreException e) {
                requireDamage(e);
                failures[0]++;
                if (first == last) return;
            }
        }
        long middle = first + (last - first) / 2;
        read(old, table, number, first, middle, counts, failures);
        read(old, table, number, middle + 1, last, counts, failures);
    }

    private static void requireDamage(StoreException e) {
        if (e.reason() == StoreException.Reason.LOCKED || e.reason() == StoreException.Reason.DENIED
                || e.reason() == StoreException.Reason.MISSING) throw e;
    }

    private boolean isBack(String table, Map<String, Object> row) {
        if (row.get("run_id") instanceof String id && pruned.contains(id)) return true;
        List<String> key = keys.computeIfAbsent(table, this::key);
        if (key.isEmpty()) return false;
        Object[] values = key.stream().map(column -> column.equals("event_id") ? eventId(row) : row.get(column)).toArray();
        return database.lookUp("SELECT * FROM " + Database.quoted(table) + " WHERE " + key.stream()
                .map(column -> Database.quoted(column) + " IS ?").collect(joining(" AND ")), values)
                .filter(there -> hasAll(table, row, there.map())).isPresent();
    }

    /** The primary key, or all columns; of runs what tells one from others. None when there is no such table here. */
    private List<String> key(String table) {
        if (table.equals(RUNS)) return List.of(schema.key());
        List<Row> columns = database.query("SELECT name, pk FROM pragma_table_info(?)", table).list();
        List<String> primary = columns.stream().filter(column -> column.number("pk") > 0).map(column -> column.text("name")).toList();
        return primary.isEmpty() ? columns.stream().map(column -> column.text("name")).toList() : primary;
    }

    private static Object eventId(Map<String, Object> row) {
        return row.get("event_id") != null ? row.get("event_id") : RowForm.derivedEventId(String.valueOf(row.get("run_id")));
    }

    /** What the store's row says otherwise is later; what it does not say at all is not taken back. A row's own number says nothing. */
    private static boolean hasAll(String table, Map<String, Object> row, Map<String, Object> there) {
        if (table.equals(RUNS) && new Run(row).isEnd() && !new Run(there).isEnd()) return false;
        for (Map.Entry<String, Object> value : row.entrySet())
            if (!value.getKey().equals("id") && !isNothing(value.getValue()) && isNothing(there.get(value.getKey()))) return false;
        return true;
    }

    private static boolean isNothing(Object value) {
        return value == null || value.equals(0L) || value.equals("");
    }

    private Found lines(Path file) {
        long[] counts = new long[2];
        Records.Count count = new Records(file, "read the damaged lines in", "write").forEach(line -> {
            if (!isBack(line)) counts[1]++;
            return true;
        });
        return new Found(count.read() + count.skipped(), counts[1] + count.skipped(), false, null);
    }

    private boolean isBack(Map<String, Object> members) {
        try {
            if (members.get("table") != null)
                return isBack(members.get("table").toString(), JsonText.object(members.get("row").toString()));
            byte[] bytes = Base64.getDecoder().decode(members.get("bytes").toString());
            return members.get("offset") instanceof Long offset && isInADayFile(Path.of(members.get("file").toString()), offset, bytes);
        } catch (IllegalArgumentException | NullPointerException e) {
            return false;
        }
    }

    /** The same bytes at the same place, in the file itself or in one of its day. */
    private boolean isInADayFile(Path file, long offset, byte[] bytes) {
        DayFile day = DayFile.of(file.getFileName()).orElse(null);
        return day != null && new EventLog(store).days().stream().filter(other -> other.day().equals(day.day()))
                .anyMatch(other -> has(other, offset, bytes));
    }

    private static boolean has(DayFile file, long offset, byte[] bytes) {
        try (InputStream in = Disk.patient(Inside.stream(file.path()));
                InputStream content = file.compressed() ? new GZIPInputStream(in) : in) {
            content.skipNBytes(offset);
            return Arrays.equals(content.readNBytes(bytes.length), bytes);
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        database.close();
    }
}
