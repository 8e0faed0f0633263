package telemetry.archive;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.function.Function;
import telemetry.Check;
import telemetry.Size;
import telemetry.text.Result;
import telemetry.text.Table;
import telemetry.text.Words;

/** The result of an archiving; {@code toString()} is the report. */
public record ArchiveReport(List<ArchiveRun.Archived> archived, List<ArchivePlan.Left> left, List<String> failures, Size free)
        implements Result {
    @Override
    public Check.Status status() {
        return failures.isEmpty() ? Check.Status.OK : Check.Status.FAILED;
    }

    @Override
    public String toString() {
        if (archived.isEmpty()) return "nothing was archived";
        var table = new Table("day", "lines", "size", "archived", "file");
        for (ArchiveRun.Archived day : archived)
            table.row(day.day(), day.lines(), day.size(), day.compressed(),
                    day.parts().stream().map(part -> part.getFileName().toString()).collect(joining(", ")));
        return table + System.lineSeparator() + Words.count(archived.size(), "day file") + ", " + sum(ArchiveRun.Archived::size)
                + " -> " + sum(ArchiveRun.Archived::compressed) + "; " + free + " are free on the disk now";
    }

    private Size sum(Function<ArchiveRun.Archived, Size> size) {
        return new Size(archived.stream().mapToLong(day -> size.apply(day).bytes()).sum());
    }
}
