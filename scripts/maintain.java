///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Go through the weekly, monthly or quarterly checklist; or print the lines that schedule it.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/recording/package-info.java ../lib/telemetry/logs/package-info.java
//SOURCES ../lib/telemetry/archive/package-info.java ../lib/telemetry/locks/package-info.java ../lib/telemetry/backup/package-info.java
//SOURCES ../lib/telemetry/health/package-info.java ../lib/telemetry/measure/package-info.java ../lib/telemetry/alert/package-info.java
//SOURCES ../lib/telemetry/maintain/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10
//FILES runbook.md=../docs/runbook.md

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.health.*;
import telemetry.maintain.*;
import telemetry.measure.*;
import telemetry.os.*;
import telemetry.store.*;

@Command(name = "maintain", mixinStandardHelpOptions = true, sortOptions = false, addMethodSubcommands = false,
        description = "Go through the weekly, monthly or quarterly checklist; or print the lines that schedule it.",
        footer = {"",
            "The exit code is that of the worst item. Only monthly changes anything: it archives day files, after asking, unless "
                    + "health fails.",
            "", "Examples:", "  maintain weekly --report weekly.md", "  maintain monthly --dry-run", "  maintain schedule"})
class maintain extends Procedure {
    private static final long MB = 1_000_000;

    Baselines baselines = Baselines.RUNBOOK;

    @Option(names = "--report", paramLabel = "FILE.md", scope = ScopeType.INHERIT,
            description = "Also write the report as a Markdown page.")
    private Path report;

    @Mixin
    private Consent consent;

    /** A dry run left something undone. */
    private boolean isLeftToDo;

    /** The operator said no. Then nothing is changed, no reserve made either. */
    private boolean isDeclined;

    public static void main(String... args) {
        Cli.main(new maintain(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("weekly");
    }

    @Override
    public Integer call() {
        throw wrong("Missing required parameter: 'weekly|monthly|quarterly|schedule'");
    }

    @Command(name = "weekly", mixinStandardHelpOptions = true, description = "Check health, the backups and how the disk fills.")
    int weekly(@Mixin Consent consent) {
        Store store = this.store.existing();
        Task backups = Task.tried("backups", store, new RetentionReview(store, clock)::backups);
        Task disk = Task.tried("disk", store, () -> new Forecast(store, clock.instant()).disk());
        return report("weekly", List.of(health(store), backups, disk), consent);
    }

    @Command(name = "monthly", mixinStandardHelpOptions = true,
            description = "Check health, archive old day files, verify the archive, check the growth and the runbook's age.")
    int monthly(@Mixin Consent consent) {
        Store store = this.store.existing();
        Task health = health(store);
        Task archive = Task.tried("archive", store, () -> archive(store, health, consent));
        if (!consent.isDryRun() && !isDeclined) Reserve.make(store);
        Task archived = Task.tried("archived files", store, () -> archivedFiles(store, consent));
        Task growth = Task.tried("growth", store, () -> new Forecast(store, clock.instant()).growth());
        return report("monthly", List.of(health, archive, archived, growth, RunbookPage.ofThisProgram().task(clock.instant())), consent);
    }

    @Command(name = "quarterly", mixinStandardHelpOptions = true,
            description = "Check the speed of queries, the indexes, how long data is kept, and copies beside the database.")
    int quarterly(@Mixin Consent consent) {
        Store store = this.store.existing();
        List<Task> tasks = new ArrayList<>(PerformanceReview.of(store, baselines, clock.instant()));
        tasks.add(Task.tried("retention", store, new RetentionReview(store, clock)::policies));
        var copies = new DatabaseCopies(store);
        if (!copies.isEmpty()) tasks.add(Task.tried("copies", store, copies::task));
        return report("quarterly", tasks, consent);
    }

    @Command(name = "schedule", mixinStandardHelpOptions = true, description = "Print lines for cron, systemd and Windows' Task Scheduler.")
    int schedule(@Mixin Consent consent,
            @Option(names = "--xml", paramLabel = "DIR",
            description = "Also write the tasks as files that the Task Scheduler imports, on other systems than Windows with example "
                    + "paths. Default: on Windows {base}/reports, elsewhere they are not written.") Path xml) {
        Store store = this.store.existing();
        if (report != null) throw wrong("--report belongs to weekly, monthly and quarterly");
        String checkout = System.getProperty("telemetry.checkout");
        Schedule schedule = Schedule.of(store, checkout == null ? null : Path.of(checkout), Machine.environment());
        if (consent.isDryRun() || xml == null && !Machine.isWindows()) return result(schedule);
        Path folder = xml == null ? store.reports() : xml.toAbsolutePath().normalize();
        Attempt.of("make the folder", folder, () -> {
            if (xml == null) Reports.make(store);
            else Files.createDirectories(folder);
        });
        return result(schedule.withTasks(folder));
    }

    private Task health(Store store) {
        return Task.health(Health.of(store, clock, HealthRules.RUNBOOK, err()));
    }

    /** Not when health has failed: a store that is not understood is not to lose a file. */
    private Task archive(Store store, Task health, Consent consent) {
        var old = new OldDayFiles(store, clock);
        if (old.isEmpty()) return old.none();
        if (health.status().compareTo(Check.Status.WARNING) > 0) return old.open("because health has failed", health.next());
        if (consent.isDryRun()) {
            isLeftToDo = true;
            return old.shown(consent.asTyped());
        }
        String question = "Archive " + old + ", in " + old.folder() + " and delete the originals?";
        isDeclined = !consent.to(question);
        if (isDeclined) return old.declined(store.command("maintain", "monthly", "--yes"));
        try (var progress = progress("MB", old.size().bytes() / MB)) {
            return old.archived(progress.adding(MB));
        }
    }

    private Task archivedFiles(Store store, Consent consent) {
        var archived = new ArchivedFiles(store, clock);
        if (archived.isEmpty()) return archived.none();
        if (consent.isDryRun()) {
            isLeftToDo = true;
            return archived.shown(consent.asTyped());
        }
        try (var progress = progress("MB", archived.size().bytes() / MB)) {
            return archived.compared(progress.adding(MB));
        }
    }

    private int report(String period, List<Task> tasks, Consent consent) {
        Checklist checklist = Checklist.of(period, store.store(), clock.instant(), tasks);
        try {
            return preview(checklist, isLeftToDo, consent);
        } finally {
            if (report != null) Unfinished.write("a report", report, checklist.markdown());
        }
    }
}
