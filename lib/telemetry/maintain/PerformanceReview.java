package telemetry.maintain;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.Check;
import telemetry.Database;
import telemetry.Store;
import telemetry.Times;
import telemetry.measure.Advice;
import telemetry.measure.Baselines;
import telemetry.measure.IndexAdvice;
import telemetry.measure.QueryTime;
import telemetry.measure.QueryTimes;

/** How long the runbook's queries take on a store, and whether its indexes are the right ones. Looks only. */
public final class PerformanceReview {
    private final Store store;
    private final QueryTimes times;
    private final IndexAdvice found;

    /** Asks the queries, for some seconds. */
    public PerformanceReview(Store store, Database database, Instant now) {
        this.store = store;
        this.times = QueryTimes.of(database, now);
        this.found = IndexAdvice.of(store, database, times);
    }

    /** Whether the simple ones are as fast as they should be. */
    public Task queries(Baselines baselines) {
        Check check = baselines.queries(store, times);
        boolean isFast = check.status() == Check.Status.OK;
        Task task = isFast ? Task.done("queries", check.detail()) : Task.open("queries", check.status(), check.detail(), check.hint());
        return task.with(times, times.list().stream().map(PerformanceReview::data).toList());
    }

    private static Map<String, Object> data(QueryTime time) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("query", time.name());
        data.put("p50_ms", Times.millis(time.p50()));
        data.put("p95_ms", Times.millis(time.p95()));
        data.put("rows", time.rows());
        data.put("plan", time.plan());
        return data;
    }

    /** Those that are missing; one that is needless costs a little, and nobody has to drop it. */
    public Task indexes() {
        List<Advice> advice = found.advice();
        int missing = found.missing().size();
        String needless = advice.size() == missing ? "none is needless" : advice.size() - missing + " needless";
        Task task = missing == 0 ? Task.done("indexes", "none is missing, " + needless)
                : Task.open("indexes", Check.Status.WARNING, missing + " missing, " + needless, advice.get(0).command());
        return advice.isEmpty() ? task : task.with(Advice.report(advice), advice);
    }
}
