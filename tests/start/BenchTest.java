import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import telemetry.Check;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** The benchmark itself: what it prints, and that it compares what was done before it compares how fast. Nothing here is about speed. */
@Order(1)
@ResourceLock("jbang")
@Needs(Need.SH)
class BenchTest {
    private static final List<String> QUESTION = List.of("SELECT run_id, status FROM agent_runs ORDER BY run_id",
            "SELECT run_id, status FROM agent_runs ORDER BY run_id LIMIT 99");

    @TempDir
    private Path dir;

    @Test
    void printsBothTheirRatioAndTheTarget() {
        Script run = Script.run(new bench(), "recent", "--runs", 1, "--large", 1_200, "--cache", dir);
        assertTrue(run.exit() == 0 || run.exit() == 1, run.toString());
        assertTrue(run.out().contains("recent: query recent on 1,200 runs"), run.out());
        for (String line : List.of("ours  .*[0-9.]+ \\([0-9.]+-[0-9.]+\\).*", "1,000 runs  .*", "ours / 1,000 runs  .*",
                "same work    \\{rows=20\\}", "(met|missed)  .*wall s / 1,000 runs at most 1.15: .*"))
            assertTrue(run.out().lines().anyMatch(printed -> printed.matches(line)), line + "\n" + run.out());
    }

    @Test
    void printsOneJsonDocument() {
        Script run = Script.run(new bench(), "recent", "--runs", 2, "--large", 1_200, "--cache", dir, "--json");
        JsonObject document = Json.parse(run.out()).asObject();
        assertEquals(Runtime.getRuntime().availableProcessors(), document.get("machine").asObject().getInt("processors", 0));
        JsonObject recent = document.get("comparisons").asArray().get(0).asObject();
        assertEquals("recent", recent.getString("name", ""));
        JsonObject ours = recent.get("contenders").asArray().get(0).asObject();
        assertEquals(2, ours.getInt("rounds", 0));
        JsonObject wall = ours.get("wall_s").asObject();
        assertTrue(wall.getDouble("min", 0) > 0 && wall.getDouble("min", 0) <= wall.getDouble("median", 0)
                && wall.getDouble("median", 0) <= wall.getDouble("max", 0), wall.toString());
        assertTrue(recent.get("targets").asArray().get(0).asObject().getString("verdict", "").matches("met|missed"), recent.toString());
    }

    @Test
    void printsThePartsOfThePageThatShowsThem() throws Exception {
        Script run = Script.run(new bench(), "recent", "agents-plain", "--runs", 1, "--large", 1_200, "--cache", dir, "--markdown");
        List<String> lines = run.out().lines().toList();
        assertEquals("```", lines.get(0), run.toString());
        assertTrue(lines.get(1).startsWith("date  "), run.out());
        List<String> table = lines.stream().filter(line -> line.startsWith("|")).toList();
        List<String> page = Files.readAllLines(Checkout.root().resolve("docs/performance.md"));
        assertEquals(page.stream().filter(line -> line.startsWith("|")).limit(2).toList(), table.subList(0, 2));
        assertTrue(table.get(2).matches("\\| `recent` \\| query recent on 1,200 runs \\| wall s / 1,000 runs at most 1\\.15 "
                + "\\| [0-9.]+ \\([0-9.]+-[0-9.]+\\) \\| (met|missed) \\|"), table.toString());
        assertEquals("| `agents-plain` | the same without the index | – | see below | |", table.get(3));
        assertEquals(4, table.size(), table.toString());
        assertEquals(List.of("## All figures", "```", "recent: query recent on 1,200 runs"),
                lines.subList(lines.indexOf("## All figures"), lines.indexOf("## All figures") + 3));
        assertEquals("```", lines.get(lines.size() - 1));
        assertEquals(64, Script.run(new bench(), "recent", "--cache", dir, "--markdown", "--json").exit());
    }

    @Test
    void aRowSaysWhatFailedAndWhatCannotBeTold() {
        Outcome failed = sql(QUESTION.get(0), QUESTION.get(1));
        assertTrue(failed.markdown().get(0).matches("\\| `sql` \\|  \\| not the same work: .* \\| – \\| failed \\|"),
                failed.markdown().toString());
        Outcome alone = outcome(store -> new Comparison("sql", "", query("ours", store, QUESTION.get(0)),
                List.of(Contender.missing("peer", "not here")), List.of(Target.ratio(Figure.WALL, "peer", 100),
                        Target.atMost(Figure.PEAK, 100_000))));
        assertEquals("| `sql` |  | wall s / peer at most 100 | – | cannot tell |", alone.markdown().get(0));
        assertTrue(alone.markdown().get(1).matches("\\|  \\|  \\| peak MB at most 100,000 \\| .* \\| met \\|"),
                alone.markdown().toString());
    }

    /** From 100,000 runs on an index is advised. */
    @Test
    void agentsAreAskedWithTheAdvisedIndex() throws Exception {
        try (var stores = new SampleStores(dir, 1_000, 100_000, note -> { })) {
            Store store = stores.advised(dir.resolve("advised"));
            try (var database = Database.openToRead(store.database());
                    var plain = Database.openToRead(stores.large().database())) {
                String indexes = "SELECT count(*) FROM sqlite_master WHERE name = 'idx_runs_agent_summary'";
                assertEquals(1, database.number(indexes));
                assertEquals(0, plain.number(indexes));
                assertEquals(100_000, database.number("SELECT count(*) FROM agent_runs"));
            }
        }
    }

    @Test
    void aPeerThatDidLessIsNotComparedWith() {
        Outcome outcome = sql(QUESTION.get(0), QUESTION.get(1));
        assertEquals(Check.Status.FAILED, outcome.status());
        assertTrue(outcome.toString().matches("(?s).*not the same work: ours \\{rows=100\\}.*, peer \\{rows=99\\}.*"), outcome.toString());
        assertFalse(outcome.toString().contains("ours / peer"), outcome.toString());
    }

    @Test
    void aPeerThatDidOtherThingsIsNotComparedWith() {
        Outcome outcome = sql(QUESTION.get(0), QUESTION.get(0).replace("status", "upper(status) AS status"));
        assertEquals(Check.Status.FAILED, outcome.status());
        assertTrue(outcome.toString().contains("not the same work"), outcome.toString());
    }

    @Test
    void theSameWorkIsCompared() {
        Outcome outcome = sql(QUESTION.get(0), QUESTION.get(0) + " ");
        assertEquals(Check.Status.OK, outcome.status(), outcome.toString());
        assertTrue(outcome.toString().contains("ours / peer"), outcome.toString());
    }

    @Test
    void aPeerThatStopsDoingItsWorkLaterIsFoundOut() {
        var calls = new ArrayList<Integer>();
        Path sql = dir.resolve("question.sql");
        Outcome outcome = outcome(store -> {
            Contender ours = query("ours", store, QUESTION.get(0));
            Contender peer = Contender.of("peer", Ours.here().command("query", "sql", "--store", store.base(), "--csv", "--file", sql),
                    Proofs::csv).after(() -> {
                calls.add(1);
                Files.writeString(sql, calls.size() == 1 ? QUESTION.get(0) : QUESTION.get(0) + " LIMIT 50");
            });
            return new Comparison("sql", "", ours, List.of(peer), List.of());
        });
        assertEquals(Check.Status.FAILED, outcome.status());
        assertTrue(outcome.toString().contains("not the same work: peer made "), outcome.toString());
    }

    @Test
    void aPeerThatFailsIsSaidWithItsWords() {
        Outcome outcome = sql(QUESTION.get(0), "SELECT absent FROM agent_runs");
        assertEquals(Check.Status.FAILED, outcome.status());
        assertTrue(outcome.toString().matches("(?s).*peer failed with exit code \\d+: .*no such column: absent.*"), outcome.toString());
    }

    @Test
    void aPeerThatIsNotThereIsSaidAndItsTargetNotGuessed() {
        Outcome outcome = outcome(store -> new Comparison("sql", "", query("ours", store, QUESTION.get(0)),
                List.of(Programs.contender("no-such-program", "peer", program -> query("peer", store, QUESTION.get(0)))),
                        List.of(Target.ratio(Figure.WALL, "peer", 100))));
        assertEquals(Check.Status.UNKNOWN, outcome.status());
        assertTrue(outcome.toString().contains("peer was not measured: no-such-program is not on the PATH"), outcome.toString());
        assertTrue(outcome.toString().contains("cannot tell  wall s / peer at most 100"), outcome.toString());
    }

    @Test
    void aMissedTargetIsAWarning() {
        Outcome outcome = outcome(store -> new Comparison("sql", "", query("ours", store, QUESTION.get(0)),
                List.of(query("peer", store, QUESTION.get(0))),
                List.of(Target.ratio(Figure.WALL, "peer", 0.001))));
        assertEquals(Check.Status.WARNING, outcome.status());
        assertTrue(outcome.toString().contains("missed       wall s / peer at most 0.001"), outcome.toString());
    }

    @Test
    void refusesANameItDoesNotKnow() {
        Script run = Script.run(new bench(), "everything", "--cache", dir);
        assertEquals(64, run.exit());
        assertTrue(run.err().contains("nothing is measured by the name of everything: see --list"), run.err());
    }

    @Test
    void refusesToMeasureBesideAnother() throws Exception {
        try (FileChannel lock = FileChannel.open(dir.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            lock.lock();
            Script run = Script.run(new bench(), "--list", "--cache", dir);
            assertEquals(3, run.exit(), run.toString());
            assertTrue(run.err().contains("another benchmark is under way"), run.err());
        }
    }

    /** Both checkouts' own scripts/jbangw take turns, and nothing else is measured. */
    @Test
    void againstAnotherCheckoutBothMediansAndTheirRatioAreShown() throws Exception {
        Path other = checkout();
        Path called = dir.resolve("called");
        Path jbangw = Checkout.root().resolve("scripts/jbangw");
        Path script = Files.writeString(other.resolve("scripts/jbangw"),
                "#!/bin/sh\necho \"$2\" >>'" + called + "'\nexec '" + jbangw + "' \"$@\"\n");
        assertTrue(script.toFile().setExecutable(true));
        Script run = Script.run(new bench(), "jbang", "--against", other, "--runs", 2, "--cache", dir.resolve("cache"));
        assertTrue(run.exit() == 0 || run.exit() == 1, run.toString());
        String figures = " +[0-9.]+ \\([0-9.]+-[0-9.]+\\).*";
        for (String line : List.of("against +" + other, "jbang: .*", "ours" + figures, "other" + figures, "ours / other" + figures,
                "(met|missed) +wall s / other at most 1.03: .*"))
            assertTrue(run.out().lines().anyMatch(printed -> printed.matches(line)), line + "\n" + run.out());
        assertFalse(run.out().contains("ours / java"), "no other peer: " + run.out());
        assertEquals(3, Files.readAllLines(called).size(), "once to compare the work and twice to measure");
    }

    @Test
    void againstAnotherCheckoutItsOwnLibraryTracks() throws Exception {
        Path lib = checkout().resolve("lib/telemetry");
        Files.writeString(lib.resolve("package-info.java"),
                "//SOURCES Store.java TelemetryClient.java\n//RUNTIME_OPTIONS -Dother=own\npackage telemetry;\n");
        Files.writeString(lib.resolve("Store.java"), """
                package telemetry;
                public class Store {
                    public static Store at(java.nio.file.Path base) { return new Store(); }
                }
                """);
        Files.writeString(lib.resolve("TelemetryClient.java"), """
                package telemetry;
                import java.util.function.*;
                public class TelemetryClient implements AutoCloseable {
                    public interface Run { void metrics(Consumer<Metrics> set); }
                    public interface Metrics { Metrics itemsDiscovered(long n); Metrics itemsSucceeded(long n); }
                    public static TelemetryClient at(Store store) { return new TelemetryClient(); }
                    public void track(String agent, String job, Consumer<Run> work) {
                        System.out.println(agent + System.getProperty("other"));
                    }
                    public void close() { }
                }
                """);
        var other = new Ours(lib.getParent().getParent());
        Path output = dir.resolve("output");
        Meter.here().run(other.built(dir.resolve("built"), Tracking.class, Meter.here(), dir, 3, 1), output);
        assertEquals(List.of("bench-agentown", "bench-agentown", "bench-agentown"), Files.readAllLines(output).subList(0, 3));
        Files.delete(lib.resolve("Store.java"));
        var failed = assertThrows(IOException.class, () -> other.built(dir.resolve("built"), Tracking.class, Meter.here(), dir, 3, 1));
        assertTrue(failed.getMessage().contains("Store.java"), failed.getMessage());
    }

    /** The scripts of this one, and a library that is not there. */
    private Path checkout() throws IOException {
        Path other = Files.createDirectory(dir.resolve("other"));
        Fixture.copy(Checkout.root().resolve("scripts"), other.resolve("scripts"));
        assertTrue(other.resolve("scripts/jbangw").toFile().setExecutable(true));
        Files.copy(Checkout.root().resolve("jbang-catalog.json"), other.resolve("jbang-catalog.json"));
        Files.createFile(Files.createDirectories(other.resolve("lib/telemetry")).resolve("package-info.java"));
        return other;
    }

    @Test
    void refusesToMeasureAgainstWhatIsNoCheckout() {
        Script run = Script.run(new bench(), "jbang", "--against", dir, "--cache", dir.resolve("cache"));
        assertEquals(64, run.exit());
        assertTrue(run.err().contains("--against " + dir + ": no checkout of this toolkit"), run.err());
    }

    @Test
    void medianLiesBetweenTheExtremes() {
        assertEquals(new Spread(2, 1, 9), Spread.of(List.of(9.0, 1.0, 2.0)));
        assertEquals(new Spread(3, 1, 9), Spread.of(List.of(9.0, 1.0, 2.0, 4.0)));
    }

    private Outcome sql(String ours, String peers) {
        return outcome(store -> new Comparison("sql", "", query("ours", store, ours), List.of(query("peer", store, peers)), List.of()));
    }

    private Outcome outcome(java.util.function.Function<Store, Comparison> comparison) {
        try (var stores = new SampleStores(dir, 1_000, 1_000, note -> { })) {
            Store store = Store.at(dir.resolve("asked"));
            Fixture.V3.filled(store.base(), 100, java.time.Instant.parse("2026-11-20T12:00:00Z"));
            return new Comparisons(stores, Meter.here()).measure("sql", scratch -> comparison.apply(store), 1);
        }
    }

    private static Contender query(String name, Store store, String sql) {
        return Contender.of(name, Ours.here().command("query", "sql", "--store", store.base(), "--csv", sql), Proofs::csv);
    }
}
