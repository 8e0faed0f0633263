///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Go through the weekly, monthly or quarterly checklist; or print the lines that schedule it.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/recording/package-info.java ../lib/telemetry/archive/package-info.java
//SOURCES ../lib/telemetry/locks/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/prune/package-info.java
//SOURCES ../lib/telemetry/health/package-info.java ../lib/telemetry/measure/package-info.java ../lib/telemetry/rebuild/package-info.java
//SOURCES ../lib/telemetry/alert/package-info.java ../lib/telemetry/restore/package-info.java ../lib/telemetry/maintain/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10
//FILES runbook.md=../docs/runbook.md

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import telemetry.*;
import telemetry.archive.*;
import telemetry.cli.*;
import telemetry.health.*;
import telemetry.maintain.*;
import telemetry.measure.*;
import telemetry.os.*;
import telemetry.text.*;

@Command(name = "maintain", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Go through the weekly, monthly or quarterly checklist; or print the lines that schedule it.",
        footer = {"",
            "maintain weekly      health; the backups; how the disk fills",
            "maintain monthly     health; archive old day files; growth; the runbook's age",
            "maintain quarterly   speed of queries; indexes; what is kept for how long",
            "maintain schedule    lines for cron, systemd and Windows' Task Scheduler",
            "", "The exit code is the worst item's. Only monthly changes anything: it archives, after asking, and not while health fails."})
class maintain extends Procedure {

    private enum Period { weekly, monthly, quarterly, schedule }


    private static final long MB = 1_000_000;

    Baselines baselines = Baselines.RUNBOOK;

    @Parameters(index = "0", paramLabel = "weekly|monthly|quarterly|schedule",
            description = "Which checklist; or how to schedule all of them.")
    private Period period;

    @Option(names = "--report", paramLabel = "FILE.md", description = "Also write the report as a Markdown page.")
    private Path report;

    @Mixin
    private Consent consent;

    public static void main(String... args) {
        Cli.main(new maintain(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("weekly");
    }

    @Override
    public Integer call() {
        Store store = this.store.existing();
        return switch (period) {
            case weekly -> report(store, weekly(store));
            case monthly -> report(store, monthly(store));
            case quarterly -> report(store, quarterly(store));
            case schedule -> schedule(store);
        };
    }

    private List<Task> weekly(Store store) {
        Task backups = tried("backups", store, new RetentionReview(store, clock)::backups);
        Task disk = tried("disk", store, () -> new Forecast(store, clock.instant()).disk());
        return List.of(health(store), backups, disk);
    }

    private List<Task> monthly(Store store) {
        Task health = health(store);
        Task archive = tried("archive", store, () -> archive(store, health));
        Task growth = tried("growth", store, () -> new Forecast(store, clock.instant()).growth());
        return List.of(health, archive, growth, RunbookPage.of(runbook()).task(clock.instant()));
    }

    private List<Task> quarterly(Store store) {
        List<Task> tasks = new ArrayList<>();
        try (Database database = Database.openToRead(store.database())) {
            var review = new PerformanceReview(store, database, clock.instant());
            tasks.add(review.queries(baselines));
            tasks.add(review.indexes());
        } catch (StoreException e) {
            Task refused = Task.refused("queries", store, e);
            tasks = new ArrayList<>(List.of(refused, Task.open("indexes", refused.status(), "cannot tell without the queries", null)));
        }
        tasks.add(tried("retention", store, new RetentionReview(store, clock)::policies));
        return tasks;
    }

    private Task health(Store store) {
        Health health = Health.of(store, clock, HealthRules.RUNBOOK, err());
        Task task = health.troubles().isEmpty() ? Task.done("health", health.sum())
                : Task.open("health", health.status(), health.sum(), worst(health).hint());
        return task.with(health.checks(), health.checks().list());
    }

    private static Check worst(Health health) {
        return health.troubles().stream().filter(check -> check.status() == health.status()).findFirst().orElseThrow();
    }

    /** Not when health has failed: a store that is not understood is not to lose a file. */
    private Task archive(Store store, Task health) {
        var archive = new Archive(store, null, clock);
        Archive.Plan plan = archive.plan(RetentionReview.RAW);
        String age = "older than " + Times.words(RetentionReview.RAW);
        if (plan.files().isEmpty()) return left(plan.left(), Task.done("archive", "no day file to archive is " + age));
        String old = dayFiles(plan.files().size()) + " " + age + ", " + plan.size();
        if (health.status().compareTo(Check.Status.WARNING) > 0)
            return Task.open("archive", Check.Status.WARNING, old + ": not archived, because health has failed", health.next());
        Next again = consent.isDryRun() ? store.command("maintain", "monthly", "--yes") : store.command("maintain", "monthly");
        if (consent.isDryRun()) return shown(plan, old + ", would be archived in " + archive.folder(), again);
        if (!consent.to("Archive " + old + ", in " + archive.folder() + " and delete the originals?"))
            return Task.open("archive", Check.Status.WARNING, old + ": not archived, as was answered", again);
        try (var progress = new Progress(err(), "MB", plan.size().bytes() / MB)) {
            return archived(store, archive.run(plan, progress.adding(MB)));
        }
    }

    private static Task shown(Archive.Plan plan, String detail, Next next) {
        var table = new Table("day", "size", "file");
        for (DayFile file : plan.files()) table.row(file.day(), new Size(file.path().toFile().length()), file.path().getFileName());
        String left = plan.left().isEmpty() ? "" : "; " + plan.left().size() + " would be left alone";
        return Task.shown("archive", detail + left, next).with(table, plan);
    }

    private Task archived(Store store, ArchiveRun.Result result) {
        var table = new Table("day", "lines", "size", "archived");
        for (ArchiveRun.Archived day : result.archived()) table.row(day.day(), day.lines(), day.size(), day.compressed());
        String done = dayFiles(result.archived().size()) + " archived";
        boolean isWell = result.failures().isEmpty();
        Task task = isWell ? left(result.left(), Task.done("archive", done)) : failed(store, done, result.failures().get(0));
        return task.with(table.isEmpty() ? null : table, result.archived());
    }

    private static Task failed(Store store, String done, StoreException first) {
        Next again = store.command("archive", "--older-than", "90d").in(Runbook.DISK_FULL);
        return Task.open("archive", Check.Status.FAILED, done + "; " + store.message(first), again);
    }

    private static String dayFiles(int count) {
        return count + (count == 1 ? " day file" : " day files");
    }

    /** That today's file stays is as it should be; of those that are old enough, somebody is to know. */
    private static Task left(List<Archive.Left> left, Task otherwise) {
        if (left.isEmpty()) return otherwise;
        String first = "; left alone: " + left.get(0).file().getFileName() + ": " + left.get(0).reason();
        String others = left.size() == 1 ? "" : ", and " + (left.size() - 1) + " more";
        return Task.open("archive", Check.Status.WARNING, otherwise.detail() + first + others,
                Next.words("wait, or ask the owner of that process"));
    }

    private static String runbook() {
        try (InputStream page = maintain.class.getResourceAsStream("/runbook.md")) {
            return new String(page.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the runbook is part of this program", e);
        }
    }

    /** What cannot be done is an item too, and the others are done all the same. */
    private static Task tried(String name, Store store, Supplier<Task> task) {
        try {
            return task.get();
        } catch (StoreException e) {
            return Task.refused(name, store, e);
        }
    }

    private Integer report(Store store, List<Task> tasks) {
        var checklist = new Checklist(period.name(), store, clock.instant(), tasks);
        try {
            output.result(checklist, checklist.document());
        } finally {
            if (report != null) Unfinished.write("a report", report, checklist.markdown());
        }
        return checklist.status().exitCode();
    }

    private Integer schedule(Store store) {
        if (report != null) throw wrong("--report belongs to weekly, monthly and quarterly");
        String checkout = System.getProperty("telemetry.checkout");
        Schedule schedule = Schedule.of(store, checkout == null ? null : Path.of(checkout), Machine.environment());
        output.result(schedule, schedule.texts());
        return Cli.OK;
    }

}
