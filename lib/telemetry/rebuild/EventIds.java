package telemetry.rebuild;

import telemetry.Database;
import telemetry.Row;
import telemetry.runs.RowForm;

/**
 * Decides which run owns an event_id that several runs of a new database claim, although writers should prevent that. The first run by
 * run_id gets it, whatever the order of reading; the others get one of their own. For tables in which a run has one row.
 */
final class EventIds {
    private final Database database;
    private boolean isContested;

    EventIds(Database database) {
        this.database = database;
        database.execute("CREATE TEMP TABLE rebuild_claims(run TEXT PRIMARY KEY, event TEXT)");
    }

    /** Notes that the run's record has an event_id that another run holds. */
    void claim(Object run, Object eventId) {
        isContested = true;
        database.update("INSERT OR REPLACE INTO rebuild_claims VALUES (?, ?)", run, eventId);
    }

    /** The event_id in the run's record, when its row has this one. */
    Object given(Object run, Object eventId) {
        Object claimed = isContested ? database.value("SELECT event FROM rebuild_claims WHERE run = ?", run) : null;
        return claimed == null ? eventId : claimed;
    }

    void forget(Object run) {
        if (isContested) database.update("DELETE FROM rebuild_claims WHERE run = ?", run);
    }

    /** An unused event_id. */
    String own(String run) {
        String own = RowForm.derivedEventId(run);
        while (holder(own) != null) own = RowForm.derivedEventId(own);
        return own;
    }

    private String holder(Object eventId) {
        Object run = database.value("SELECT run_id FROM agent_runs WHERE event_id = ?", eventId);
        return run == null ? null : run.toString();
    }

    /** Gives each event_id to the first of its claimants. */
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
