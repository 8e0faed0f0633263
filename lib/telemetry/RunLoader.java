package telemetry;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Fills the table of runs of a new database that nobody else has open. Runs may come in any order and more than once; of several records of
 * a run the one that {@link RowForm#compare} prefers stays.
 *
 * Sixteen rows a statement: 7 µs a row, one by one it is 13; more rows gain nothing.
 */
final class RunLoader {
    private static final int ROWS = 16;

    /** The columns, by their place, that a run's record lacks where the first run's has them, or has where that one lacks them. */
    private static final String ODD = "CREATE TEMP TABLE odd(run TEXT, event TEXT, place INTEGER)";

    private final Database database;
    private final RowForm form;
    private final BiConsumer<RunRow, String> refused;
    private final List<RunRow> waiting = new ArrayList<>(ROWS);
    private final String one;
    private final String many;
    private final String present;
    private final int runId;
    private final int eventId;
    private final boolean service;
    private final Set<String> conflicting = new HashSet<>();
    private BitSet usuallyLacking;
    private long rows;
    private long repeated;

    /** @param refused is given each record that the table does not take, and why */
    RunLoader(Database database, Schema schema, RowForm form, BiConsumer<RunRow, String> refused) {
        this.database = database;
        this.form = form;
        this.refused = refused;
        this.service = schema.shape() == Schema.Shape.SERVICE;
        this.runId = form.columns().indexOf("run_id");
        this.eventId = form.columns().indexOf("event_id");
        String columns = form.columns().stream().map(Database::quoted).collect(Collectors.joining(", "));
        String values = "(" + "?, ".repeat(form.columns().size() - 1) + "?)";
        String insert = "agent_runs (" + columns + ") VALUES " + values;
        this.one = "INSERT INTO " + insert + " ON CONFLICT DO NOTHING";
        this.many = "INSERT OR IGNORE INTO " + insert + (", " + values).repeat(ROWS - 1);
        this.present = "SELECT " + columns + " FROM agent_runs WHERE " + (service ? "event_id" : "run_id") + " = ?";
        database.execute(ODD);
    }

    void add(RunRow row) {
        if (usuallyLacking == null) usuallyLacking = row.lacking();
        waiting.add(row);
        if (waiting.size() == ROWS) flush();
    }

    /** Writes what still waits. */
    void finish() {
        flush();
    }

    private void flush() {
        int inserted = waiting.size() == ROWS ? database.update(many, all()) : 0;
        rows += inserted;
        if (inserted == ROWS) {
            waiting.forEach(this::noteIfOdd);
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

    /** A statement for sixteen left some out, or there were fewer: what is to become of this one? */
    private void settle(RunRow row) {
        try {
            Row there = database.one(present, row.values()[service ? eventId : runId]).orElse(null);
            if (there != null && service && !there.text("run_id").equals(row.values()[runId])) settle(withOwnEventId(row));
            else if (there == null) insert(row);
            else settle(row, there.values().toArray());
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            refused.accept(row, "the database does not take it: " + e.getMessage());
        }
    }

    private void settle(RunRow row, Object[] there) {
        int order = form.compare(row.values(), there);
        if (order == 0) repeated++;
        else if (form.isOver(row.values()) && form.isOver(there)) conflicting.add((String) row.values()[runId]);
        if (order > 0) replace(row, there);
        else if (order == 0) noteIfOdd(row);
    }

    private void insert(RunRow row) {
        int inserted = database.update(one, row.values());
        if (inserted == 0) inserted = database.update(one, withOwnEventId(row).values());
        rows += inserted;
        noteIfOdd(row);
    }

    /** Another run has the event_id that this one's record gives. */
    private RunRow withOwnEventId(RunRow row) {
        row.values()[eventId] = RowForm.derivedEventId((String) row.values()[runId]);
        return row;
    }

    private void replace(RunRow row, Object[] there) {
        rows -= database.update("DELETE FROM agent_runs WHERE " + (service ? "event_id" : "run_id") + " = ?",
                there[service ? eventId : runId]);
        database.update("DELETE FROM odd WHERE run = ? AND event IS ?", there[runId], service ? there[eventId] : null);
        try {
            insert(row);
        } catch (StoreException e) {
            rows += database.update(one, there);
            throw e;
        }
    }

    private void noteIfOdd(RunRow row) {
        if (row.lacking().equals(usuallyLacking)) return;
        BitSet odd = (BitSet) row.lacking().clone();
        odd.xor(usuallyLacking);
        for (int place = odd.nextSetBit(0); place >= 0; place = odd.nextSetBit(place + 1))
            database.update("INSERT INTO odd VALUES (?, ?, ?)", row.values()[runId], service ? row.values()[eventId] : null, place);
    }

    /** How many runs the table has now. */
    long rows() {
        return rows;
    }

    /** Records that said what another had said. */
    long repeated() {
        return repeated;
    }

    /**
     * SQL that says whether the record of the run {@code t} had this column, by its place in the row's form: 1, 0 or a look into the table
     * "odd".
     */
    String isNamed(int place) {
        boolean usually = usuallyLacking == null || !usuallyLacking.get(place);
        if (database.number("SELECT EXISTS (SELECT 1 FROM temp.odd WHERE place = ?)", place) == 0) return usually ? "1" : "0";
        database.execute("CREATE INDEX IF NOT EXISTS temp.odd_run ON odd(run, place)");
        return (usually ? "NOT " : "") + "EXISTS (SELECT 1 FROM temp.odd WHERE run = t.run_id AND place = "
                + place + (service ? " AND event = t.event_id)" : ")");
    }

    /** Runs with several different ends. */
    Set<String> conflicting() {
        return conflicting;
    }
}
