///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Compress old day files, verify them, and only then delete the originals; list, verify, restore, expire.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/archive/package-info.java
//RUNTIME_OPTIONS -XX:CompileThresholdScaling=4

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import telemetry.*;
import telemetry.archive.*;
import telemetry.cli.*;
import telemetry.os.*;
import telemetry.text.*;

@Command(name = "archive", mixinStandardHelpOptions = true, addMethodSubcommands = false,
        description = "Compress old day files, verify them, and only then delete the originals; list, verify, restore, expire.")
class archive extends Procedure {
    private static final long MB = 1_000_000;
    private static final Duration USUAL_AGE = Duration.ofDays(30);

    @Mixin
    private Consent consent;

    @Option(names = "--to", paramLabel = "DIR", scope = ScopeType.INHERIT,
            description = "The archive's folder, on another disk say. Default: archive in the store's folder.")
    private Path folder;

    @Option(names = "--older-than", paramLabel = "AGE",
            description = "Archive days that ended longer ago than this. Default: 30d, with --free 0d.")
    private Duration olderThan;

    @Option(names = "--free", paramLabel = "SIZE",
            description = "Archive the oldest days first, and stop when so much is free on the disk: 5GB.")
    private Size free;

    /** What was done; {@code toString()} is what the operator reads. */
    private record Report(List<ArchiveRun.Archived> archived, List<Archive.Left> left, List<String> failures, Size free) {
        @Override
        public String toString() {
            if (archived.isEmpty()) return "nothing was archived";
            var table = new Table("day", "lines", "size", "archived", "file");
            for (ArchiveRun.Archived day : archived)
                table.row(day.day(), day.lines(), day.size(), day.compressed(),
                        day.parts().stream().map(part -> part.getFileName().toString()).collect(joining(", ")));
            return table + System.lineSeparator() + archived.size() + (archived.size() == 1 ? " day file, " : " day files, ")
                    + sum(ArchiveRun.Archived::size)
                    + " -> " + sum(ArchiveRun.Archived::compressed) + "; " + free + " are free on the disk now";
        }

        private Size sum(Function<ArchiveRun.Archived, Size> size) {
            return new Size(archived.stream().mapToLong(day -> size.apply(day).bytes()).sum());
        }
    }

    public static void main(String... args) {
        Cli.main(new archive(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--older-than", "1d", "--yes");
    }

    @Override
    public Integer call() throws IOException {
        Store store = this.store.existing();
        Archive archive = in(store);
        if (!archive.isTheStores())
            output.note("archive: logs and rebuild do not look in " + archive.folder() + ": make " + store.archive() + " a link to it");
        Duration age = olderThan != null ? olderThan : free != null ? Duration.ZERO : USUAL_AGE;
        Archive.Plan plan = free == null ? archive.plan(age) : archive.plan(age, free);
        if (consent.isDryRun() || plan.files().isEmpty()) return show(plan, archive, freeAt(store));
        String what = files(plan.files()) + " (" + plan.size() + ") in " + archive.folder() + until();
        if (!consent.to("Archive " + what + ", and delete the originals?")) return Cli.WARNING;
        ArchiveRun.Result result;
        try (var progress = new Progress(err(), "MB", plan.size().bytes() / MB)) {
            result = archive.run(plan, progress.adding(MB));
        }
        return report(result, freeAt(store));
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "List the archived days.")
    Integer list() {
        Map<DayFile, Optional<ArchivedFile>> listed = in(store.existing()).listed();
        var table = new Table("day", "lines", "size", "archived", "when", "file");
        listed.forEach((file, known) -> table.row(file.day(), known.map(ArchivedFile::lines).orElse(null),
                known.map(entry -> new Size(entry.bytes())).orElse(null),
                new Size(file.path().toFile().length()), known.map(ArchivedFile::archived).orElse(null), file.path().getFileName()));
        output.result(table.isEmpty() ? "the archive is empty" : table,
                listed.entrySet().stream().map(entry -> known(entry.getKey(), entry.getValue())).toList());
        return Cli.OK;
    }

    @Command(name = "verify", mixinStandardHelpOptions = true,
            description = "Compare the SHA-256 of every archived file with the manifest's.")
    Integer verify(@Option(names = "--all",
                    description = "Also uncompress them and compare the contents' SHA-256 and numbers of lines.") boolean all) {
        Archive archive = in(store.existing());
        long total = archive.files().stream().mapToLong(file -> file.path().toFile().length()).sum();
        List<Check> checks;
        try (var progress = new Progress(err(), "MB", total / MB)) {
            checks = new ArchiveCheck(archive, all, progress.adding(MB)).run();
        }
        List<Check> wrong = checks.stream().filter(check -> check.status() != Check.Status.OK).toList();
        String lines = wrong.stream().map(check -> check.status() + "  " + check.name() + ": " + check.detail()
                + (check.hint() == null ? "" : "; next: " + check.hint()) + System.lineSeparator()).collect(joining());
        output.result(lines + (checks.size() - wrong.size()) + " of " + checks.size() + " archived files are right", checks);
        return new Checks(wrong).status().exitCode();
    }

    @Command(name = "restore", mixinStandardHelpOptions = true,
            description = "Bring a day back to the raw day files. The archive keeps it.")
    Integer restore(@Parameters(paramLabel = "DAY", description = "2025-12-11") LocalDate day) {
        Path restored = in(store.existing()).restore(day);
        output.result("restored " + restored, Map.of("restored", restored));
        return Cli.OK;
    }

    @Command(name = "expire", mixinStandardHelpOptions = true, description = "Delete archived days for good.")
    Integer expire(@Mixin Consent consent,
            @Option(names = "--older-than", required = true, paramLabel = "AGE",
                    description = "Days that ended longer ago than this: 365d.") Duration age) {
        Archive archive = in(store.existing());
        List<DayFile> old = archive.older(age);
        Size size = new Size(old.stream().mapToLong(file -> file.path().toFile().length()).sum());
        if (!old.isEmpty() && !consent.isDryRun()) {
            if (!consent.to("Delete " + files(old) + " (" + size + ") from " + archive.folder() + " for good?")) return Cli.WARNING;
            archive.expire(old);
        }
        String what = old.isEmpty() ? "no archived day is older than " + Times.words(age)
                : files(old) + " (" + size + ") " + (consent.isDryRun() ? "would be deleted" : "deleted");
        output.result(what, Map.of("expired", old.stream().map(DayFile::path).toList(), "size", size, "dry_run", consent.isDryRun()));
        return Cli.OK;
    }

    private Archive in(Store store) {
        return new Archive(store, folder, clock);
    }

    private static Size freeAt(Store store) throws IOException {
        return new Size(Disk.free(store.raw()));
    }

    private String until() {
        return free == null ? "" : ", the oldest first, until " + free + " are free";
    }

    private Integer show(Archive.Plan plan, Archive archive, Size nowFree) {
        var table = new Table("day", "size", "file");
        for (DayFile file : plan.files()) table.row(file.day(), new Size(file.path().toFile().length()), file.path());
        String now = free == null ? "" : "; " + nowFree + " are free now";
        String what = files(plan.files()) + ", " + plan.size() + ", would be archived in " + archive.folder() + until();
        output.result((table.isEmpty() ? "no day file is to be archived" : table + System.lineSeparator() + what) + now, plan);
        boolean leftSome = note(plan.left());
        return leftSome || table.isEmpty() && isTooFew(nowFree) ? Cli.WARNING : Cli.OK;
    }

    private boolean isTooFew(Size nowFree) {
        boolean tooFew = free != null && nowFree.compareTo(free) < 0;
        if (tooFew) output.note("archive: " + nowFree + " are free, not " + free + ", and no other day file can be archived");
        return tooFew;
    }

    private Integer report(ArchiveRun.Result result, Size nowFree) {
        List<String> failures = result.failures().stream().map(store.store()::message).toList();
        var report = new Report(result.archived(), result.left(), failures, nowFree);
        output.result(report, report);
        boolean leftSome = note(result.left());
        failures.forEach(failure -> output.note("archive: " + failure));
        boolean tooFew = isTooFew(nowFree);
        return !failures.isEmpty() ? Cli.FAILED : leftSome || tooFew ? Cli.WARNING : Cli.OK;
    }

    /** @return true when one of them should be looked at; that today's file stays is as it should be */
    private boolean note(List<Archive.Left> left) {
        for (Archive.Left one : left) output.note("left alone: " + one.file() + ": " + one.reason());
        LocalDate today = DayFile.dayOf(clock.instant());
        return left.stream().anyMatch(one -> DayFile.of(one.file()).orElseThrow().day().isBefore(today));
    }

    private static String files(List<DayFile> files) {
        return files.size() == 1 ? files.get(0).path().getFileName().toString() : files.size() + " day files";
    }

    private static Object known(DayFile file, Optional<ArchivedFile> listed) {
        return listed.isPresent() ? listed.get() : Map.of("path", file.path(), "day", file.day());
    }
}
