package telemetry.rebuild;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import telemetry.Database;
import telemetry.Row;
import telemetry.rebuild.RunFeed.Line;

/**
 * The starts of runs, by the runs' keys. Memory holds {@value #MOST_BYTES} bytes of them. Beyond that the oldest go into a table of the
 * connection's own, which SQLite keeps in a temporary file.
 */
final class OpenRuns {
    static final long MOST_BYTES = 32 << 20;

    /** The table is read in pieces, between which its connection may write. */
    private static final int PIECE = 500;
    private static final long PIECE_BYTES = 1 << 20;

    private final Database database;
    private final BinaryOperator<Line> better;
    private final Map<String, Line> recent = new LinkedHashMap<>();
    private final List<Path> files = new ArrayList<>();
    private final Map<Path, Integer> numbers = new HashMap<>();
    private long bytes;
    private long aside;
    private boolean hasTable;

    /** @param better of two starts of one run, the earlier and the later one, the one to keep */
    OpenRuns(Database database, BinaryOperator<Line> better) {
        this.database = database;
        this.better = better;
    }

    boolean has(String key) {
        return recent.containsKey(key) || aside > 0 && database.lookUp("SELECT 1 FROM temp.open_runs WHERE run = ?", key).isPresent();
    }

    void add(String key, Line start) {
        Line before = remove(key);
        Line kept = before == null ? start : better.apply(before, start);
        recent.put(key, kept);
        bytes += kept.size();
        if (bytes > MOST_BYTES) putAside();
    }

    /** @return the run's start; null when there is none */
    Line remove(String key) {
        Line there = recent.remove(key);
        if (there != null) bytes -= there.size();
        if (there != null || aside == 0) return there;
        there = database.lookUp("SELECT file, place, line FROM temp.open_runs WHERE run = ?", key).map(this::line).orElse(null);
        if (there != null) aside -= database.update("DELETE FROM temp.open_runs WHERE run = ?", key);
        return there;
    }

    private void putAside() {
        if (!hasTable) {
            database.execute("DROP TABLE IF EXISTS temp.open_runs");
            database.execute("CREATE TEMP TABLE open_runs(number INTEGER PRIMARY KEY, run TEXT UNIQUE, file INTEGER, place INTEGER, line BLOB)");
            hasTable = true;
        }
        for (Iterator<Map.Entry<String, Line>> oldest = recent.entrySet().iterator(); bytes > MOST_BYTES / 10 * 9; oldest.remove()) {
            Map.Entry<String, Line> next = oldest.next();
            Line start = next.getValue();
            aside += database.update("INSERT INTO temp.open_runs(run, file, place, line) VALUES (?, ?, ?, ?)", next.getKey(),
                    number(start.file()), start.offset(), start.bytes());
            bytes -= start.size();
        }
    }

    private int number(Path file) {
        return numbers.computeIfAbsent(file, none -> {
            files.add(file);
            return files.size() - 1;
        });
    }

    private Line line(Row row) {
        return new Line(files.get((int) row.number("file")), row.number("place"), (byte[]) row.get("line"), null);
    }

    /** True when memory holds all of them. */
    boolean areInMemory() {
        return aside == 0;
    }

    /** Those in memory, the oldest first. */
    List<Line> recent() {
        return List.copyOf(recent.values());
    }

    /** Passes all of them on, in pieces of a few hundred. The work may write to the database. */
    void forEach(Consumer<List<Line>> work) {
        long last = -1;
        for (List<Row> rows = aside == 0 ? List.of() : rowsBehind(last); !rows.isEmpty(); rows = rowsBehind(last)) {
            last = rows.get(rows.size() - 1).number("number");
            work.accept(rows.stream().map(this::line).toList());
        }
        List<Line> all = recent();
        for (int from = 0; from < all.size(); from += PIECE) work.accept(all.subList(from, Math.min(from + PIECE, all.size())));
    }

    private List<Row> rowsBehind(long number) {
        List<Row> rows = new ArrayList<>();
        long size = 0;
        try (var found = database.query("SELECT number, file, place, line FROM temp.open_runs WHERE number > ? ORDER BY number LIMIT ?",
                number, PIECE)) {
            for (Row row : found) {
                rows.add(row);
                size += ((byte[]) row.get("line")).length;
                if (size >= PIECE_BYTES) break;
            }
        }
        return rows;
    }
}
