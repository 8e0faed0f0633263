///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Make a new database from the day files, verify it and put it in place; or compare the two.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/prune/package-info.java ../lib/telemetry/rebuild/package-info.java
//RUNTIME_OPTIONS -XX:CompileThresholdScaling=4 -Xmx256m

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import telemetry.*;
import telemetry.cli.*;
import telemetry.rebuild.*;
import telemetry.text.*;

@Command(name = "rebuild", mixinStandardHelpOptions = true,
        description = "Make a new database from the day files, verify it and put it in place; or compare the two.")
class rebuild extends Procedure {
    /** Where day files are. */
    enum Place { RAW, ARCHIVE }

    @Mixin
    private Consent consent;

    @Option(names = "--from", split = ",", paramLabel = "PLACE",
            description = "raw, archive, or both: which day files are read. Default: raw,archive.")
    private Set<Place> from = EnumSet.allOf(Place.class);

    @Option(names = "--buffer", paramLabel = "DIR",
            description = "Also read the failover files of later clients in this folder (telemetry_*.jsonl, .active, .ready, .synced).")
    private Path buffer;

    @Option(names = "--into", paramLabel = "FILE", description = "Write a new file and leave the store as it is.")
    private Path into;

    @Option(names = "--check-only",
            description = "Compare the database with the day files, both ways, and list the runs that differ. Changes nothing.")
    private boolean checkOnly;

    /** Files that may not be read, each named once. */
    private final Set<Path> named = new HashSet<>();

    public static void main(String... args) {
        Cli.main(new rebuild(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--yes");
    }

    @Override
    public Integer call() {
        if (checkOnly && into != null)
            throw wrong("--check-only writes nothing: it and --into exclude each other");
        Store store = this.store.existing();
        Rebuild rebuild = new Rebuild(store, clock).from(from.contains(Place.RAW), from.contains(Place.ARCHIVE))
                .onDenied(this::sayDenied);
        if (buffer != null) rebuild.buffer(buffer);
        List<Path> files = rebuild.files();
        if (checkOnly) return check(rebuild);
        if (consent.isDryRun()) return show(rebuild, store, files);
        if (into == null && !consent.to("Replace the database " + store.database() + " by one made from " + said(files) + "?"))
            return Cli.WARNING;
        try (var progress = new Progress(err(), "MB", size(files) / 1_000_000)) {
            rebuild.progress(bytes -> progress.at(bytes / 1_000_000));
            Rebuild.Result result = into != null ? rebuild.into(into) : rebuild.inPlace();
            output.result(report(result), result);
            sayDamaged(result.damagedIn(), result.doubtful());
            return !result.denied().isEmpty() ? Cli.UNKNOWN : result.isWhole() ? Cli.OK : Cli.WARNING;
        }
    }

    private Integer check(Rebuild rebuild) {
        List<RunDifferences.Difference> differences = new ArrayList<>();
        RunDifferences.Count count = rebuild.differences(difference -> {
            if (output.isJson()) differences.add(difference);
            else output.print(difference.kind() + ": " + difference.runId()
                    + (difference.columns().isEmpty() ? "" : " (" + String.join(", ", difference.columns()) + ")"));
        });
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("same", count.isSame());
        data.put("count", count);
        data.put("differences", differences);
        output.result(said(count), data);
        sayDamaged(count.damagedIn(), count.doubtful());
        return !count.denied().isEmpty() ? Cli.UNKNOWN : count.isSame() && count.damaged() == 0 ? Cli.OK : Cli.WARNING;
    }

    private void sayDenied(StoreException denied) {
        if (named.add(denied.path())) output.note("rebuild: " + denied.getMessage());
    }

    private void sayDamaged(Map<Path, Long> files, Map<Path, String> doubtful) {
        files.forEach((file, entries) -> output.note("rebuild: " + file + ": " + damaged(entries)
                + (doubtful.containsKey(file) ? ": " + doubtful.get(file) : "")));
    }

    private Integer show(Rebuild rebuild, Store store, List<Path> files) {
        String state = rebuild.state();
        boolean isComparable = into == null && state.equals("intact");
        RunDifferences.Count count = isComparable ? rebuild.differences(difference -> { }) : null;
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("database", into != null ? into.toAbsolutePath() : store.database());
        data.put("old", state);
        data.put("files", files);
        data.put("bytes", size(files));
        data.put("differences", count);
        String old = "; the database " + (into == null ? "there" : "of the store") + " now is " + state;
        output.result("would make " + data.get("database") + " from " + said(files) + old
                + (count == null ? "" : System.lineSeparator() + said(count)), data);
        return count == null || count.denied().isEmpty() ? Cli.OK : Cli.UNKNOWN;
    }

    private static String said(List<Path> files) {
        return count(files.size(), "file", "files") + " (" + new Size(size(files)) + ")";
    }

    private static long size(List<Path> files) {
        return files.stream().map(Path::toFile).mapToLong(File::length).sum();
    }

    private static String said(RunDifferences.Count count) {
        String both = String.format(Locale.ROOT, "%s in the database, %,d in the day files: ",
                count(count.runs(), "run", "runs"), count.inFiles());
        String different = String.format(Locale.ROOT, "%,d only in the day files, %,d only in the database, %,d different",
                count.missing(), count.unknown(), count.different());
        return both + (count.isSame() ? "no difference" : different) + (count.damaged() == 0 ? "" : ", " + damaged(count.damaged()))
                + (count.denied().isEmpty() ? "" : ", " + count(count.denied().size(), "file", "files") + " not read");
    }

    private static String damaged(long entries) {
        return count(entries, "damaged entry", "damaged entries");
    }

    private static String count(long number, String one, String many) {
        return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? one : many);
    }

    private static String report(Rebuild.Result result) {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add(result.database() + ": " + count(result.runs(), "run", "runs") + ", schema " + result.schema() + ", verified");
        lines.add("read " + count(result.lines(), "line", "lines") + " of " + count(result.files(), "file", "files") + ": "
                + count(result.events(), "event", "events") + ", " + count(result.repeated(), "repeated record", "repeated records") + ", "
                + damaged(result.damaged()));
        if (result.quarantine() != null) lines.add("the damaged entries are kept in " + result.quarantine());
        for (Path file : result.denied()) lines.add("not read, for want of permission: " + file);
        if (result.pruned() > 0) lines.add(count(result.pruned(), "record", "records") + " left out: their runs were pruned");
        if (!result.conflicts().isEmpty()) lines.add("several different ends, the latest counts: " + String.join(", ", result.conflicts()));
        carried(result.carried(), lines);
        if (result.replayed() > 0) lines.add("among them " + count(result.replayed(), "run", "runs") + " that came while this went on");
        if (!result.locked().isZero()) lines.add("the database was locked for " + Times.words(result.locked()));
        if (result.kept() != null) lines.add("the old one (" + result.old() + ") is kept: " + result.kept());
        return lines.toString();
    }

    private static void carried(CarryOver.Carried carried, StringJoiner lines) {
        String from = "from the old database: ";
        if (carried.runs() > 0) lines.add(from + count(carried.runs(), "run", "runs") + " that no day file has");
        if (carried.running() > 0) lines.add(from + count(carried.running(), "run", "runs") + " without an end in the day files");
        carried.columns().forEach((column, rows) -> lines.add(from + "the column " + column + ", " + count(rows, "value", "values")));
        carried.tables().forEach((table, rows) -> lines.add(from + "the table " + table + ", " + count(rows, "row", "rows")));
        carried.lost().forEach(lost -> lines.add("not carried over: " + lost));
    }
}
