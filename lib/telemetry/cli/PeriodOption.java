package telemetry.cli;

import java.time.Clock;
import picocli.CommandLine.Option;
import telemetry.RunFilter;
import telemetry.Times;

/** Mixin of every command that looks at the runs of a period. */
public class PeriodOption {

    @Option(names = "--since", paramLabel = "TIME",
            description = "Only runs that started at this time or later: 24h (ago), 7d, or 2025-12-10T12:00:00Z.")
    private Times.Since since;

    @Option(names = "--until", paramLabel = "TIME", description = "Only runs that started before this time.")
    private Times.Since until;

    /** The runs that were asked for. */
    public RunFilter at(Clock clock) {
        return RunFilter.ALL.during(since == null ? null : since.at(clock), until == null ? null : until.at(clock));
    }
}
