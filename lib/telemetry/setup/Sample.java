package telemetry.setup;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import telemetry.Event;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Times;
import telemetry.runs.Columns;
import telemetry.runs.Schema;

/**
 * Sample runs of five agents, spread over the days before {@code end}: the same numbers give the same runs. Every third run belongs to a
 * chain of five jobs in order. Some runs fail with an error's text, some are partial. The newest is still running, and so are a few of the
 * last day that will never end.
 *
 * @param runs how many, at least 1
 * @param days number of days that the runs are spread over, at least 1
 * @param seed distinguishes samples of the same size
 * @param end  no line is later than this; the newest run began within the half hour before it
 */
public record Sample(int runs, int days, long seed, Instant end) {
    private static final List<String> AGENTS = List.of("docs-crawler", "seo-intelligence",
            "hugo-translator", "link-checker", "artifactguard");
    private static final List<String> JOBS = List.of("crawl", "analyze", "translate", "verify", "publish");
    private static final List<String> TRIGGERS = List.of("scheduler", "cli", "web", "mcp", "manual");
    private static final List<String> PRODUCTS = List.of("words", "cells", "slides", "pdf");
    private static final List<String> PLATFORMS = List.of("net", "java", "python");
    private static final List<String> ERRORS = List.of(
            "TimeoutError: https://docs.example.invalid/guide did not answer within 30 s",
            "ValueError: front matter of 'größe.md' has no \"title\"",
            "HTTPError: 503 Service Unavailable\nretried 3 times, gave up",
            "FileNotFoundError: [Errno 2] No such file or directory: 'content/en/_index.md'",
            "OSError: [Errno 28] No space left on device");
    private static final long SECOND = 1_000_000;
    private static final long MINUTE = 60 * SECOND;
    private static final long HOUR = 60 * MINUTE;

    public Sample {
        if (runs < 1 || days < 1) throw new IllegalArgumentException("a sample has at least one run and one day");
    }

    /**
     * What one run leaves behind.
     *
     * @param last  the run's last record, which is its row in the database
     * @param lines its lines in the day files, in the order they were written
     */
    record Trace(Run last, List<Line> lines) { }

    /** @param written when; the UTC day of it names the day file */
    record Line(Instant written, LogRecord record) { }

    /** What the n-th run leaves behind; 0 is the oldest. */
    Trace trace(int n) {
        var random = new Random(mixed(seed * 31 + n));
        long start = startMicros(n, random);
        long duration = (long) (5 * SECOND * StrictMath.pow(2, 7.5 * random.nextDouble()));
        Map<String, Object> fields = beginning(n, start, random);
        Run begun = new Run(fields);
        boolean ends = !isEndless(n, start) && start + duration <= micros(end);
        Run last = ends ? ended(fields, instant(start + duration), duration, random) : begun;
        List<Line> lines = new ArrayList<>(8);
        lines.add(new Line(instant(start), begun));
        checkpoints(last, start, duration, random, lines);
        if (ends) ending(n, last, start + duration, random, lines);
        return new Trace(last, lines);
    }

    /** Evenly spaced backwards from the end, each moved back a little further. */
    private long startMicros(int n, Random random) {
        long space = Duration.ofDays(days).toNanos() / 1000 / runs;
        long moved = (long) (random.nextDouble() * Math.min(space, 30 * MINUTE));
        return micros(end) - space * (runs - 1 - n) - moved;
    }

    /** The newest run is in progress. Of those in the 23 hours before, one in 13 was abandoned; none is old enough to be reported. */
    private boolean isEndless(int n, long start) {
        long age = micros(end) - start;
        int newer = runs - 1 - n;
        return newer == 0 || newer % 13 == 7 && age > HOUR && age < 23 * HOUR;
    }

    /** The record that is written at the start, in the order of the runbook's writers. */
    private Map<String, Object> beginning(int n, long start, Random random) {
        boolean chained = n % 3 == 1;
        int agent = chained ? n / 3 % 5 : random.nextInt(5);
        int job = chained || random.nextInt(3) > 0 ? agent : (agent + 1) % 5;
        int product = chained ? n / 15 % 4 : random.nextInt(4);
        Instant started = instant(start);
        Map<String, Object> fields = Columns.fresh(Schema.RUNBOOK_VERSION);
        fields.put("run_id", Times.stamp(started).replace('_', 'T') + "Z-" + AGENTS.get(agent) + "-" + eightHex(n));
        fields.put("agent_name", AGENTS.get(agent));
        fields.put("job_type", JOBS.get(job));
        fields.put("trigger_type", chained ? "scheduler" : TRIGGERS.get(random.nextInt(5)));
        fields.put("start_time", Times.text(started));
        fields.put("schema_version", (long) Schema.RUNBOOK_VERSION);
        fields.put("agent_owner", agent < 3 ? "docs" : "ops");
        fields.put("status", RunStatus.RUNNING.toString());
        fields.put("input_summary", JOBS.get(job) + " of " + PRODUCTS.get(product));
        fields.put("insight_id", chained ? insight(n / 15) : null);
        fields.put("product", PRODUCTS.get(product));
        fields.put("platform", PLATFORMS.get(random.nextInt(3)));
        fields.put("product_family", product == 3 ? null : "office");
        fields.put("subdomain", "docs");
        fields.put("git_repo", "https://git.example.invalid/docs.git");
        fields.put("git_branch", "main");
        fields.put("host", "ws-" + agent % 3);
        return fields;
    }

    private static Run ended(Map<String, Object> fields, Instant end, long duration, Random random) {
        int luck = random.nextInt(100);
        RunStatus status = luck < 80 ? RunStatus.SUCCESS : luck < 92 ? RunStatus.FAILED : RunStatus.PARTIAL;
        long items = random.nextInt(120);
        long reached = status == RunStatus.FAILED ? items * random.nextInt(100) / 100 : items;
        long failed = status == RunStatus.SUCCESS ? 0 : status == RunStatus.FAILED ? items - reached
                : Math.min(items, 1 + random.nextInt(9));
        fields.put("end_time", Times.text(end));
        fields.put("status", status.toString());
        fields.put("items_discovered", items);
        fields.put("items_succeeded", items - failed);
        fields.put("items_failed", failed);
        fields.put("duration_ms", duration / 1000);
        if (status != RunStatus.FAILED)
            fields.put("output_summary", random.nextInt(40) == 0 ? "Überprüfung ✓ 日本語" : items - failed + " done");
        if (status == RunStatus.FAILED) fields.put("error_summary", ERRORS.get(random.nextInt(ERRORS.size())));
        fields.put("metrics_json", "{\"pages\": " + items + ", \"cache\": {\"hits\": "
                + random.nextInt(1000) + ", \"misses\": " + random.nextInt(100) + "}}");
        return new Run(fields);
    }

    private void checkpoints(Run run, long start, long duration, Random random, List<Line> lines) {
        int count = random.nextInt(4);
        for (int step = 1; step <= count; step++)
            event(run, "checkpoint", start + duration * step / (count + 2), "{\"step\": " + step + ", \"of\": " + count + "}", lines);
    }

    /** Adds an error before a failure, the end record, and after one run in 40 a late event. */
    private void ending(int n, Run last, long at, Random random, List<Line> lines) {
        if (last.text("error_summary") != null) event(last, "error", at - SECOND / 10, "{\"fatal\": true}", lines);
        lines.add(new Line(instant(at), last));
        if (n % 40 == 11) event(last, "info", at + MINUTE + random.nextInt(60) * MINUTE, "{\"uploaded\": true}", lines);
    }

    private void event(Run run, String type, long at, String payload, List<Line> lines) {
        Instant time = instant(at);
        if (!time.isAfter(end)) lines.add(new Line(time, new Event(run.id(), type, time, payload)));
    }

    /** {@code insight-0007}: the sample's eighth chain. */
    private static String insight(int chain) {
        String digits = Integer.toString(chain);
        return "insight-" + "0".repeat(Math.max(0, 4 - digits.length())) + digits;
    }

    /** Different for every run of a sample. */
    private String eightHex(int n) {
        int bits = (n * 0x9E3779B1) ^ (int) mixed(seed);
        String digits = Integer.toHexString(bits);
        return "0".repeat(8 - digits.length()) + digits;
    }

    /** Spreads neighbouring numbers, because {@link Random} begins alike with similar seeds. Source: the finalizer of MurmurHash3. */
    private static long mixed(long number) {
        long bits = (number ^ number >>> 33) * 0xff51afd7ed558ccdL;
        bits = (bits ^ bits >>> 33) * 0xc4ceb9fe1a85ec53L;
        return bits ^ bits >>> 33;
    }

    private static long micros(Instant instant) {
        return instant.getEpochSecond() * SECOND + instant.getNano() / 1000;
    }

    private static Instant instant(long micros) {
        return Instant.ofEpochSecond(Math.floorDiv(micros, SECOND), Math.floorMod(micros, SECOND) * 1000);
    }
}
