package telemetry.measure;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import telemetry.Database;
import telemetry.Size;
import telemetry.Store;
import telemetry.os.MountPoint;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.JsonText;
import telemetry.text.Result;

/**
 * What can be measured of a store without writing to it.
 *
 * @param schema {@code v3}
 * @param wal    size of the -wal at the beginning
 */
public record StoreFigures(String schema, String journal, QueryTimes queries, IndexAdvice indexes, Footprint footprint, Growth growth,
        Size wal) implements Result {

    /**
     * Writes nothing and leaves nothing beside the database.
     *
     * @param patience how long to wait for a locked database
     * @throws StoreException when the database cannot be read, or has no table of runs
     */
    public static StoreFigures of(Store store, Duration patience, Instant now) {
        var wal = new Size(DatabaseFile.beside(store.database(), "-wal").toFile().length());
        try (Database database = Database.openToRead(store.database(), patience)) {
            Schema schema = Schema.require(database);
            QueryTimes queries = QueryTimes.of(database, now);
            Footprint footprint = Footprint.of(database);
            return new StoreFigures(schema.toString(), journal(database), queries,
                    new IndexAdvice(store, database, queries), footprint, Growth.of(store, database, footprint, now), wal);
        }
    }

    /** A database on a read-only file system is opened in a mode of its own. */
    private static String journal(Database database) {
        return MountPoint.isReadOnly(database.file()) ? "read-only" : database.pragma("journal_mode").toUpperCase(Locale.ROOT);
    }

    /** {@code " (v3, WAL): 2,000 runs, 1.1 MB"} */
    String brief() {
        return String.format(Locale.ROOT, " (%s, %s): %,d runs, %s", schema, journal, footprint.runs(), footprint.size());
    }

    @Override
    public String toString() {
        var text = new StringJoiner(System.lineSeparator());
        text.add(queries.toString());
        if (!footprint.parts().isEmpty()) text.add("").add(footprint.toString());
        text.add("");
        text.add(String.format(Locale.ROOT, "file     %s, %,d bytes a run, %.0f %% filled, %,d of %,d pages free",
                footprint.size(), Math.round(footprint.bytesPerRun()), footprint.fill(), footprint.freePages(), footprint.pages()));
        text.add(String.format(Locale.ROOT, "VACUUM   would free %s (%.0f %%)", footprint.wouldFree(), footprint.wouldFreePercent()));
        text.add(String.format(Locale.ROOT, "a day    %,.0f runs: %s in the database, %s in the day files", growth.runsPerDay(),
                growth.databasePerDay(), growth.dayFilesPerDay()));
        return text.add("-wal     " + (wal.bytes() == 0 ? "none" : wal)).toString();
    }

    @Override
    public Object data() {
        record Read(String schema, String journal, List<Map<String, Object>> queries) { }
        record Space(Size bytes, long runs, double bytesPerRun, double leastBytesPerRun) { }
        record Pages(long pageSize, long pages, long freePages, double fillPercent, Size vacuumWouldFree, List<Footprint.Part> parts) { }
        record Daily(double runsPerDay, Size databaseBytesPerDay, Size dayFileBytesPerDay, Size walBytes) { }
        return JsonText.members(new Read(schema, journal, queries.list().stream().map(QueryTime::figures).toList()),
                new Space(footprint.size(), footprint.runs(), tenths(footprint.bytesPerRun()), tenths(footprint.leastBytesPerRun())),
                new Pages(footprint.pageSize(), footprint.pages(), footprint.freePages(), tenths(footprint.fill()), footprint.wouldFree(),
                        footprint.parts()),
                new Daily(tenths(growth.runsPerDay()), growth.databasePerDay(), growth.dayFilesPerDay(), wal));
    }

    /** The numbers of the trends. */
    void summary(Map<String, Object> summary) {
        for (QueryTime time : queries.list()) time.took().summary("query_" + time.name().replace(' ', '_'), summary);
        summary.put("runs", footprint.runs());
        summary.put("bytes_per_run", Math.round(footprint.bytesPerRun()));
        summary.put("database_bytes", footprint.size());
        summary.put("free_pages", footprint.freePages());
        summary.put("wal_bytes", wal);
        summary.put("runs_per_day", Math.round(growth.runsPerDay()));
    }

    private static double tenths(double number) {
        return Math.round(number * 10) / 10.0;
    }
}
