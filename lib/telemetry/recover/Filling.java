package telemetry.recover;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.Row;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.rebuild.Rebuild;
import telemetry.rebuild.RefusedRows;
import telemetry.rebuild.RunDifferences;
import telemetry.runs.Ddl;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Pruned;

/** Fills a recovered database from the databases and logs that were put aside, and counts what came and what did not. */
final class Filling {
    private final Database database;
    private final Pruned pruned;
    private final RefusedRows refused;
    private final SchemaFill schema;
    private final Set<String> carried;
    private final Map<String, TableFill> tables = new LinkedHashMap<>();
    private final Set<String> torn = new LinkedHashSet<>();
    private final Set<String> cut = new LinkedHashSet<>();
    private final BitSet numbersInLogs = new BitSet();
    private GapFill runs;
    private Long gone = 0L;
    private long read;
    private long unread;
    private long commitsOfLogs;
    private long brokenCommits;
    private long unreadInLogs;
    private boolean areLogsWhole = true;
    private final boolean isFromLines;

    /**
     * @param carried     runs that came from a damaged database already and have no mark yet
     * @param isFromLines whether what the lines say counts where a row was changed after them
     */
    Filling(Store store, Database database, Set<String> carried, RefusedRows refused, boolean isFromLines) {
        this.isFromLines = isFromLines;
        this.database = database;
        this.pruned = Pruned.leniently(store);
        this.refused = refused;
        this.carried = carried;
        this.schema = new SchemaFill(database);
    }

    /** Runs that a rebuild took over from the damaged database: only that one and the new one have them. */
    static Set<String> carried(Store store, Clock clock, List<Path> kept) {
        Set<String> only = new HashSet<>();
        if (kept.stream().noneMatch(file -> file.getParent().getFileName().toString().startsWith("rebuild-"))
                || new EventLog(store).days().isEmpty()) return only;
        new Rebuild(store, clock).differences(difference -> {
            if (difference.kind() == RunDifferences.Kind.ONLY_IN_DATABASE) only.add(difference.runId());
        });
        return only;
    }

    /**
     * @param databases with their own logs beside them, the best first
     * @param logs      those that SQLite does not read whole together with a database are read by themselves
     */
    void from(List<Path> databases, List<Path> logs) {
        for (Path file : databases) readingDatabase(file, schema::from);
        List<Path> alone = logs.stream().filter(Filling::isLeftOut).toList();
        for (Path file : alone) readingLog(file, log -> schema.from(log.schema()));
        runs = new GapFill(database, pruned, carried, refused, isFromLines);
        for (Path file : databases) if (!readingDatabase(file, this::rows)) gone = null;
        for (Path file : alone) readingLog(file, this::rows);
        for (Path file : databases) schema.finish(file);
    }

    private boolean readingDatabase(Path file, Consumer<Database> use) {
        try (Database damaged = open(file)) {
            use.accept(damaged);
            return true;
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            return false;
        }
    }

    private void readingLog(Path file, Consumer<LogSalvage> use) {
        try (var log = new LogSalvage(file, database, refused)) {
            use.accept(log);
        }
    }

    /** Without its log, when that makes a sound file a damaged one. */
    private static Database open(Path file) {
        return isMixed(file) ? Database.openFrozen(file) : Database.openRolledBack(file, Database.PATIENCE);
    }

    private static boolean isMixed(Path file) {
        if (!LeftLog.isLog(DatabaseFile.beside(file, "-wal"))) return false;
        try (Database both = Database.openRolledBack(file, Database.PATIENCE)) {
            return !Integrity.of(both, null, false, null).isSound() && LeftLog.isForeignTo(file);
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            return LeftLog.isForeignTo(file);
        }
    }

    /** It has no database, or another one's, or more than SQLite reads: that stops at the first damaged frame. */
    private static boolean isLeftOut(Path log) {
        String name = log.getFileName().toString();
        Path file = log.resolveSibling(name.substring(0, name.length() - "-wal".length()));
        if (!Files.isRegularFile(file) || isMixed(file)) return true;
        LeftLog left = LeftLog.beside(file);
        if (left != null && !left.isWhole()) return true;
        try (Database both = Database.openRolledBack(file, Database.PATIENCE)) {
            return !Schema.of(both).isUsable();
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            return true;
        }
    }

    private void rows(Database damaged) {
        List<String> there = Ddl.rowTables(database);
        List<String> given = new ArrayList<>(Ddl.rowTables(damaged));
        given.retainAll(there);
        if (!Schema.of(damaged).isUsable()) {
            gone = null;
            given.remove("agent_runs");
        }
        tables.values().forEach(TableFill::begin);
        read = 0;
        Salvage.tables(damaged, given, this::take).forEach((table, reach) -> {
            if (reach == Salvage.Reach.CUT) cut.add(table);
            if (reach != Salvage.Reach.ALL && table.equals("agent_runs")) countGone(damaged);
            else if (reach != Salvage.Reach.ALL) torn.add(table);
        });
    }

    private void rows(LogSalvage log) {
        tables.values().forEach(TableFill::begin);
        log.rows(this::take);
        commitsOfLogs += log.log().commits();
        brokenCommits += log.log().broken();
        unreadInLogs += log.unread() + log.unknown();
        areLogsWhole &= log.log().isWhole();
        numbersInLogs.or(log.runNumbers());
    }

    private void take(String table, List<Row> rows, boolean areBeside) {
        if (table.equals("agent_runs")) {
            runs.take(rows, areBeside);
            read += rows.size();
        } else {
            fill(table, rows);
        }
    }

    private void fill(String table, List<Row> rows) {
        tables.computeIfAbsent(table, name -> new TableFill(database, name, pruned, refused)).take(rows);
    }

    /** Runs that an index names and nothing has. */
    private void countGone(Database damaged) {
        long[] missing = new long[1];
        long[] all = new long[1];
        boolean isWhole = Salvage.keys(damaged, runs.key(), value -> {
            all[0]++;
            if (!runs.has(value) && !pruned.contains(value)) missing[0]++;
        });
        unread = Math.max(unread, all[0] - read - missing[0]);
        gone = !isWhole || gone == null ? null : (Long) Math.max(gone, missing[0]);
    }

    /** Runs of which nothing but the index of a damaged database knows; null when that cannot be known. */
    Long gone() {
        return gone;
    }

    /** Runs that are there from elsewhere and whose rows in a damaged database cannot be read. */
    long unread() {
        return unread;
    }

    long runs() {
        return runs.filled();
    }

    /** Rows of runs that are as they were in a damaged database, because they were changed after their end line. */
    long changed() {
        return runs.changed();
    }

    long marks() {
        return runs.marks();
    }

    /** Rows that were brought of other tables, by table. */
    Map<String, Long> rows() {
        Map<String, Long> rows = new TreeMap<>();
        tables.forEach((table, fill) -> {
            if (fill.rows() > 0) rows.put(table, fill.rows());
        });
        return rows;
    }

    /** Values that were brought into rows that were there, by table and column, or by table. */
    Map<String, Long> values() {
        Map<String, Long> values = new TreeMap<>();
        runs.values().forEach((column, count) -> values.put("agent_runs." + column, count));
        tables.forEach((table, fill) -> {
            if (fill.values() > 0) values.put(table, fill.values());
        });
        return values;
    }

    /** Values that are others there and were not brought, by table and column. */
    Map<String, Long> different() {
        Map<String, Long> different = new TreeMap<>();
        runs.different().forEach((column, count) -> different.put("agent_runs." + column, count));
        tables.forEach((table, fill) -> fill.different().forEach((column, count) -> different.put(table + "." + column, count)));
        return different;
    }

    /** Tables other than the runs' of which not all rows could be read. */
    Set<String> torn() {
        return torn;
    }

    /** Tables of which a part could not even be looked at. */
    Set<String> cut() {
        return cut;
    }

    SchemaFill schema() {
        return schema;
    }

    /** Whole commits of all logs. */
    long commitsOfLogs() {
        return commitsOfLogs;
    }

    /** What the logs had and could not be read, in words; empty when that is nothing. */
    List<String> missingOfLogs() {
        List<String> missing = new ArrayList<>();
        if (brokenCommits > 0) missing.add("at least " + brokenCommits + " damaged commits of the -wal");
        else if (!areLogsWhole) missing.add("the header or the end of the -wal, which are damaged");
        if (unreadInLogs > 0) missing.add(unreadInLogs + " rows of the -wal of which a part is missing");
        return missing;
    }

    /** The numbers of the rows of runs that the logs had. */
    BitSet numbersInLogs() {
        return numbersInLogs;
    }
}
