package telemetry.health;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import telemetry.Check;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.Times;
import telemetry.runs.Schema;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * Whether agents post their runs to an API, and whether that stands still. Most stores never post: then nothing is said. The index on
 * api_posted finds the few rows that are looked at.
 */
final class PostingCheck {

    /** The newest rows of a kind tell enough. */
    private static final int LOOKED_AT = 200;

    private static final String EVER = "SELECT EXISTS(SELECT 1 FROM agent_runs WHERE api_posted = 1)";
    private static final String NEWEST = "SELECT status, start_time, end_time, api_posted_at, api_retry_count FROM agent_runs"
            + " WHERE api_posted = ? ORDER BY {number} DESC LIMIT " + LOOKED_AT;
    private static final String WAITING = "SELECT count(*) FROM agent_runs WHERE api_posted = 0";

    private final Store store;
    private final Database database;
    private final Schema schema;
    private final Instant now;
    private final Duration idle;

    PostingCheck(Store store, Database database, Schema schema, Instant now, HealthRules rules) {
        this.store = store;
        this.database = database;
        this.schema = schema;
        this.now = now;
        this.idle = rules.idle();
    }

    /** The result of another check, with a warning when runs wait in vain to be posted. */
    Check with(Check check) {
        if (!schema.indexes().contains("idx_runs_api_posted")) return check;
        List<Row> waiting = newest(0);
        boolean isUsed = database.number(EVER) == 1 || waiting.stream().anyMatch(row -> row.number("api_retry_count") > 0);
        Instant posted = isUsed ? newest(1).stream().map(row -> Times.instant(row.get("api_posted_at"))).filter(Objects::nonNull)
                .max(Instant::compareTo).orElse(null) : null;
        if (!isUsed || posted != null && posted.isAfter(now.minus(idle)) || waiting.stream().noneMatch(row -> isOverdue(row, posted)))
            return check;
        String said = check.detail() + "; posting stands still: " + (posted == null ? "no run is known to be posted"
                : "no run was posted for " + Times.words(Duration.between(posted, now))) + ", "
                + Words.count(database.number(WAITING), "run waits", "runs wait");
        return Check.warning(check.name(), said, check.hint() != null ? check.hint()
                : store.command("query", "pending").in(Runbook.HEALTH_CHECKS));
    }

    private List<Row> newest(int posted) {
        return database.query(NEWEST.replace("{number}", schema.byNumber()), posted).list();
    }

    /** A run that ended long enough ago to be posted, and that posting has met: others may be older than its use. */
    private boolean isOverdue(Row row, Instant posted) {
        var run = new Run(row.map());
        Instant end = run.end() != null ? run.end() : run.start();
        return run.isEnd() && end != null && end.isBefore(now.minus(idle))
                && (row.number("api_retry_count") > 0 || posted == null || end.isAfter(posted));
    }
}
