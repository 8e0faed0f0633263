package telemetry.maintain;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import telemetry.Check;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.measure.Advice;
import telemetry.measure.Baselines;
import telemetry.measure.IndexAdvice;
import telemetry.measure.QueryTime;
import telemetry.measure.QueryTimes;

/** How long the runbook's queries take on a store, and whether its indexes are right. Looks only. */
public final class PerformanceReview {
    private PerformanceReview() { }

    /** Two items. Runs the queries, for some seconds. */
    public static List<Task> of(Store store, Baselines baselines, Instant now) {
        try (Database database = Database.openToRead(store.database())) {
            QueryTimes times = QueryTimes.of(database, now);
            return List.of(queries(baselines.queries(store, times), times), indexes(new IndexAdvice(store, database, times)));
        } catch (StoreException e) {
            Task refused = Task.refused("queries", store, e);
            return List.of(refused, Task.open("indexes", refused.status(), "cannot tell without the queries", null));
        }
    }

    /** Whether the simple queries are fast enough. */
    private static Task queries(Check check, QueryTimes times) {
        boolean isFast = check.status() == Check.Status.OK;
        Task task = isFast ? Task.done("queries", check.detail()) : Task.open("queries", check.status(), check.detail(), check.hint());
        return task.with(times, times.list().stream().map(PerformanceReview::asked).toList());
    }

    private static Record asked(QueryTime time) {
        record Asked(String query, BigDecimal p50Ms, BigDecimal p95Ms, long rows, List<String> plan) { }
        return new Asked(time.name(), Times.millis(time.p50()), Times.millis(time.p95()), time.rows(), time.plan());
    }

    /** Reports missing indexes. An unnecessary one costs little, and nothing requires dropping it. */
    private static Task indexes(IndexAdvice found) {
        List<Advice> advice = found.advice();
        int missing = found.missing().size();
        String needless = advice.size() == missing ? "none is needless" : advice.size() - missing + " needless";
        Task task = missing == 0 ? Task.done("indexes", "none is missing, " + needless)
                : Task.open("indexes", Check.Status.WARNING, missing + " missing, " + needless, advice.get(0).command());
        return advice.isEmpty() ? task : task.with(Advice.report(advice), advice);
    }
}
