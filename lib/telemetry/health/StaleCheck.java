package telemetry.health;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import telemetry.Check;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.Times;
import telemetry.runs.Schema;
import telemetry.runs.StartTimes;
import telemetry.runs.StatusWords;
import telemetry.text.Runbook;

/**
 * Runs that say running for too long. One whose start cannot be read may be among them or not, and so may one whose status is a word that
 * no writer uses: these are counted.
 */
final class StaleCheck {
    private static final String STALE = "SELECT count(*) AS running, count(CASE WHEN t < ? THEN 1 END) AS stale, min(t) AS oldest,"
            + " count(*) - count(t) AS unread FROM (SELECT " + StartTimes.SECOND + " AS t FROM agent_runs WHERE ";

    private final Store store;
    private final Database database;
    private final StatusWords words;
    private final Instant now;
    private final HealthRules rules;
    private final List<Measure> measures;

    StaleCheck(Store store, Database database, Schema schema, Instant now, HealthRules rules, List<Measure> measures) {
        this.store = store;
        this.database = database;
        this.words = new StatusWords(database, schema);
        this.now = now;
        this.rules = rules;
        this.measures = measures;
    }

    Check check() {
        Row runs = database.one(STALE + words.are(RunStatus.RUNNING) + ")", now.minus(rules.stale()).getEpochSecond()).orElseThrow();
        measures.add(Measure.of("running_runs", "", "Runs whose status is running.", runs.number("running")));
        measures.add(Measure.of("stale_runs", "", "Runs that have been running for too long.", runs.number("stale")).atMost(0));
        String limit = "for more than " + Times.words(rules.stale());
        String odd = words.odd();
        String more = (runs.number("unread") == 0 ? "" : "; " + runs.number("unread") + " running since a start_time that cannot be read")
                + (odd == null ? "" : "; " + odd);
        if (runs.number("stale") == 0) return Check.ok("stale", runs.number("running") + " running, none " + limit + more);
        return Check.warning("stale", runs.number("stale") + " running " + limit + ", the oldest for "
                + Times.words(Duration.ofSeconds(now.getEpochSecond() - runs.number("oldest"))) + more, prune());
    }

    /** As prune names them, whose own rule is the runbook's. */
    private Next prune() {
        return rules.stale().equals(HealthRules.RUNBOOK.stale()) ? store.next(Runbook.PRUNE)
                : store.command("prune", "stale", "--older-than", rules.stale().toSeconds() + "s", "--dry-run").in(Runbook.PRUNE);
    }
}
