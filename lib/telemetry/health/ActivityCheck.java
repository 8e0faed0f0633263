package telemetry.health;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Row;
import telemetry.Times;
import telemetry.runs.Schema;
import telemetry.runs.StartTimes;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * Whether runs arrive. The toolkit's own runs say nothing about the agents: those of {@code track --self-test}. The index on start_time
 * finds the rows; the text range is a day wider than any form of writing a time can be off.
 */
final class ActivityCheck {

    /** A start this far ahead of this machine's clock is still taken for now. */
    private static final int SKEW_SECONDS = 60;

    /** A later start is no skew: a clock is wrong. */
    private static final int AHEAD_SECONDS = 3_600;

    /** Agents that began none of the last runs for longer are not expected to. */
    private static final int SILENT_DAYS = 7;
    private static final int MOST_AGENTS = 3;

    private static final String NO_TEST = "NOT (agent_name = 'test' AND job_type IS 'healthcheck')";

    /** Without the limit, SQLite would read a row's time once for each place that asks for it. */
    private static final String TIMES = "(SELECT agent_name, " + StartTimes.SECOND + " AS t, " + NO_TEST + " AS counts FROM agent_runs"
            + " WHERE {rows} LIMIT -1)";

    private static final String ACTIVITY = "SELECT count(CASE WHEN counts AND t > ?1 AND t <= ?3 THEN 1 END) AS hour,"
            + " count(CASE WHEN counts AND t > ?2 AND t <= ?3 THEN 1 END) AS day, max(CASE WHEN counts AND t <= ?3 THEN t END) AS latest,"
            + " count(CASE WHEN t > ?4 THEN 1 END) AS ahead FROM " + TIMES;

    /** The day before that of the last text: an offset may make it that early. */
    private static final String LAST_DAY = "SELECT date(substr(start_time, 1, 10), '-1 day') FROM agent_runs WHERE start_time < ?"
            + " AND start_time GLOB '????-??-??*' AND " + NO_TEST + " AND " + StartTimes.SECOND + " IS NOT NULL"
            + " ORDER BY start_time DESC LIMIT 1";
    private static final String LATEST = "SELECT max(t) FROM " + TIMES + " WHERE counts AND t <= ?";

    /** Which agents began runs in the days up to the latest run, and when each its last. */
    private static final String SILENT = "SELECT agent_name, max(t) AS last FROM " + TIMES + " WHERE counts AND t <= ? GROUP BY agent_name"
            + " ORDER BY last DESC";

    private final Database database;
    private final StartTimes starts;
    private final Instant now;
    private final HealthRules rules;
    private final List<Measure> measures;

    ActivityCheck(Database database, Schema schema, Instant now, HealthRules rules, List<Measure> measures) {
        this.database = database;
        this.starts = StartTimes.of(database, schema);
        this.now = now;
        this.rules = rules;
        this.measures = measures;
    }

    /** Runs whose start cannot be read are counted, whatever else is to be said. */
    Check check() {
        Check check = activity();
        long unread = StartTimes.unreadable(starts, database);
        return unread == 0 ? check : check.saying("; " + StartTimes.unreadable(unread));
    }

    private Check activity() {
        long to = now.getEpochSecond() + SKEW_SECONDS;
        Row runs = database.one(rows(ACTIVITY, day(now, -2)), now.getEpochSecond() - 3_600, now.getEpochSecond() - 86_400, to,
                now.getEpochSecond() + AHEAD_SECONDS).orElseThrow();
        measures.add(Measure.of("runs_last_hour", "", "Runs that began in the last hour.", runs.number("hour")));
        measures.add(Measure.of("runs_last_day", "", "Runs that began in the last 24 hours.", runs.number("day")));
        Object latest = runs.get("latest") != null ? runs.get("latest") : latest(to);
        long ahead = runs.number("ahead");
        if (ahead > 0) return Check.warning("activity", Words.count(ahead, "run begins", "runs begin")
                + " later than this machine's clock, "
                + Times.seconds(now) + " UTC", Next.words("set the clock of this machine, or of the one that wrote them")
                .in(Runbook.SYSTEM_OVERVIEW));
        if (latest == null) return Check.warning("activity", "no run yet",
                Next.words("no agent has begun a run: see whether they are started and where they write").in(Runbook.HEALTH_CHECKS));
        Instant last = Instant.ofEpochSecond(((Number) latest).longValue());
        Duration idle = last.isAfter(now) ? Duration.ZERO : Duration.between(last, now).truncatedTo(java.time.temporal.ChronoUnit.SECONDS);
        measures.add(Measure.of("last_run_age", "seconds", "Time since the latest run began.",
                idle.toSeconds()).atMost(rules.idle().toSeconds()));
        String day = runs.number("day") + " in the last 24 h";
        return idle.compareTo(rules.idle()) > 0 ? Check.warning("activity", "no run for " + Times.words(idle) + ", " + day
                + silent(last, to), Next.words("start these agents, or see why they do not run").in(Runbook.HEALTH_CHECKS))
                : Check.ok("activity", Words.count(runs.number("hour"), "run") + " in the last hour, " + day);
    }

    /** {@code "; silent: docs-crawler since 2026-11-28 12:05:30, and 2 more agents"} */
    private String silent(Instant last, long to) {
        List<Row> agents = database.query(rows(SILENT, day(last, -SILENT_DAYS)), to).list();
        List<String> names = new ArrayList<>();
        for (Row agent : agents.subList(0, Math.min(MOST_AGENTS, agents.size())))
            names.add(agent.text("agent_name") + " since " + Times.seconds(Instant.ofEpochSecond(agent.number("last"))));
        int more = agents.size() - names.size();
        return "; silent: " + String.join(", ", names) + (more == 0 ? "" : ", and " + Words.count(more, "more agent"));
    }

    /** Of a store that has been idle for days; null when it has no run. */
    private Object latest(long to) {
        Object lastDay = database.value(LAST_DAY, day(now, 2));
        return database.value(rows(LATEST, lastDay == null ? "9999-12-31" : lastDay.toString()), to);
    }

    private String rows(String sql, String day) {
        return sql.replace("{rows}", StartTimes.since(starts, day));
    }

    private static String day(Instant of, int offset) {
        return DayFile.dayOf(of).plusDays(offset).toString();
    }
}
