package telemetry.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.Next;
import telemetry.Store;
import telemetry.Times;
import telemetry.runs.AgentWalk;
import telemetry.runs.Index;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.runs.SchemaForm;

/** Which indexes a store's database lacks, and which it does not need, by the plans of the runbook's queries. Looks only. */
public final class IndexAdvice {

    /** Summarizes agents without reading the table: {@link AgentWalk} walks through it. */
    static final String SUMMARY = "idx_runs_agent_summary";

    /**
     * From this many runs on the summary takes longer than a query may; below that the index would only cost (bench row {@code agents}).
     */
    static final long SUMMARY_PAYS = 100_000;

    /** The same where an index has all that is needed in another order, as earlier versions advised. */
    static final long ORDER_PAYS = 250_000;

    /** The columns that the runbook's queries find runs by, and the names of their indexes in every version. */
    private static final Map<String, String> NAMES = Map.of("start_time", "idx_runs_start", "run_id", "idx_runs_run_id",
            "insight_id", "idx_runs_insight", "status", "idx_runs_status", "agent_name", "idx_runs_agent");

    private final Store store;
    private final Schema schema;
    private final QueryTimes times;
    private final List<Index> indexes;
    private final Map<String, String> missing = new LinkedHashMap<>();
    private final List<Advice> advice = new ArrayList<>();

    /** An index worth making. @param on the table and its columns */
    private record Lack(String name, String on, String why) { }

    /** @param times of this database */
    public IndexAdvice(Store store, Database database, QueryTimes times) {
        this.store = store;
        this.schema = Schema.require(database);
        this.times = times;
        this.indexes = Index.of(database);
        long runs = database.number("SELECT count(*) FROM agent_runs");
        Stream.of(lackedByQueries(), lackedByTheRunbook(), lackedBySummaries(runs)).flatMap(lacks -> lacks).forEach(lack -> {
            String statement = "CREATE INDEX IF NOT EXISTS " + lack.name + " ON " + lack.on;
            if (missing.putIfAbsent(lack.name, statement) == null)
                advice.add(new Advice("index", lack.why, store.command("measure_performance", "--apply-indexes", "--dry-run")));
        });
        Stream.concat(doubled(), unused()).forEach(advice::add);
    }

    /** For each index worth making: its name and the statement that makes it. */
    public Map<String, String> missing() {
        return missing;
    }

    public List<Advice> advice() {
        return List.copyOf(advice);
    }

    private Stream<Lack> lackedByQueries() {
        Map<String, List<QueryTime>> slow = times.list().stream()
                .filter(time -> time.by() != null && time.readsAllRuns() && indexes.stream().noneMatch(index -> index.leadsBy(time.by())))
                .collect(Collectors.groupingBy(QueryTime::by, LinkedHashMap::new, Collectors.toList()));
        return slow.keySet().stream().map(column -> lack(NAMES.get(column), "agent_runs(" + column + ")", "without an index on "
                + column + ", all runs are read by query " + slow.get(column).stream()
                .map(query -> query.name() + " (" + Times.millis(query.p95()) + " ms)").collect(Collectors.joining(", "))));
    }

    private Stream<Lack> lackedByTheRunbook() {
        return schema.missingIndexes().stream()
                .map(name -> lack(name, SchemaForm.RUNBOOK.indexes().get(name), "this database lacks " + name + " of the runbook's schema"));
    }

    private Stream<Lack> lackedBySummaries(long runs) {
        QueryTime agents = times.get("agents");
        if (indexes.stream().anyMatch(AgentWalk::isServedBy) || runs < (agents.isCovered() ? ORDER_PAYS : SUMMARY_PAYS)) return Stream.of();
        String why = agents.isCovered() ? "an index in an unsuitable order, in " + Times.words(agents.p95())
                + "; one with the durations in order takes a third of that for some 40 bytes a run, and replaces the other"
                : "the whole table in " + Times.words(agents.p95())
                + "; an index with all it needs takes a sixth of that, for some 40 bytes a run";
        return Stream.of(lack(SUMMARY, "agent_runs(" + String.join(", ", AgentWalk.COLUMNS) + ")", "query agents reads " + why));
    }

    private Lack lack(String name, String on, String why) {
        return new Lack(schema.indexes().contains(name) ? name + "_2" : name, on, why);
    }

    private Stream<Advice> doubled() {
        return indexes.stream().flatMap(index -> twin(index).stream().map(other -> drop(index, index.name()
                + " has the same columns as " + other.name() + ": every run is entered twice (its writers may create it again)")));
    }

    /** Another index that makes this one unnecessary. */
    private Optional<Index> twin(Index index) {
        return indexes.stream().filter(other -> isNeedless(index, other)).findFirst();
    }

    /** The writers' own checks look for the indexes that they make, so one of these stays even beside a UNIQUE column. */
    private static boolean isNeedless(Index index, Index other) {
        if (index == other || SchemaForm.isOfWriters(index.name()) || !index.isOwn() || index.isUnique()
                || !index.isSameAs(other)) return false;
        return !other.isOwn() || other.isUnique() || rank(other).compareTo(rank(index)) < 0;
    }

    /** Of two equal indexes, the one that writers know stays. */
    private static String rank(Index index) {
        return (SchemaForm.isOfWriters(index.name()) ? "1" : "2") + index.name();
    }

    private Stream<Advice> unused() {
        return indexes.stream()
                .filter(index -> index.isOwn() && !index.isUnique() && !SchemaForm.isOfWriters(index.name())
                && !AgentWalk.isServedBy(index))
                .filter(index -> times.list().stream().noneMatch(time -> time.uses(index.name())) && twin(index).isEmpty())
                .map(index -> drop(index, "no query of the runbook uses " + index.name()
                        + ", and no version's writers create it: ask who did; it costs an entry for each run"));
    }

    private Advice drop(Index index, String why) {
        String name = index.name().matches("\\w+") ? index.name() : Database.quoted(index.name());
        return new Advice("index", why, Next.program("sqlite3", store.database().toString(), "DROP INDEX " + name));
    }
}
