package telemetry;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

    /** @param most that a simple query may take, 95 times out of 100 */
    public Task queries(Duration most) {
        QueryTime slowest = times.list().stream().filter(QueryTime::isSimple).max(Comparator.comparing(QueryTime::p95)).orElseThrow();
        String takes = ", takes " + Times.millis(slowest.p95()) + " ms (p95; at most " + most.toMillis() + ")";
        String detail = "the slowest simple query, " + slowest.name() + takes;
        Task task = slowest.p95().compareTo(most) <= 0 ? Task.done("queries", detail)
                : Task.open("queries", Check.Status.WARNING, detail, "Performance Baselines: " + store.command("measure_performance", ""));
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
