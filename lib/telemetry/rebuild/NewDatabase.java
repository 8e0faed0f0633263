package telemetry.rebuild;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import telemetry.Database;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.daylog.InFlight;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.prune.StaleRuns;
import telemetry.runs.Ddl;
import telemetry.runs.RowForm;
import telemetry.runs.RunsTable;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.store.Pruned;

/**
 * A database that is being made, under a name that nobody looks for. There is no fsync until the end, and the journal is in memory: if
 * anything fails, the file is thrown away.
 */
public final class NewDatabase implements AutoCloseable {
    private static final int CACHE_KIB = 64 * 1024;

    /** Keeps a run from coming in twice where the table itself does not, until all are there. */
    private static final String ONE_OF_EACH = "rebuild_one_of_each";

    private final Path file;
    private final Ddl ddl;
    private final SchemaForm made;
    private final Database database;
    private final Schema schema;
    private final boolean isKeyUnique;
    private final RowForm form;
    private final Loading loading;
    private final Pruned pruned;
    private final List<String> left = new ArrayList<>();
    private Clock clock = Clock.systemUTC();
    private long inFlight;
    private boolean isLeaving;
    private boolean isFromLines;
    private Reshape reshape;

    /**
     * @param ddl      its schema; null for that of the form alone
     * @param made     whose tables it gets as far as the schema has none
     * @param pruned   runs to leave out
     * @param onDamage receives what cannot be read, and runs that the table refuses
     * @param onDenied receives, in the reading thread, the refusal of each file that may not be read; an exception that it throws ends the
     *                 loading
     */
    public NewDatabase(Path file, Ddl ddl, SchemaForm made, Pruned pruned, Consumer<LogEntry> onDamage, Consumer<StoreException> onDenied) {
        this.file = file;
        this.ddl = ddl;
        this.made = made;
        this.pruned = pruned;
        this.database = Database.create(file);
        database.pragma("journal_mode", "MEMORY");
        database.pragma("synchronous", "OFF");
        database.pragma("cache_size", -CACHE_KIB);
        if (ddl != null) ddl.createTables(database);
        if (!Schema.of(database).has("run_id")) made.createTables(database);
        this.schema = Schema.require(database);
        this.isKeyUnique = schema.isKeyUnique(database);
        if (!isKeyUnique) database.execute("CREATE UNIQUE INDEX " + ONE_OF_EACH + " ON agent_runs(" + schema.key() + ")");
        List<String> columns = RowForm.settable(schema);
        this.form = new RowForm(schema, columns, RunsTable.defaults(database, columns));
        this.loading = new Loading(database, schema, form, pruned, onDamage, onDenied);
    }

    /**
     * An empty file under a name that nobody looks for, to be a database.
     *
     * @param target   whose place it will take
     * @param replaced the database of whose content it is made: it gets that one's owner, group and mode
     */
    public static Path unfinished(Path target, Path replaced) {
        Path file = Unfinished.beside(target);
        Attempt.of("create", file, () -> NewFile.createLike(file, replaced).close());
        return file;
    }

    /** Has old runs become rows of a table of another form, the one that the schema has which was given. */
    NewDatabase reshaping(Reshape reshape) {
        this.reshape = reshape;
        return this;
    }

    /** Null when the form stays. */
    Reshape reshape() {
        return reshape;
    }

    Database database() {
        return database;
    }

    Schema schema() {
        return schema;
    }

    RowForm form() {
        return form;
    }

    /** Reads day files into it. */
    Loading loading() {
        return loading;
    }

    /** For a database that gets its runs elsewhere. */
    public void loadNothing() {
        loading.load(List::of, bytes -> { });
    }

    /**
     * Takes those runs out again that began in the last minute and have no row yet: it is left to their writers to insert them.
     *
     * @param attached the name of the database that the writers have; null when there is none
     * @return how many
     */
    long leaveInFlight(String attached) {
        String key = schema.key();
        String rows = reshape != null && attached != null ? Reshape.SHAPED : attached;
        String absent = rows == null ? "" : " AND NOT EXISTS (SELECT 1 FROM " + rows + ".agent_runs AS o WHERE o." + key + " = ?1)";
        String delete = "DELETE FROM main.agent_runs WHERE " + key + " = ?1 AND status = 'running'" + absent;
        long before = inFlight;
        loading.begun().forEach(lines -> lines.stream().map(RunFeed.Line::entry).filter(start -> InFlight.is(start, clock.instant()))
                .forEach(start -> inFlight += database.update(delete, form.row((Run) start.record())[form.columns().indexOf(key)])));
        return inFlight - before;
    }

    /** Tells which runs are in flight; the default is the system's. */
    NewDatabase at(Clock clock) {
        this.clock = clock;
        loading.at(clock);
        return this;
    }

    /** Whether the lines also replace rows of the old database that were changed after them; the default is false. */
    NewDatabase fromLines(boolean isFromLines) {
        this.isFromLines = isFromLines;
        return this;
    }

    /** Has the next {@link #carryOver} leave runs in flight to their writers that the old database does not have. */
    NewDatabase leavingInFlight() {
        isLeaving = true;
        return this;
    }

    /** Copies what only the old database has. @param refused is given the rows that the tables do not take */
    Rebuilt.Carried carryOver(Path old, RefusedRows refused) {
        database.pragma("journal_mode", "OFF");
        database.attachToRead(old, "old");
        try {
            if (reshape != null) return reshaped(refused);
            List<String> tables =
                    database.query("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@' "
                    + "AND name IN (SELECT name FROM old.sqlite_master)").stream().map(row -> row.text("name")).toList();
            Rebuilt.Carried carried = carryOver("old", refused).all(tables);
            if (isLeaving) leaveInFlight("old");
            return carried;
        } finally {
            database.detach("old");
        }
    }

    private Rebuilt.Carried reshaped(RefusedRows refused) {
        reshape.begin(database, schema);
        Rebuilt.Carried carried = carryOver("old", refused).runs();
        reshape.verify(database, "old", schema, refused.named().size());
        return carried;
    }

    /** For copying only the runs, from a database that is attached under this name. */
    CarryOver carryOver(String attached, RefusedRows refused) {
        if (reshape != null) return reshape.carryOver(database, attached, schema, form, loading.loader(), refused);
        if (!isKeyUnique) requireOneOfEach(attached);
        return new CarryOver(database, attached, schema, form, loading.loader(), refused, isNumberKnown(), isFromLines);
    }

    /** It is a column of the table, or what full-text indexes, triggers and tables of others may refer to. */
    private boolean isNumberKnown() {
        boolean isColumn = schema.columns().stream().map(Database::quoted).anyMatch(column -> column.equals(schema.number()));
        return isColumn || ddl != null && ddl.hasMoreThanTables() || database.number("SELECT count(*) FROM main.sqlite_master WHERE type = "
                + "'table' AND name NOT IN ('agent_runs', 'run_events', 'commits', 'schema_migrations') AND name NOT LIKE 'sqlite@_%' "
                + "ESCAPE '@'") > 0;
    }

    /** @throws StoreException {@code FAILED} when a run has several rows there, of which a rebuild would keep one */
    private void requireOneOfEach(String attached) {
        String key = schema.key();
        long more = database.number("SELECT count(" + key + ") - count(DISTINCT " + key + ") FROM " + attached + ".agent_runs");
        if (more > 0) throw new StoreException(StoreException.Reason.FAILED, "rebuild", file, more + " rows of agent_runs have the " + key
                + " of another, and nothing tells which of them counts", Next.words("delete those that are too many, then run it again"));
    }

    /**
     * Makes indexes, views, virtual tables and triggers, cancels runs again that were cancelled and have no end, and checks everything.
     *
     * @param from the old database, which virtual tables are filled from; null when there is none
     * @return how many runs it has
     */
    public long finish(long carried, Path from) {
        StaleRuns.cancelAgain(database, pruned);
        loading.commits().addTo(database, "main");
        if (!isKeyUnique) database.execute("DROP INDEX " + ONE_OF_EACH);
        if (ddl != null) createOthers(from);
        if (ddl == null || ddl.tables().stream().noneMatch(sql -> sql.contains("agent_runs"))) made.createIndexes(database);
        return verified(carried);
    }

    private void createOthers(Path from) {
        boolean isNeeded = from != null && Files.exists(from) && !ddl.virtual().isEmpty();
        if (isNeeded) database.attachToRead(from, "old");
        left.addAll(ddl.createOthers(database, isNeeded ? "old" : null));
        if (isNeeded) database.detach("old");
    }

    /** The same for runs that another database is given, which has all but the runs' indexes itself. */
    long finishRuns(long carried) {
        StaleRuns.cancelAgain(database, pruned);
        loading.commits().addTo(database, "main");
        if (!isKeyUnique) database.execute("DROP INDEX " + ONE_OF_EACH);
        ddl.createIndexes(database, "agent_runs");
        return verified(carried);
    }

    /** What could not be made, in words. */
    public List<String> left() {
        return left;
    }

    private long verified(long carried) {
        Object check = database.value("PRAGMA quick_check(1)");
        if (!"ok".equals(check))
            throw new StoreException(StoreException.Reason.FAILED, "verify the new database", file, "quick check: " + check, null);
        long rows = runs();
        if (rows != loading.loader().rows() + carried - inFlight)
            throw new StoreException(StoreException.Reason.FAILED, "verify the new database",
                    file, "it has " + rows + " runs, " + (loading.loader().rows() + carried - inFlight) + " were written", null);
        return rows;
    }

    /** The newest version among the records of its runs; 0 for none. */
    int newestRecord() {
        return (int) database.number("SELECT max(schema_version) FROM agent_runs WHERE typeof(schema_version) = 'integer' AND schema_version "
                + "BETWEEN 1 AND " + Schema.NEWEST);
    }

    /** How many it has now. */
    long runs() {
        return database.number("SELECT count(*) FROM agent_runs");
    }

    /** Sets its journal mode and makes it survive a power cut; closes it. */
    public void seal() {
        database.pragma("synchronous", "FULL");
        database.pragma("journal_mode", ddl == null ? made.journal() : ddl.journal());
        close();
        Attempt.of("write the new database", file, () -> Disk.sync(file));
    }

    @Override
    public void close() {
        database.close();
    }
}
