import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Check;
import telemetry.Health;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** Runs that agents post to an API: which wait, and whether posting stands still. */
class PostingTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final Clock AT_NOON = Clock.fixed(NOON, ZoneOffset.UTC);

    @TempDir
    Path dir;

    private Store store;

    @BeforeEach
    void twelveRunsOneAnHour() {
        store = Fixture.V3.filled(dir, 12, NOON.minusSeconds(600));
    }

    private Script pending(Object... args) {
        var query = new query();
        query.clock = AT_NOON;
        Object[] all = new Object[args.length + 1];
        all[0] = "pending";
        System.arraycopy(args, 0, all, 1, args.length);
        return Script.on(store, query, all);
    }

    private String activity() {
        Check activity = Health.of(store, AT_NOON).checks().list().stream().filter(check -> check.name().equals("activity")).findFirst()
                .orElseThrow();
        return activity.status() + ": " + activity.detail() + (activity.hint() == null ? "" : " " + activity.hint());
    }

    @ParameterizedTest
    @EnumSource(names = {"V1", "V3", "V7_SERVICE"})
    void whatWaitsIsListedOldestFirstAndCounted(Fixture shape) {
        store = shape.filled(dir.resolve("other"), 12, NOON.minusSeconds(600));
        Sql.execute(store, "UPDATE agent_runs SET api_posted = 1, api_posted_at = '2026-11-20T11:00:00Z' WHERE run_id LIKE '%00000003'",
                "UPDATE agent_runs SET api_retry_count = 4 WHERE run_id LIKE '%0000000b'",
                "UPDATE agent_runs SET api_retry_count = 1 WHERE run_id LIKE '%00000002'");
        Script all = pending("--limit", "3");
        assertEquals(0, all.exit(), all.toString());
        String[] lines = all.out().split("\\R");
        assertTrue(lines[0].matches("run_id +job_type +status +start_time +age +retries"), lines[0]);
        assertTrue(lines[1].contains("0000000b") && lines[1].matches(".* 2026-11-20 00:50 +11 h 10 min +4"), lines[1]);
        assertTrue(lines[2].contains("0000000a") && lines[2].endsWith("0"), lines[2]);
        assertEquals("11 runs are not posted; 2 of them tried, up to 4 times", lines[4]);
        assertFalse(pending().out().contains("00000003"));
        assertTrue(pending("--json", "--agent", "docs-crawler").out().contains("\"api_retry_count\":0"));
        assertTrue(pending("--since", "3h").out().contains("3 runs are not posted; 1 of them tried, up to 1 time"),
                pending("--since", "3h").out());
        assertTrue(pending("--explain").out().contains("agent_runs"));
    }

    @Test
    void healthSaysNothingWhereNobodyPosts() {
        assertTrue(activity().startsWith("ok: ") && !activity().contains("posting"), activity());
    }

    @Test
    void healthWarnsWherePostingStandsStill() {
        Sql.execute(store, "UPDATE agent_runs SET api_posted = 1, api_posted_at = start_time");
        assertTrue(activity().startsWith("ok: "), activity());
        Sql.execute(store, "UPDATE agent_runs SET api_posted = 0, api_posted_at = NULL WHERE start_time > '2026-11-20T07'");
        assertTrue(activity().startsWith("warning: "), activity());
        assertTrue(activity().contains("; posting stands still: no run was posted for 5 h 10 min, 5 runs wait"), activity());
        assertTrue(activity().contains("query@telemetry pending"), activity());
        Sql.execute(store, "UPDATE agent_runs SET api_posted_at = '2026-11-20T11:58:00+00:00' WHERE start_time < '2026-11-20T01'");
        assertTrue(activity().startsWith("ok: "), "the oldest ones are posted first: it goes on");
    }

    /**
     * A run that was tried in vain tells that posting is used, although none ever came through. Runs from before its use are no backlog.
     */
    @Test
    void retriesTellThatItIsUsed() {
        Sql.execute(store, "UPDATE agent_runs SET api_retry_count = 3 WHERE run_id LIKE '%0000000a'");
        assertTrue(activity().contains("; posting stands still: no run is known to be posted, 12 runs wait"), activity());
        Sql.execute(store, "UPDATE agent_runs SET api_retry_count = 0, api_posted = start_time > '2026-11-20T11', api_posted_at = "
                + "iif(start_time > '2026-11-20T11', '2026-11-20T10:55:00Z', NULL)");
        assertTrue(activity().startsWith("ok: "), activity());
    }
}
