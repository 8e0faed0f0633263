///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Compress old day files, verify them, and only then delete the originals; list, verify, restore, expire.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/archive/package-info.java
//RUNTIME_OPTIONS -XX:CompileThresholdScaling=4

import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.archive.*;
import telemetry.cli.*;
import telemetry.os.*;
import telemetry.store.*;
import telemetry.text.*;

@Command(name = "archive", mixinStandardHelpOptions = true, addMethodSubcommands = false,
        description = "Compress old day files, verify them, and only then delete the originals; list, verify, restore, expire.",
        footer = {"", "Examples:", "  archive --older-than 90d --dry-run", "  archive --free 5GB --yes",
            "  archive restore 2025-12-11"})
class archive extends Procedure {
    private static final long MB = 1_000_000;
    private static final Duration USUAL_AGE = Duration.ofDays(30);

    @Mixin
    private Consent consent;

    @Option(names = "--to", paramLabel = "DIR", scope = ScopeType.INHERIT,
            description = "The archive's folder, for example on another disk. Default: archive in the store's folder.")
    private Path folder;

    @Option(names = "--older-than", paramLabel = "AGE",
            description = "Archive days that ended longer ago than this. Default: 30d; with --free 0d.")
    private Duration olderThan;

    @Option(names = "--free", paramLabel = "SIZE",
            description = "Archive the oldest days first and stop when this much is free on the disk: 5GB.")
    private Size free;

    public static void main(String... args) {
        Cli.main(new archive(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--older-than", "1d", "--yes");
    }

    @Override
    public Integer call() {
        Archive archive = archive();
        if (!archive.isTheStores())
            note("logs and rebuild do not look in " + archive.folder() + ": make " + store.store().base().resolve("archive")
                    + " a link to it");
        ArchivePlan plan = archive.plan(olderThan != null ? olderThan : free != null ? Duration.ZERO : USUAL_AGE, free);
        boolean isAny = !plan.files().isEmpty();
        if (consent.isDryRun() || !isAny) {
            int exit = told(archive.preview(plan), plan.left(), List.of(), isAny ? null : archive.free());
            tellWhatElseFreesRoom(archive, !isAny);
            if (isAny) sayNext(consent);
            return exit;
        }
        String what = plan.what() + " (" + plan.size() + ") in " + archive.folder() + plan.until();
        if (!consent.to("Archive " + what + ", and delete the originals?")) return Cli.OK;
        ArchiveReport report;
        try (var progress = progress("MB", plan.size().bytes() / MB)) {
            report = archive.report(archive.run(plan, progress.adding(MB)));
        }
        int status = told(report, report.left(), report.failures(), report.free());
        tellWhatElseFreesRoom(archive, report.failures().isEmpty());
        return status;
    }

    /** On a disk that is nearly full; what frees most comes last, where it is looked for. @param isMore true when younger days may help */
    private void tellWhatElseFreesRoom(Archive archive, boolean isMore) {
        long missing = ArchiveAdvice.LITTLE.bytes() - archive.free().bytes();
        if (missing <= 0) return;
        ArchiveAdvice advice = isMore ? ArchiveAdvice.toFree(new Size(missing), archive) : null;
        List<Occupied> others = Occupied.of(store.store());
        for (Occupied other : others) note(Next.line(other.toString(), other.next()));
        if (advice != null) note(Next.line(advice.toString(), again(advice.olderThan())));
        if (others.isEmpty() && isMore && advice == null)
            note("nothing else in " + store.store().base() + " is large: see what fills the disk besides the store");
    }

    private Next again(Duration age) {
        List<String> options = new ArrayList<>(List.of("--older-than", age.toDays() + "d", "--yes"));
        if (folder != null) options.addAll(List.of("--to", folder.toString()));
        return store.store().command("archive", options.toArray(String[]::new)).in(Runbook.DISK_FULL);
    }

    /**
     * @param nowFree null when more may become free
     * @return the exit code: a warning also when something is left that is not today's, or too little is free
     */
    private int told(Result result, List<ArchivePlan.Left> left, List<String> failures, Size nowFree) {
        int status = result(result);
        left.forEach(one -> output.note("left alone: " + one.file() + ": " + one.reason()));
        failures.forEach(this::note);
        boolean isTooFew = free != null && nowFree != null && nowFree.compareTo(free) < 0;
        if (isTooFew) note(nowFree + " are free, not " + free + ", and no other day file can be archived");
        LocalDate today = DayFile.dayOf(clock.instant());
        boolean isLeft = left.stream().anyMatch(one -> DayFile.of(one.file()).orElseThrow().day().isBefore(today));
        return status == Cli.OK && (isLeft || isTooFew) ? Cli.WARNING : status;
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "List the archived days.")
    int list() {
        return result(archive().listed());
    }

    @Command(name = "verify", mixinStandardHelpOptions = true, description = "Compare the SHA-256 of each archived file with the manifest.")
    int verify(@Option(names = "--all",
                    description = "Also uncompress them and compare the contents' SHA-256 and numbers of lines.") boolean all) {
        Archive archive = archive();
        long total = archive.size().bytes();
        try (var progress = progress("MB", total / MB)) {
            return result(new ArchiveCheck(archive, all, progress.adding(MB)).run());
        }
    }

    @Command(name = "restore", mixinStandardHelpOptions = true, description = "Copy a day back to the raw day files. The archive keeps it.")
    int restore(@Parameters(paramLabel = "DAY", description = "2025-12-11") LocalDate day,
            @Option(names = "--keep-free", paramLabel = "SIZE", description = "What this leaves free on the disk, for the agents' next "
                    + "lines. Default: 1GB, or a twentieth of a smaller disk.") Size keepFree) {
        KeptFree.ask(keepFree);
        return result(archive().restore(day));
    }

    @Command(name = "expire", mixinStandardHelpOptions = true, description = "Delete archived days permanently.")
    int expire(@Mixin Consent consent,
            @Option(names = "--older-than", required = true, paramLabel = "AGE",
                    description = "Days that ended longer ago than this: 365d.") Duration age) {
        Archive archive = archive();
        ExpiredDays old = archive.older(age);
        if (consent.isDryRun()) return preview(old, !old.isEmpty(), consent);
        if (!old.isEmpty() && !consent.to("Delete " + old.what() + " from " + archive.folder() + " for good?")) return Cli.OK;
        return result(archive.expire(old));
    }

    private Archive archive() {
        return new Archive(Layout.withDayFiles(store.existing()), folder, clock);
    }
}
