import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Commit;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.NewRun;
import telemetry.Row;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.rebuild.Replay;

/** Commits of runs: {@code track commit}, and how they come back when the database is lost. */
class TrackCommitTest {
    private static final String OLD = "0123456789abcdef0123456789abcdef01234567";
    private static final String NEW = "fedcba9876543210fedcba9876543210fedcba98";

    @TempDir
    Path dir;

    private static String run(Store store) {
        try (TelemetryClient client = TelemetryClient.at(store, Clock.systemUTC(), AssertionError::new)) {
            RunContext run = client.start(new NewRun("docs-crawler", "crawl"));
            client.end(run, RunStatus.SUCCESS);
            return run.id();
        }
    }

    private static void commit(Store store, Commit commit) {
        List<String> warnings = new ArrayList<>();
        try (TelemetryClient client = TelemetryClient.at(store, Clock.systemUTC(), warnings::add)) {
            client.commit(commit);
        }
        assertEquals(List.of(), warnings);
    }

    private static List<String> commits(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return database.query("SELECT commit_hash, run_id, agent_name, author, message, files_changed FROM commits ORDER BY commit_hash")
                    .stream().map(row -> row.values().toString()).toList();
        }
    }

    private static Row row(Store store, String run) {
        try (Database database = Database.openToRead(store.database())) {
            return database.one("SELECT * FROM agent_runs WHERE run_id = ?", run).orElseThrow();
        }
    }

    @ParameterizedTest
    @EnumSource(value = Fixture.class, names = {"V3", "V5", "V7_PYTHON", "V7_SERVICE"})
    void survivesTheLossOfTheDatabase(Fixture shape) throws IOException {
        Store store = shape.empty(dir);
        String run = run(store);
        commit(store, new Commit(OLD, run).with("author", "Ann <ann@example.org>").with("message", "größer\n\nmore").with("files_changed",
                2));
        commit(store, new Commit(NEW, run).with("source", "ci").with("author", "Bob"));
        List<String> before = commits(store);
        assertEquals(2, before.size());
        if (shape != Fixture.V3) assertEquals(NEW + " ci Bob", of(row(store, run)));
        assertEquals(List.of(OLD, NEW), events(store), "a line each");
        Files.delete(store.database());
        String form = shape.name().toLowerCase().replace('_', '-');
        assertEquals(0, Script.run(new rebuild(), "--store", store.base(), "--yes", "--schema", form).exit());
        assertEquals(before, commits(store));
        if (row(store, run).values().contains(NEW)) assertEquals(NEW + " ci Bob", of(row(store, run)));
    }

    private static String of(Row row) {
        return row.text("git_commit_hash") + " " + row.text("git_commit_source") + " " + row.text("git_commit_author");
    }

    private static List<String> events(Store store) throws IOException {
        List<String> hashes = new ArrayList<>();
        try (Stream<Path> files = Files.list(store.raw())) {
            for (Path file : files.sorted().toList())
                for (String line : Files.readAllLines(file))
                    if (line.contains("\"event_type\": \"commit\"")) hashes.add(line.replaceFirst(".*commit_hash\\\\\": \\\\\"(\\w+).*",
                    "$1"));
        }
        return hashes;
    }

    @ParameterizedTest
    @EnumSource(value = Fixture.class, names = {"V3", "V7_PYTHON", "V7_SERVICE"})
    void aLineWhoseRowDidNotComeIsReplayedAndWhatIsNewerStays(Fixture shape) {
        Store store = shape.empty(dir);
        String first = run(store);
        String second = run(store);
        try (var log = new EventLog(store)) {
            for (Commit commit : List.of(new Commit(OLD, first), new Commit(NEW, second)))
                log.append(DayFile.dayOf(Instant.now()), commit.event(Instant.now()));
        }
        boolean hasColumns = shape != Fixture.V3;
        if (hasColumns) try (Database database = Database.open(store.database())) {
            database.update("UPDATE agent_runs SET git_commit_hash = 'another' WHERE run_id = ?", second);
        }
        try (Database database = Database.open(store.database())) {
            Replay replay = new Replay(database);
            assertEquals(2, replay.apply(new EventLog(store), damage -> { }).brought());
            assertEquals(0, replay.apply(new EventLog(store), damage -> { }).brought(), "a second pass changes nothing");
        }
        assertEquals(2, commits(store).size());
        if (hasColumns) assertEquals(OLD, row(store, first).text("git_commit_hash"));
        if (hasColumns) assertEquals("another", row(store, second).text("git_commit_hash"), "no line undoes what somebody set later");
        assertEquals(0, Script.run(new rebuild(), "--store", store.base(), "--yes").exit(), "in place, beside users");
        assertEquals(2, commits(store).size());
    }

    @Test
    void theCommandTakesWhatGitKnows() throws Exception {
        Store store = Fixture.V7_PYTHON.empty(dir.resolve("s"));
        String run = run(store);
        String hash = git("rev-parse", "HEAD");
        Assumptions.assumeTrue(hash.length() == 40, "the tests run outside a git checkout");
        Script said = Script.run(new track(), "commit", run, "--store", store.base(), "--source", "ci", "--json");
        assertEquals(0, said.exit(), said.err());
        assertTrue(said.out().contains("\"commit_hash\": \"" + hash + "\""), said.out());
        assertEquals(hash + " ci " + git("show", "-s", "--format=%an <%ae>"), of(row(store, run)));
        assertTrue(commits(store).get(0).contains("docs-crawler"), commits(store).toString());
        assertEquals(0, Script.run(new track(), "commit", run, hash.substring(0, 8), "--store", store.base()).exit());
        assertEquals(1, commits(store).size(), "a short hash is the same commit");
        Script elsewhere = Script.run(new track(), "commit", run, NEW, "--store", store.base());
        assertEquals("commit " + NEW + " of run " + run + "\n", elsewhere.out());
        assertEquals(NEW + " manual null", of(row(store, run)));
    }

    private static String git(String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(args));
        try {
            return new String(new ProcessBuilder(command).start().getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }

    @Test
    void whatIsNoCommitOrNoRunIsRefusedAndLeavesNoLine() throws IOException {
        Store store = Fixture.V3.empty(dir);
        String run = run(store);
        assertEquals(64, Script.run(new track(), "commit", run, "no-such-branch", "--store", store.base()).exit());
        assertEquals(64, Script.run(new track(), "commit", run, "--source", "cron", "--store", store.base()).exit());
        assertEquals(64, Script.run(new track(), "--agent", "a", "--job", "j", "--store", store.base(), "commit", "x").exit());
        Script unknown = Script.run(new track(), "commit", "20261120T120000Z-nobody-00000000", OLD, "--store", store.base());
        assertEquals(3, unknown.exit());
        assertTrue(unknown.err().contains("no run has the id"), unknown.err());
        assertEquals(List.of(), events(store));
    }

    @Test
    void aRunOfTheDayFilesAloneHasCommitsToo() throws IOException {
        Store store = Fixture.V3.empty(dir);
        String run = run(store);
        Files.delete(store.database());
        Script said = Script.run(new track(), "commit", run, OLD, "--store", store.base());
        assertEquals(1, said.exit(), said.out() + said.err());
        assertTrue(said.out().contains("its line is safe, the database lacks it; telemetry.sqlite: it does not exist"), said.out());
        assertTrue(said.out().contains("next: jbang recover@telemetry --dry-run --store " + store.base()), said.out());
        assertEquals(List.of(OLD), events(store));
        Script.run(new rebuild(), "--store", store.base(), "--yes");
        assertEquals(1, commits(store).size());
        assertNull(row(store, run).text("error_summary"));
    }
}
