package telemetry;

import java.time.Instant;
import java.util.Set;

/**
 * A selection of runs.
 *
 * @param agent    the agent's exact name; null for any
 * @param job      the job's exact type; null for any
 * @param statuses in any of their words; empty for any
 * @param insight  the chain's id; null for any
 * @param since    started at this instant or later; null for no limit
 * @param until    started before this instant; null for no limit
 */
public record RunFilter(String agent, String job, Set<RunStatus> statuses, String insight, Instant since, Instant until) {

    /** All runs. */
    public static final RunFilter ALL = new RunFilter(null, null, Set.of(), null, null, null);

    public RunFilter {
        statuses = Set.copyOf(statuses);
    }

    public RunFilter withAgent(String agent) {
        return new RunFilter(agent, job, statuses, insight, since, until);
    }

    public RunFilter withStatuses(Set<RunStatus> statuses) {
        return new RunFilter(agent, job, statuses, insight, since, until);
    }

    public RunFilter withInsight(String insight) {
        return new RunFilter(agent, job, statuses, insight, since, until);
    }

    public RunFilter during(Instant since, Instant until) {
        return new RunFilter(agent, job, statuses, insight, since, until);
    }
}
