package telemetry.measure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;
import telemetry.Size;
import telemetry.runs.Index;
import telemetry.runs.Schema;
import telemetry.text.Table;

/**
 * What a database's pages are used for; {@code toString()} is the table of the parts larger than a page.
 *
 * @param pageSize  in bytes
 * @param pages     of the whole file
 * @param freePages of these, those that are empty since rows were deleted
 * @param runs      in the table of runs
 * @param parts     tables and indexes, the table of runs and its indexes first; empty where SQLite was built without its dbstat table
 * @param keys      the columns that runs are found by, the largest first
 */
public record Footprint(long pageSize, long pages, long freePages, long runs, List<Part> parts, List<Key> keys) {
    private static final String RUNS = "agent_runs";

    /** Number of newest rows for the mean length of a key. */
    private static final int SAMPLE = 1_000;

    /**
     * A table or an index.
     *
     * @param table   its own name, or the indexed table's
     * @param unused  empty bytes of these
     * @param entries rows or index entries
     */
    record Part(String name, String table, Size size, long unused, long entries) {

        /** How full it is, in percent. */
        double fill() {
            return size.bytes() == 0 ? 100 : 100.0 * (size.bytes() - unused) / size.bytes();
        }

        /** When a database is written anew, pages are filled one after the other. What is left over in each is half an entry on average. */
        private long pagesAfterVacuum(long pageSize) {
            long used = size.bytes() - unused;
            long left = entries == 0 ? 0 : Math.min(pageSize / 4, used / entries / 2);
            return Math.max(1, (used + pageSize - left - 1) / (pageSize - left));
        }
    }

    /**
     * A column that runs are found by; its value is in the table and in each of its indexes.
     *
     * @param bytes of a value, on average
     * @param times the table and the indexes
     */
    record Key(String column, double bytes, int times) {
        double all() {
            return bytes * times;
        }
    }

    /**
     * Reads every page, when SQLite can say what each is for. That takes as long as a quick check; in DELETE mode (v6, v7) writers wait
     * meanwhile.
     *
     * @throws StoreException {@code DAMAGED} when there is no table of runs, or it cannot be read
     */
    static Footprint of(Database database) {
        Schema.require(database);
        boolean tells = database.number("SELECT count(*) FROM pragma_module_list WHERE name = 'dbstat'") > 0;
        return of(database, tells ? parts(database) : List.of());
    }

    /** The same from the number of pages alone, as {@link #of} gives it where SQLite has no more details. */
    public static Footprint byPages(Database database) {
        return of(database, List.of());
    }

    private static Footprint of(Database database, List<Part> parts) {
        return new Footprint(database.number("PRAGMA page_size"), database.number("PRAGMA page_count"),
                database.number("PRAGMA freelist_count"), database.number("SELECT count(*) FROM agent_runs"), parts, keys(database));
    }

    private static List<Part> parts(Database database) {
        Map<String, String> tables = new HashMap<>();
        for (Row row : database.query("SELECT name, tbl_name FROM sqlite_master")) tables.put(row.text("name"), row.text("tbl_name"));
        List<Part> parts = new ArrayList<>();
        for (Row row : database.query("SELECT name, pgsize, unused, ncell FROM dbstat WHERE aggregate = TRUE"))
            parts.add(new Part(row.text("name"), tables.getOrDefault(row.text("name"), ""), new Size(row.number("pgsize")),
                    row.number("unused"), row.number("ncell")));
        parts.sort(Comparator.comparing((Part part) -> !part.table.equals(RUNS)).thenComparing(part -> !part.name.equals(part.table))
                .thenComparing(Comparator.comparing(Part::size).reversed()));
        return parts;
    }

    private static List<Key> keys(Database database) {
        Map<String, Integer> times = new HashMap<>();
        for (Index index : Index.of(database))
            for (String column : index.columns()) if (column != null) times.merge(column, 1, Integer::sum);
        if (times.isEmpty()) return List.of();
        List<String> columns = List.copyOf(times.keySet());
        String means = columns.stream().map(column -> "coalesce(avg(length(CAST(" + Database.quoted(column) + " AS BLOB))), 0)")
                .collect(Collectors.joining(", "));
        Row row = database.one("SELECT " + means + " FROM (SELECT * FROM agent_runs ORDER BY "
                + Schema.of(database).byNumber() + " DESC LIMIT " + SAMPLE + ")")
                .orElseThrow();
        List<Key> keys = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            double bytes = ((Number) row.get(i)).doubleValue();
            if (bytes > 0) keys.add(new Key(columns.get(i), bytes, 1 + times.get(columns.get(i))));
        }
        keys.sort(Comparator.comparing(Key::all).reversed().thenComparing(Key::column));
        return keys;
    }

    /** The whole file. */
    public Size size() {
        return new Size(pages * pageSize);
    }

    /** The bytes of a run, with its index entries; 0 without runs. */
    double bytesPerRun() {
        if (runs == 0) return 0;
        long bytes = parts.stream().filter(part -> part.table.equals(RUNS)).mapToLong(part -> part.size.bytes()).sum();
        return (double) (parts.isEmpty() ? (pages - freePages) * pageSize : bytes) / runs;
    }

    /** The bytes of a run's keys alone, without any other data and SQLite's own book-keeping. No table with these indexes is smaller. */
    double leastBytesPerRun() {
        return keys.stream().mapToDouble(Key::all).sum();
    }

    /** The sum in {@link #leastBytesPerRun}: {@code "2 x run_id 41 + 2 x start_time 32 + 2 x agent_name 13"}, the largest only. */
    String keySum() {
        String sum = keys.stream().limit(3).map(key -> key.times + " x " + key.column + " " + Math.round(key.bytes))
                .collect(Collectors.joining(" + "));
        return keys.size() > 3 ? sum + " + …" : sum;
    }

    /** What VACUUM would free, estimated; without {@link #parts} only the free pages. */
    public Size wouldFree() {
        long free = freePages;
        for (Part part : parts) free += Math.max(0, part.size.bytes() / pageSize - part.pagesAfterVacuum(pageSize));
        return new Size(free * pageSize);
    }

    /** {@link #wouldFree} in percent of the file. */
    double wouldFreePercent() {
        return pages == 0 ? 0 : 100.0 * wouldFree().bytes() / size().bytes();
    }

    /** How full all tables and indexes are, in percent; 100 when unknown. */
    double fill() {
        long all = parts.stream().mapToLong(part -> part.size.bytes()).sum();
        return all == 0 ? 100 : 100.0 - 100.0 * parts.stream().mapToLong(Part::unused).sum() / all;
    }

    @Override
    public String toString() {
        var table = new Table("table, index", "size", "bytes a run", "fill %");
        for (Part part : parts) {
            Long each = part.table.equals(RUNS) && runs > 0 ? Math.round((double) part.size.bytes() / runs) : null;
            if (part.size.bytes() > pageSize || part.table.equals(RUNS)) table.row(part.name, part.size, each, Math.round(part.fill()));
        }
        return table.toString();
    }
}
