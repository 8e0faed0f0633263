///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Go through the weekly, monthly or quarterly checklist; or print the lines that schedule it.
//SOURCES ../lib/telemetry/package-info.java
//FILES runbook.md=../docs/runbook.md

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import telemetry.Advice;
import telemetry.Archive;
import telemetry.ArchiveRun;
import telemetry.Check;
import telemetry.Checklist;
import telemetry.Cli;
import telemetry.Consent;
import telemetry.DayFile;
import telemetry.Database;
import telemetry.Forecast;
import telemetry.Health;
import telemetry.HealthRules;
import telemetry.IndexAdvice;
import telemetry.Output;
import telemetry.Progress;
import telemetry.QueryTime;
import telemetry.QueryTimes;
import telemetry.RetentionReview;
import telemetry.RunbookPage;
import telemetry.Schedule;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.StoreOption;
import telemetry.Table;
import telemetry.Task;
import telemetry.Times;
import telemetry.WholeFile;

@Command(name = "maintain", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Go through the weekly, monthly or quarterly checklist; or print the lines that schedule it.",
        footer = {"", "maintain weekly      health; the backups; how the disk fills", "maintain monthly     health; archive day files older than 90 d; growth; the runbook's age",
            "maintain quarterly   how long queries take; indexes; what is kept and for how long", "maintain schedule    lines for cron, systemd and Windows' Task Scheduler",
            "", "The exit code is the worst item's. Only monthly changes anything: it archives, after asking, and not when health has failed."})
class maintain implements Callable<Integer> {

    private enum Period { weekly, monthly, quarterly, schedule }


    private static final long MB = 1_000_000;

    Clock clock = Clock.systemUTC();

    /** The runbook's baseline: a simple query takes no longer. */
    Duration simple = Duration.ofMillis(100);

    @Parameters(index = "0", paramLabel = "weekly|monthly|quarterly|schedule", description = "Which checklist; or how to schedule all of them.")
    private Period period;

    @Option(names = "--report", paramLabel = "FILE.md", description = "Also write the report as a Markdown page.")
    private Path report;

    @Mixin
    private StoreOption place;

    @Mixin
    private Output output;

    @Mixin
    private Consent consent;

    @Spec
    private CommandSpec command;

    public static void main(String... args) {
        Cli.main(new maintain(), args);
    }

    @Override
    public Integer call() {
        Store store = place.existing();
        return switch (period) {
            case weekly -> report(store, weekly(store));
            case monthly -> report(store, monthly(store));
            case quarterly -> report(store, quarterly(store));
            case schedule -> schedule(store);
        };
    }

    private List<Task> weekly(Store store) {
        var review = new RetentionReview(store, clock);
        return List.of(health(store), tried("backups", review::backups), tried("disk", () -> new Forecast(store, clock.instant()).disk()));
    }

    private List<Task> monthly(Store store) {
        Task health = health(store);
        return List.of(health, tried("archive", () -> archive(store, health)), tried("growth", () -> new Forecast(store, clock.instant()).growth()), documentation());
    }

    private List<Task> quarterly(Store store) {
        var review = new RetentionReview(store, clock);
        List<Task> tasks = new ArrayList<>();
        try (Database database = Database.openToRead(store.database())) {
            QueryTimes times = QueryTimes.of(database, clock.instant());
            tasks.add(queries(store, times));
            tasks.add(indexes(IndexAdvice.of(store, database, times)));
        } catch (StoreException e) {
            tasks.add(Task.refused("queries", e));
        }
        tasks.add(tried("retention", review::policies));
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
        String next = store.command("maintain", "monthly" + (consent.isDryRun() ? " --yes" : ""));
        var archive = new Archive(store, null, clock);
        Archive.Plan plan = archive.plan(RetentionReview.RAW);
        String files = plan.files().size() + (plan.files().size() == 1 ? " day file" : " day files");
        String old = files + " older than " + Times.words(RetentionReview.RAW) + ", " + plan.size();
        if (plan.files().isEmpty()) return left(plan.left(), Task.done("archive", "no day file to archive is older than " + Times.words(RetentionReview.RAW)));
        if (health.status().compareTo(Check.Status.WARNING) > 0)
            return Task.open("archive", Check.Status.WARNING, old + ": not archived, because health has failed", health.next());
        if (consent.isDryRun()) return Task.shown("archive", old + ", would be archived in " + archive.folder(), next).with(table(plan), plan);
        if (!consent.to("Archive " + old + ", in " + archive.folder() + " and delete the originals?"))
            return Task.open("archive", Check.Status.WARNING, old + ": not archived, as was answered", next);
        try (var progress = new Progress(err(), "MB", plan.size().bytes() / MB)) {
            return archived(store, archive.run(plan, null, progress.adding(MB)));
        }
    }

    private static Table table(Archive.Plan plan) {
        var table = new Table("day", "size", "file");
        for (DayFile file : plan.files()) table.row(file.day(), new Size(file.path().toFile().length()), file.path().getFileName());
        return table;
    }

    private Task archived(Store store, ArchiveRun.Result result) {
        var table = new Table("day", "lines", "size", "archived");
        for (ArchiveRun.Archived day : result.archived()) table.row(day.day(), day.lines(), day.size(), day.compressed());
        String done = result.archived().size() + (result.archived().size() == 1 ? " day file" : " day files") + " archived";
        Task task = result.failures().isEmpty() ? left(result.left(), Task.done("archive", done))
                : Task.open("archive", Check.Status.FAILED, done + "; " + result.failures().get(0).getMessage(), "Disk Full: " + store.command("archive", "--older-than 90d"));
        return task.with(table.isEmpty() ? null : table, result.archived());
    }

    /** That today's file stays is as it should be; of those that are old enough, somebody is to know. */
    private Task left(List<Archive.Left> left, Task otherwise) {
        if (left.isEmpty()) return otherwise;
        String detail = otherwise.detail() + "; left alone: " + left.get(0).file().getFileName() + ": " + left.get(0).reason();
        return Task.open("archive", Check.Status.WARNING, detail + (left.size() == 1 ? "" : ", and " + (left.size() - 1) + " others"), "wait, or ask the owner of that process");
    }

    private Task documentation() {
        RunbookPage page = RunbookPage.of(runbook());
        long age = page.age(clock.instant());
        String detail = "runbook version " + page.version() + ", last checked on " + page.checked();
        if (age <= RunbookPage.OLD_DAYS) return Task.done("documentation", detail);
        return Task.open("documentation", Check.Status.WARNING, detail + ", " + age + " d ago",
                "read docs/runbook.md through, correct it, and set the date below its title");
    }

    private static String runbook() {
        try (InputStream page = maintain.class.getResourceAsStream("/runbook.md")) {
            return new String(page.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the runbook is part of this program", e);
        }
    }

    private Task queries(Store store, QueryTimes times) {
        List<QueryTime> slow = times.list().stream().filter(time -> time.isSimple() && time.p95().compareTo(simple) > 0).toList();
        QueryTime slowest = times.list().stream().filter(QueryTime::isSimple).max((one, other) -> one.p95().compareTo(other.p95())).orElseThrow();
        String detail = "the slowest simple query, " + slowest.name() + ", takes " + Times.millis(slowest.p95()) + " ms (p95; at most " + simple.toMillis() + ")";
        Task task = slow.isEmpty() ? Task.done("queries", detail)
                : Task.open("queries", Check.Status.WARNING, detail, "Performance Baselines: " + store.command("measure_performance", ""));
        return task.with(times, times.list().stream().map(maintain::data).toList());
    }

    private static Map<String, Object> data(QueryTime time) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("query", time.name());
        data.put("p50_ms", Times.millis(time.p50()));
        data.put("p95_ms", Times.millis(time.p95()));
        data.put("rows", time.rows());
        data.put("plan", time.plan());
        return data;
    }

    private static Task indexes(IndexAdvice found) {
        List<Advice> advice = found.advice();
        if (advice.isEmpty()) return Task.done("indexes", "none is missing, none is needless");
        int missing = found.missing().size();
        String detail = missing + " missing, " + (advice.size() - missing) + " needless";
        return Task.open("indexes", Check.Status.WARNING, detail, advice.get(0).command()).with(Advice.report(advice), advice);
    }

    /** What cannot be done is an item too, and the others are done all the same. */
    private static Task tried(String name, Supplier<Task> task) {
        try {
            return task.get();
        } catch (StoreException e) {
            return Task.refused(name, e);
        }
    }

    private Integer report(Store store, List<Task> tasks) {
        var checklist = new Checklist(period.name(), store, clock.instant(), tasks);
        try {
            output.result(checklist, checklist.document());
        } finally {
            if (report != null) WholeFile.write("a report", report, checklist.markdown());
        }
        return Cli.exitCode(checklist.status());
    }

    private Integer schedule(Store store) {
        if (report != null) throw new ParameterException(command.commandLine(), "--report belongs to weekly, monthly and quarterly");
        String checkout = System.getProperty("telemetry.checkout");
        Schedule schedule = Schedule.of(store, checkout == null ? null : Path.of(checkout), System.getenv());
        output.result(schedule, schedule.texts());
        return Cli.OK;
    }

    private PrintWriter err() {
        return command.commandLine().getErr();
    }
}
