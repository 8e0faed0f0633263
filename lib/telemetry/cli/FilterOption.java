package telemetry.cli;

import java.time.Clock;
import java.util.Set;
import picocli.CommandLine.Option;
import telemetry.RunFilter;
import telemetry.RunStatus;

/** Mixin of every command that selects runs. */
public final class FilterOption extends PeriodOption {

    @Option(names = "--agent", paramLabel = "NAME", description = "Only runs of this agent.")
    private String agent;

    @Option(names = "--job", paramLabel = "TYPE", description = "Only runs of this job type.")
    private String job;

    @Option(names = "--status", split = ",", paramLabel = "STATUS",
            description = "Only runs with one of these statuses, in the words of any writer: failed,timeout.")
    private Set<RunStatus> statuses = Set.of();

    @Option(names = "--insight", paramLabel = "ID", description = "Only runs of this chain.")
    private String insight;

    @Override
    public RunFilter at(Clock clock) {
        RunFilter during = super.at(clock);
        return new RunFilter(agent, job, statuses, insight, during.since(), during.until());
    }
}
