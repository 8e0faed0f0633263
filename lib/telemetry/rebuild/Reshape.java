package telemetry.rebuild;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.os.ScratchFolder;
import telemetry.runs.Columns;
import telemetry.runs.Ddl;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.sqlite.SqliteErrors;

/**
 * Gives the runs of an old database the table of other writers. Each old row becomes a row of the new table, with the same number. Its
 * status becomes the word of those writers, and a run without an event_id gets the one of its lines, or one made from its run_id. What a
 * row says counts more than its lines, except that a line ends a run that the row has as running. Columns that the old table lacks come
 * from the lines. A value that a CHECK of the new table refuses is left out and handed on with its row.
 */
public final class Reshape {

    /** The old runs, as rows of the new table, in a database of their own. */
    static final String SHAPED = "shaped";

    private static final Duration JOURNAL_PATIENCE = Duration.ofSeconds(2);

    /** Finds a run among the lines'; dropped with the file that it is in. */
    private static final String BY_RUN = "reshape_by_run";

    private final SchemaForm form;
    private final Schema old;
    private final List<String> columns = new ArrayList<>();
    private final List<Ddl.Named> indexes = new ArrayList<>();
    private final Set<String> translated = new TreeSet<>();
    private String table;

    /** @throws StoreException {@code FAILED} when a column of the old table cannot be made again */
    public Reshape(Database old, SchemaForm form) {
        this.form = form;
        this.old = Schema.require(old);
        make(old);
    }

    public SchemaForm form() {
        return form;
    }

    /** The columns that the new table gets and the old one lacks. */
    public List<String> added() {
        return columns.stream().filter(column -> !old.has(column)).toList();
    }

    /** Has SQLite itself spell the new table with those columns of the old one that these writers do not know, and its indexes. */
    private void make(Database from) {
        try (var folder = new ScratchFolder("telemetry-upgrade");
                Database scratch = Database.create(folder.path().resolve("s.sqlite"))) {
            form.createTables(scratch);
            for (Row column : from.query("SELECT name, type, dflt_value, hidden FROM pragma_table_xinfo('agent_runs') ORDER BY cid"))
                add(scratch, from, column);
            form.createIndexes(scratch);
            for (Ddl.Named other : Ddl.of(from).others())
                if (other.kind().equals("index") && other.table().equalsIgnoreCase("agent_runs")
                && !form.indexes().containsKey(other.name()))
                    indexes.add(other);
            columns.addAll(Schema.of(scratch).columns());
            Ddl ddl = Ddl.of(scratch);
            table = ddl.tables().get(0);
            ddl.others().stream().filter(one -> one.table().equals("agent_runs")).forEach(indexes::add);
        }
    }

    private void add(Database scratch, Database from, Row column) {
        String name = column.text("name");
        boolean isThere = scratch.number("SELECT count(*) FROM pragma_table_info('agent_runs') WHERE name = ? COLLATE NOCASE", name) > 0;
        if (isThere || Database.quoted(name).equals(old.number())) return;
        if (column.number("hidden") != 0) throw new StoreException(StoreException.Reason.FAILED, "upgrade", from.file(),
                "agent_runs has the generated column " + name + ", which cannot be made again", null);
        String given = column.text("dflt_value");
        boolean isConstant = given != null && !given.startsWith("(") && !given.toUpperCase(Locale.ROOT).startsWith("CURRENT");
        scratch.execute("ALTER TABLE agent_runs ADD COLUMN " + Database.quoted(name) + " " + column.text("type")
                + (isConstant ? " DEFAULT " + given : ""));
    }

    /** The schema of the new database: the old one's with the new table of runs. */
    Ddl ddl(Ddl all) {
        List<String> tables = new ArrayList<>(List.of(table));
        List<String> others = new ArrayList<>(form.tables().subList(1, 4));
        for (String sql : all.tables())
            if (!isOf("agent_runs", sql)) {
                tables.add(sql);
                others.removeIf(known -> isOf(nameOf(known), sql));
            }
        tables.addAll(others);
        List<Ddl.Named> named = new ArrayList<>(all.others());
        named.removeIf(one -> one.kind().equals("index") && one.table().equalsIgnoreCase("agent_runs"));
        named.addAll(indexes);
        return new Ddl(tables, all.virtual(), named, all.triggers(), all.pragmas(), form.journal().toLowerCase(Locale.ROOT));
    }

    private static String nameOf(String create) {
        return create.replaceFirst("(?s)CREATE TABLE (IF NOT EXISTS )?(\\w+).*", "$2");
    }

    private static boolean isOf(String table, String create) {
        return create.matches("(?is)CREATE\\s+TABLE\\s+(IF\\s+NOT\\s+EXISTS\\s+)?[\"'`\\[]?" + table + "\\b.*");
    }

    /** Makes room for the old rows on this connection, outside of a transaction. */
    void begin(Database database, Schema schema) {
        database.execute("ATTACH DATABASE '' AS " + SHAPED);
        database.execute("CREATE TABLE " + SHAPED + table.substring("CREATE TABLE ".length()).replaceFirst("^", "."));
        if (schema.shape() == Schema.Shape.SERVICE) database.execute("CREATE INDEX " + BY_RUN + " ON agent_runs(run_id)");
    }

    /** What carries these old rows over, as they are now. @param from the name that the old database is attached as */
    CarryOver carryOver(Database database, String from, Schema schema, RowForm rows, RunLoader loader, RefusedRows refused) {
        database.update("DELETE FROM " + SHAPED + ".agent_runs");
        fill(database, from, schema, refused);
        return new CarryOver(database, SHAPED, schema, rows, loader, refused, true, true).keeping(Set.copyOf(old.columns()));
    }

    private void fill(Database database, String from, Schema schema, RefusedRows refused) {
        List<String> taken = new ArrayList<>(columns.stream().filter(old::has).toList());
        taken.removeIf(column -> Database.quoted(column).equals(schema.number()));
        if (schema.has("event_id") && !taken.contains("event_id")) taken.add("event_id");
        boolean isNumbered = schema.number() != null && old.number() != null;
        String names = taken.stream().map(Database::quoted).collect(Collectors.joining(", ")) + (isNumbered ? ", " + schema.number() : "");
        int width = taken.size() + (isNumbered ? 1 : 0);
        String insert = "INSERT INTO " + SHAPED + ".agent_runs (" + names + ") VALUES (" + "?, ".repeat(width - 1) + "?)";
        for (Row row : database.query("SELECT *" + (isNumbered ? ", " + old.number() + " AS " + TranslatedRow.NUMBER : "") + " FROM " + from
                + ".agent_runs NOT INDEXED")) {
            var its = new TranslatedRow(row, old, schema, database, translated);
            Object[] values = new Object[width];
            for (int i = 0; i < taken.size(); i++) values[i] = its.value(taken.get(i));
            if (isNumbered) values[width - 1] = row.get(TranslatedRow.NUMBER);
            insert(database, insert, values, taken.indexOf("event_id"), its, refused);
        }
    }

    private void insert(Database database, String insert, Object[] values, int eventId, TranslatedRow row, RefusedRows refused) {
        try {
            if (eventId >= 0) values[eventId] = unused(database, values[eventId]);
            database.update(insert, values);
            if (!row.refused().isEmpty()) refused.add("agent_runs", row.told(), String.join("; ", row.refused()));
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            refused.add("agent_runs", row.told(), e.why());
        }
    }

    /** A table whose event_ids were not unique may have one twice. */
    private static Object unused(Database database, Object eventId) {
        Object id = eventId;
        while (id != null && database.value("SELECT 1 FROM " + SHAPED + ".agent_runs WHERE event_id = ?", id) != null)
            id = RowForm.derivedEventId(id.toString());
        return id;
    }

    /**
     * Demands that each old run is in the new table, with what its row said.
     *
     * @param from    the name that the old database is attached as
     * @param refused how many rows the new table did not take whole
     */
    void verify(Database database, String from, Schema schema, long refused) {
        String key = old.has("event_id") && schema.has("event_id") ? "event_id" : "run_id";
        List<String> plain = columns.stream().filter(column -> old.has(column) && !TranslatedRow.COLUMNS.contains(column)
                && !Database.quoted(column).equals(schema.number()) && !Columns.isFilledLater(column)).toList();
        String unlike = plain.stream().map(Database::quoted).map(column -> "t." + column + " IS NOT o." + column)
                .collect(Collectors.joining(" OR "));
        long lost = database.number("SELECT count(*) FROM " + from + ".agent_runs AS o WHERE o." + key
                + " IS NOT NULL AND NOT EXISTS (SELECT 1 "
                + "FROM main.agent_runs AS t WHERE t." + key + " = o." + key + ")");
        long changed = database.number("SELECT count(*) FROM " + from + ".agent_runs AS o JOIN main.agent_runs AS t ON t." + key + " = o."
                + key
                + " WHERE lower(trim(o.status)) <> 'running' AND (" + unlike + ")");
        if (lost > refused || changed > 0) throw new StoreException(StoreException.Reason.FAILED, "verify the new table for",
                database.file(),
                lost + " old runs are missing there, " + changed + " differ; nothing was changed", null);
    }

    /** In the transaction that gives a live database its new rows: the new table, empty, with its indexes, in the old one's place. */
    void recreate(Database database, String live) {
        database.execute("DROP TABLE " + live + ".agent_runs");
        database.execute(in(live, table));
        for (String other : form.tables().subList(1, 4))
            if (database.value("SELECT 1 FROM " + live + ".sqlite_master WHERE name = ? COLLATE NOCASE", nameOf(other)) == null)
                database.execute(in(live, other));
        indexes.forEach(index -> database.execute(index.sql().replaceFirst("(?i)^CREATE\\s+(UNIQUE\\s+)?INDEX\\s+", "CREATE $1INDEX " + live
                + ".")));
        form.indexes().forEach((name, on) -> {
            if (on.startsWith("agent_runs")) return;
            database.execute("CREATE INDEX IF NOT EXISTS " + live + "." + name + " ON " + on);
        });
        stamp(database, live);
    }

    private static String in(String live, String create) {
        return create.replaceFirst("(?is)^CREATE\\s+TABLE\\s+(IF\\s+NOT\\s+EXISTS\\s+)?", "CREATE TABLE " + live + ".");
    }

    /** A table of this name that another tool keeps is left alone. */
    private void stamp(Database database, String live) {
        boolean isOurs = database.number("SELECT count(*) FROM pragma_table_info('schema_migrations', ?) WHERE name IN ('version', "
                + "'applied_at', 'description')", live) == 3;
        if (!isOurs || old.stamp() == 0 && database.number("SELECT count(*) FROM " + live + ".schema_migrations") > 0) return;
        database.update("DELETE FROM " + live + ".schema_migrations WHERE version > ?", form.version());
        database.update("INSERT OR IGNORE INTO " + live + ".schema_migrations(version, description) VALUES (?, ?)", form.version(),
                form.description());
    }

    /** Gives a database the journal mode of these writers. @return in words, why it keeps its own; none when it has it */
    public List<String> setJournal(Path file) {
        String wanted = form.journal().toLowerCase(Locale.ROOT);
        String why = "another program has it open";
        try (Database database = Database.open(file, JOURNAL_PATIENCE)) {
            if (database.pragma("journal_mode").equals(wanted) || database.pragma("journal_mode", wanted).equals(wanted)) return List.of();
        } catch (StoreException e) {
            if (!e.isUnknown()) throw e;
            why = e.why();
        }
        return List.of("the journal mode " + wanted + " of these writers: " + why + "; run the same command again when it is closed");
    }

    /** The words that were translated: {@code failed -> failure}. */
    Set<String> translated() {
        return Collections.unmodifiableSet(translated);
    }
}
