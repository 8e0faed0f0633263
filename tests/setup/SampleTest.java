package telemetry.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import telemetry.Event;
import telemetry.Run;
import telemetry.RunStatus;

/** The runs that a sample consists of: a month of them, as setup makes it when nothing else is said. */
class SampleTest {
    private static final Instant END = Instant.parse("2026-11-24T10:00:00Z");
    private static final Sample MONTH = new Sample(1_200, 30, 1, END);

    @Test
    void theSameNumbersGiveTheSameRuns() {
        assertEquals(traces(MONTH), traces(new Sample(1_200, 30, 1, END)));
        assertNotEquals(traces(MONTH), traces(new Sample(1_200, 30, 2, END)));
    }

    /** On every machine, with every Java. */
    @Test
    void theRunsAreThoseOfEveryOtherDay() {
        Run run = MONTH.trace(901).last();
        assertEquals("20261116T224316Z-docs-crawler-edfd80d9 crawl scheduler 2026-11-16T22:43:16 2026-11-16T22:55:51 success 30 755270",
                String.join(" ", run.id(), run.job(), run.text("trigger_type"),
                run.text("start_time").substring(0, 19), run.text("end_time").substring(0, 19),
                run.text("status"), run.text("items_discovered"), run.text("duration_ms")));
    }

    @Test
    void everyStatusOfTheRunbooksSchemaOccurs() {
        Map<RunStatus, Long> counts = new TreeMap<>(runs().stream().collect(Collectors.groupingBy(Run::status, Collectors.counting())));
        assertEquals(Set.of(RunStatus.RUNNING, RunStatus.SUCCESS, RunStatus.FAILED, RunStatus.PARTIAL), counts.keySet());
        assertTrue(counts.get(RunStatus.SUCCESS) > 800 && counts.get(RunStatus.FAILED) > 50
                && counts.get(RunStatus.PARTIAL) > 50, counts.toString());
    }

    @Test
    void fiveAgentsRunEvenlyOverTheDaysAndTheNewestBeganWithinTheHour() {
        assertEquals(5, runs().stream().map(Run::agent).distinct().count());
        Map<Object, Long> perDay = runs().stream()
                .collect(Collectors.groupingBy(run -> run.text("start_time").substring(0, 10), Collectors.counting()));
        assertTrue(perDay.values().stream().mapToLong(n -> n).sorted().skip(2).limit(29).allMatch(n -> n >= 38 && n <= 42),
                perDay.toString());
        List<Instant> starts = runs().stream().map(Run::start).toList();
        assertEquals(starts.stream().sorted().toList(), starts);
        assertTrue(starts.get(0).isAfter(END.minus(Duration.ofDays(31))) && starts.get(1_199).isAfter(END.minus(Duration.ofMinutes(30))));
        for (int count : new int[] {1, 2, 10, 100_000}) {
            Instant newest = new Sample(count, 30, 5, END).trace(count - 1).last().start();
            assertTrue(newest.isAfter(END.minus(Duration.ofMinutes(30))) && !newest.isAfter(END), count + ": " + newest);
        }
    }

    @Test
    void neverEndedRunsAreYoungerThanADayAndNothingIsLaterThanTheEnd() {
        List<Run> running = runs().stream().filter(run -> !run.isEnd()).toList();
        assertTrue(running.size() >= 3, running.toString());
        assertTrue(running.stream().allMatch(run -> run.start().isAfter(END.minus(Duration.ofHours(24)))));
        assertTrue(running.stream().anyMatch(run -> run.start().isBefore(END.minus(Duration.ofHours(2)))), "one that was abandoned");
        assertTrue(traces(MONTH).stream().flatMap(trace -> trace.lines().stream()).noneMatch(line -> line.written().isAfter(END)));
    }

    @Test
    void aChainIsFiveJobsInTheirOrder() {
        Map<String, List<String>> chains = new TreeMap<>();
        for (Run run : runs()) if (run.text("insight_id") != null)
            chains.computeIfAbsent(run.text("insight_id"), id -> new java.util.ArrayList<>()).add(run.job());
        assertEquals(80, chains.size());
        assertTrue(chains.containsKey("insight-0000") && chains.containsKey("insight-0079"));
        assertEquals(Set.of(List.of("crawl", "analyze", "translate", "verify", "publish")), new HashSet<>(chains.values()));
    }

    @Test
    void aRunsLinesAreItsStartItsEventsAndItsEndInTheOrderOfTheirTimes() {
        int late = 0;
        int overMidnight = 0;
        for (Sample.Trace trace : traces(MONTH)) {
            List<Instant> times = trace.lines().stream().map(Sample.Line::written).toList();
            assertEquals(times.stream().sorted().toList(), times);
            assertEquals(times.size(), new HashSet<>(times).size());
            Run begun = (Run) trace.lines().get(0).record();
            assertEquals("running", begun.text("status"));
            assertEquals(begun.start(), trace.lines().get(0).written());
            List<Run> records = trace.lines().stream().filter(line -> line.record() instanceof Run)
                    .map(line -> (Run) line.record()).toList();
            assertEquals(trace.last(), records.get(records.size() - 1));
            assertEquals(trace.last().isEnd() ? 2 : 1, records.size());
            assertEquals(begun.fields().keySet(), trace.last().fields().keySet());
            for (Sample.Line line : trace.lines()) if (line.record() instanceof Event event) {
                assertEquals(trace.last().id(), event.runId());
                assertEquals(line.written(), event.timestamp());
                if (trace.last().isEnd() && line.written().isAfter(trace.last().end())) late++;
            }
            if (trace.last().isEnd() && !begun.text("start_time").substring(0, 10).equals(trace.last().text("end_time").substring(0, 10)))
                overMidnight++;
        }
        assertTrue(late > 20, late + " late events");
        assertTrue(overMidnight > 0, "an end line in the next day's file");
    }

    @Test
    void whatARunSaysOfItselfFitsTogether() {
        for (Run run : runs()) {
            assertEquals(run.status() == RunStatus.FAILED, run.text("error_summary") != null, run.id());
            assertEquals(run.number("items_discovered"), run.number("items_succeeded") + run.number("items_failed"));
            assertTrue(run.number("items_failed") >= 0 && run.number("items_succeeded") >= 0);
            if (run.isEnd()) assertEquals(Duration.between(run.start(), run.end()).toMillis(), run.duration().toMillis());
            assertTrue(run.id().matches("\\d{8}T\\d{6}Z-" + run.agent() + "-[0-9a-f]{8}"), run.id());
        }
        assertTrue(runs().stream().anyMatch(run -> run.text("error_summary") != null && run.text("error_summary").contains("\n")));
        assertFalse(runs().stream().allMatch(run -> run.text("output_summary") == null
                || run.text("output_summary").chars().allMatch(c -> c < 0x80)));
    }

    @Test
    void aMillionRunsOfOneDayHaveIdsOfTheirOwn() {
        var sample = new Sample(1_000_000, 1, 1, END);
        Set<Integer> tails = new HashSet<>();
        for (int n = 0; n < 1_000_000; n += 97) tails.add(Integer.parseUnsignedInt(sample.trace(n).last().id().replaceAll(".*-", ""), 16));
        assertEquals(1_000_000 / 97 + 1, tails.size());
    }

    @Test
    void thereIsNoSampleOfNothing() {
        assertThrows(IllegalArgumentException.class, () -> new Sample(0, 30, 1, END));
        assertThrows(IllegalArgumentException.class, () -> new Sample(1, 0, 1, END));
    }

    private static List<Run> runs() {
        return traces(MONTH).stream().map(Sample.Trace::last).toList();
    }

    private static List<Sample.Trace> traces(Sample sample) {
        return IntStream.range(0, sample.runs()).mapToObj(sample::trace).toList();
    }
}
