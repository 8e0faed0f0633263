package telemetry.rebuild;

import telemetry.Database;
import telemetry.Row;
import telemetry.runs.RowForm;

/**
 * Whose an event_id is that several runs of a new database claim, which their writers should not have let happen: the first run's by its
 * run_id, whatever the order in which they come. The others get one of their own. For tables in which a run has one row.
 */
final class EventIds {
    private final Database database;
    private boolean isContested;

    EventIds(Database database) {
        this.database = database;
        database.execute("CREATE TEMP TABLE rebuild_claims(run TEXT PRIMARY KEY, event TEXT)");
    }

    /** Takes note that the run's record gives an event_id that another run has. */
    void claim(Object run, Object eventId) {
        isContested = true;
        database.update("INSERT OR REPLACE INTO rebuild_claims VALUES (?, ?)", run, eventId);
    }

    /** What the run's record gave, when its row has this one. */
    Object given(Object run, Object eventId) {
        Object claimed = isContested ? database.value("SELECT event FROM rebuild_claims WHERE run = ?", run) : null;
        return claimed == null ? eventId : claimed;
    }

    void forget(Object run) {
        if (isContested) database.update("DELETE FROM rebuild_claims WHERE run = ?", run);
    }

    /** One that nobody has. */
    String own(String run) {
        String own = RowForm.derivedEventId(run);
        while (holder(own) != null) own = RowForm.derivedEventId(own);
        return own;
    }

    private String holder(Object eventId) {
        Object run = database.value("SELECT run_id FROM agent_runs WHERE event_id = ?", eventId);
        return run == null ? null : run.toString();
    }

    /** Gives each to the first of those that claim it. */
    void settle() {
        if (!isContested) return;
        database.execute("CREATE TEMP TABLE rebuild_firsts AS SELECT event, min(run) AS run FROM rebuild_claims GROUP BY event");
        for (Row first : database.query("SELECT event, run FROM rebuild_firsts")) {
            String holder = holder(first.text("event"));
            boolean isFirst = holder == null || database.number("SELECT ? < ?", first.text("run"), holder) == 1;
            if (isFirst) give(first.text("event"), first.text("run"), holder);
        }
        database.execute("DROP TABLE rebuild_firsts");
    }

    private void give(String eventId, String run, String holder) {
        forget(run);
        if (holder != null) {
            put(own(holder), holder);
            claim(holder, eventId);
        }
        put(eventId, run);
    }

    private void put(String eventId, String run) {
        database.update("UPDATE agent_runs SET event_id = ? WHERE run_id = ?", eventId, run);
    }
}
