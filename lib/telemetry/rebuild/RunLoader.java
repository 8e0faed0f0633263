package telemetry.rebuild;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.rebuild.RunFeed.RunRow;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.sqlite.SqliteErrors;

/**
 * Fills the table of runs of a new database that no other program has open. Runs may come in any order and repeatedly: the end beats the
 * start, and of several ends each column comes from the best end that names it ({@link SeveralEnds}).
 *
 * <p>It writes sixteen rows in a statement, which is faster than single rows (bench row {@code rebuild}).
 */
final class RunLoader {
    private static final int ROWS = 16;

    /** In bytes; a row of a longer line waits for no other. */
    private static final int LONG = 1 << 20;

    /** The columns, by their place, in which a run's record differs from the first record: one of the two lacks them. */
    private static final String ODD = "CREATE TEMP TABLE rebuild_odd(run TEXT, event TEXT, place INTEGER)";

    private final Database database;
    private final RowForm form;
    private final BiConsumer<RunFeed.Line, String> refused;
    private final EventIds eventIds;
    private final List<RunRow> waiting = new ArrayList<>(ROWS);
    private final String columns;
    private final String one;
    private final String many;
    private final String present;
    private final String key;
    private final int runId;
    private final int eventId;
    private final int keyPlace;
    private final boolean service;
    private final Set<String> conflicting = new TreeSet<>();
    private BitSet usuallyLacking;
    private boolean hasOdd;
    private boolean hasBeaten;
    private long rows;
    private long repeated;

    /** @param refused receives each record that the table refuses, and why */
    RunLoader(Database database, Schema schema, RowForm form, BiConsumer<RunFeed.Line, String> refused) {
        this.database = database;
        this.form = form;
        this.refused = refused;
        this.service = schema.shape() == Schema.Shape.SERVICE;
        this.runId = form.columns().indexOf("run_id");
        this.eventId = form.columns().indexOf("event_id");
        this.key = schema.key();
        this.keyPlace = service ? eventId : runId;
        this.columns = form.columns().stream().map(Database::quoted).collect(Collectors.joining(", "));
        String values = "(" + "?, ".repeat(form.columns().size() - 1) + "?)";
        String insert = "agent_runs (" + columns + ") VALUES " + values;
        this.one = "INSERT INTO " + insert;
        this.many = "INSERT OR IGNORE INTO " + insert + (", " + values).repeat(ROWS - 1);
        this.present = "SELECT " + columns + " FROM agent_runs WHERE " + key + " = ?";
        database.execute(ODD);
        database.execute("CREATE TEMP TABLE rebuild_beaten AS SELECT NULL AS what_it_lacks, " + columns + " FROM agent_runs WHERE 0");
        this.eventIds = schema.shape() == Schema.Shape.PYTHON ? new EventIds(database) : null;
    }

    void add(RunRow row) {
        if (usuallyLacking == null) usuallyLacking = row.lacking();
        waiting.add(row);
        if (waiting.size() == ROWS || row.line().bytes().length > LONG) flush();
    }

    /** Writes the waiting rows, then settles event_ids and ends on which runs or records disagree. */
    void finish() {
        flush();
        if (hasBeaten) mergeEnds();
        if (eventIds != null) eventIds.settle();
    }

    private void flush() {
        int inserted = waiting.size() == ROWS ? database.update(many, all()) : 0;
        rows += inserted;
        if (inserted == ROWS) {
            waiting.forEach(row -> noteIfOdd(row.values(), row.lacking()));
        } else {
            repeated -= inserted;
            waiting.forEach(this::settle);
        }
        waiting.clear();
    }

    private Object[] all() {
        int width = form.columns().size();
        Object[] all = new Object[ROWS * width];
        for (int i = 0; i < ROWS; i++) System.arraycopy(waiting.get(i).values(), 0, all, i * width, width);
        return all;
    }

    /** Decides about one row, after a statement for sixteen left some out, or with fewer than sixteen. */
    private void settle(RunRow row) {
        try {
            Object[] there = there(row.values()[keyPlace]);
            if (there != null && service && !there[runId].equals(row.values()[runId])) settle(withOwnEventId(row));
            else if (there == null) insert(row.values(), row.lacking());
            else settle(row, there);
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            refused.accept(row.line(), "the database refuses it: " + e.what());
        }
    }

    /** In the service's tables event_id identifies a row, and another run has the one in this record. */
    private RunRow withOwnEventId(RunRow row) {
        row.values()[eventId] = RowForm.derivedEventId((String) row.values()[runId]);
        return row;
    }

    /** The run's row with the event_id of its record; null when there is none. */
    private Object[] there(Object keyValue) {
        Object[] there = database.one(present, keyValue).map(found -> found.values().toArray()).orElse(null);
        if (there != null && eventIds != null) there[eventId] = eventIds.given(there[runId], there[eventId]);
        return there;
    }

    private void settle(RunRow row, Object[] there) {
        int order = form.compare(row.values(), there);
        boolean isEnd = form.isOver(row.values()) && form.isOver(there);
        BitSet lacking = lackingOf(there);
        if (order == 0) repeated++;
        else if (isEnd) conflicting.add((String) row.values()[runId]);
        if (order > 0) replace(there, lacking, row);
        else if (!form.isOver(row.values())) takeCreated(there, row.values());
        if (isEnd && order > 0) keepIfItTellsMore(there, lacking, row.values(), row.lacking());
        else if (isEnd) keepIfItTellsMore(row.values(), row.lacking(), there, lacking);
    }

    /** Of a start that comes behind its end. */
    private void takeCreated(Object[] there, Object[] start) {
        Object created = form.takeCreated(there, start);
        if (created != null) database.update("UPDATE agent_runs SET created_at = ? WHERE " + key + " = ?", created, there[keyPlace]);
    }

    private void replace(Object[] there, BitSet lacking, RunRow row) {
        form.takeCreated(row.values(), there);
        rows -= database.update("DELETE FROM agent_runs WHERE " + key + " = ?", there[keyPlace]);
        forget(there);
        try {
            insert(row.values(), row.lacking());
        } catch (StoreException e) {
            insert(there, lacking);
            throw e;
        }
    }

    private void insert(Object[] values, BitSet lacking) {
        if (database.update(one + " ON CONFLICT DO NOTHING", values) == 0) insertWithOwnEventId(values);
        rows++;
        noteIfOdd(values, lacking);
    }

    /** Another run has the event_id of this record. If something else is the obstacle, SQLite says what. */
    private void insertWithOwnEventId(Object[] values) {
        Object[] changed = values.clone();
        if (eventIds != null) changed[eventId] = eventIds.own((String) values[runId]);
        database.update(one, changed);
        if (eventIds != null) eventIds.claim(values[runId], values[eventId]);
    }

    private void forget(Object[] row) {
        if (eventIds != null) eventIds.forget(row[runId]);
        if (!hasOdd) return;
        indexOdd();
        database.update("DELETE FROM rebuild_odd WHERE run = ? AND event IS ?", row[runId], service ? row[eventId] : null);
    }

    private void noteIfOdd(Object[] values, BitSet lacking) {
        if (lacking.equals(usuallyLacking)) return;
        hasOdd = true;
        BitSet odd = (BitSet) lacking.clone();
        odd.xor(usuallyLacking);
        for (int place = odd.nextSetBit(0); place >= 0; place = odd.nextSetBit(place + 1))
            database.update("INSERT INTO rebuild_odd VALUES (?, ?, ?)", values[runId], service ? values[eventId] : null, place);
    }

    /** The columns that this row's record lacked. */
    private BitSet lackingOf(Object[] row) {
        if (!hasOdd) return usuallyLacking;
        indexOdd();
        BitSet lacking = (BitSet) usuallyLacking.clone();
        Object event = service ? row[eventId] : null;
        for (Row odd : database.query("SELECT place FROM rebuild_odd WHERE run = ? AND event IS ?", row[runId], event))
            lacking.flip((int) odd.number("place"));
        return lacking;
    }

    private void indexOdd() {
        database.execute("CREATE INDEX IF NOT EXISTS temp.rebuild_odd_run ON rebuild_odd(run, place)");
    }

    /** A beaten end still counts for columns that the better one does not name. */
    private void keepIfItTellsMore(Object[] beaten, BitSet lacking, Object[] better, BitSet betterLacking) {
        BitSet more = form.said(beaten, lacking);
        more.andNot(form.said(better, betterLacking));
        if (more.isEmpty()) return;
        hasBeaten = true;
        List<Object> row = new ArrayList<>(Arrays.asList(beaten));
        row.add(0, lacking.toByteArray());
        database.update("INSERT INTO rebuild_beaten VALUES (?" + ", ?".repeat(beaten.length) + ")", row.toArray());
    }

    private void mergeEnds() {
        Object[] there = null;
        SeveralEnds ends = null;
        for (Row row : database.query("SELECT * FROM rebuild_beaten ORDER BY " + key)) {
            List<Object> values = row.values();
            Object[] beaten = values.subList(1, values.size()).toArray();
            if (there == null || !there[keyPlace].equals(beaten[keyPlace])) {
                if (there != null) merge(there, ends);
                there = there(beaten[keyPlace]);
                ends = new SeveralEnds(form);
                ends.add(there, lackingOf(there));
            }
            ends.add(beaten, BitSet.valueOf((byte[]) values.get(0)));
        }
        merge(there, ends);
        database.update("DELETE FROM rebuild_beaten");
        hasBeaten = false;
    }

    private void merge(Object[] there, SeveralEnds ends) {
        BitSet lacking = lackingOf(there);
        replace(there, lacking, new RunRow(ends.values(), ends.lacking(), null));
    }

    /** How many runs the table has now. */
    long rows() {
        return rows;
    }

    /** Records that repeated another. */
    long repeated() {
        return repeated;
    }

    /**
     * SQL that says whether the record of the run {@code t} had this column, by its place in the row's form: 1, 0 or a query of the table
     * "rebuild_odd".
     */
    String isNamed(int place) {
        boolean usually = usuallyLacking == null || !usuallyLacking.get(place);
        if (database.number("SELECT EXISTS (SELECT 1 FROM temp.rebuild_odd WHERE place = ?)", place) == 0) return usually ? "1" : "0";
        indexOdd();
        return (usually ? "NOT " : "") + "EXISTS (SELECT 1 FROM temp.rebuild_odd WHERE run = t.run_id AND place = "
                + place + (service ? " AND event = t.event_id)" : ")");
    }

    /** Runs with several different ends, by their names. */
    Set<String> conflicting() {
        return conflicting;
    }
}
