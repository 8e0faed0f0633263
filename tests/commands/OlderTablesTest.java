import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Run;
import telemetry.Store;
import telemetry.Times;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** Tables that are older than their writers, or half migrated: what health says of them, and where its hints lead. */
class OlderTablesTest {
    private static final Pattern CHECK = Pattern.compile("(?m)^(ok|warning|failed|unknown) +(schema|divergence)  .*(?:\\R {10,}.*)*");
    private static final Pattern NEXT = Pattern.compile("(?m)^\\s*next: (.+)$");

    @TempDir
    Path dir;
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS).minusSeconds(3600);
    private Store store;

    @BeforeEach
    void name() {
        store = Store.at(dir);
    }

    private void sql(String... statements) {
        try (Database database = Database.open(store.database())) {
            for (String statement : statements) database.execute(statement);
        }
    }

    private Object value(String sql) {
        try (Database database = Database.openToRead(store.database())) {
            return database.value(sql);
        }
    }

    /** A run of these writers of which only the lines came. */
    private void refused(Fixture writers, int n) {
        Run run = writers.run(n, now.plusSeconds(60 * n)).with("run_id", "20261120T120000Z-refused-" + String.format("%08x", n))
                .with("end_time", Times.text(now.plusSeconds(60 * n + 30)));
        Fixture.lines(run, 1).forEach(line -> Fixture.append(store, now.plusSeconds(9_999), line));
    }

    /** What health says of the tables; empty when all of that is well. */
    private String trouble() {
        String said = health().out();
        List<String> trouble = new ArrayList<>();
        for (Matcher check = CHECK.matcher(said); check.find(); ) if (!check.group(1).equals("ok")) trouble.add(check.group().replaceAll("\\s+", " ").replace(" next: ", "\nnext: "));
        return String.join("\n", trouble);
    }

    private Script health() {
        return Script.run(new health(), "--store", store.base());
    }

    /** Pastes each hint until health has nothing to say of the tables, and never the same one twice. */
    private void follow(int most) {
        String at = trouble();
        Set<String> typed = new HashSet<>();
        while (!at.isEmpty()) {
            Matcher first = NEXT.matcher(at);
            assertTrue(first.find(), at);
            for (String next = first.group(1).strip(); next != null; ) {
                assertTrue(typed.add(next) && typed.size() <= most, "in a circle: " + typed + "\n" + at);
                Script done = type(next);
                assertFalse(Set.of(64, 70).contains(done.exit()), next + "\n" + done.err());
                next = null;
                for (Matcher hint = NEXT.matcher(done.out() + "\n" + done.err()); hint.find(); ) next = hint.group(1).strip();
            }
            at = trouble();
        }
        assertTrue(typed.stream().anyMatch(line -> line.contains("upgrade@telemetry")), typed + "");
    }

    private static Script type(String line) {
        Matcher command = Pattern.compile("jbang (\\w+)@telemetry ?(.*)").matcher(line);
        assertTrue(command.matches(), line);
        try {
            var constructor = Class.forName(command.group(1)).getDeclaredConstructor();
            constructor.setAccessible(true);
            @SuppressWarnings("unchecked")
            var script = (Callable<Integer>) constructor.newInstance();
            return Script.run(script, (Object[]) command.group(2).split(" "));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(line, e);
        }
    }

    @Test
    void aTableOfV2UnderWritersOfV3IsNamedSinceWhenAndUpgraded() {
        Fixture.V2.filled(dir, 12, now.minusSeconds(7_200));
        sql("UPDATE schema_migrations SET version = 3");
        for (int n = 0; n < 3; n++) refused(Fixture.V3, n);
        String trouble = trouble();
        assertTrue(trouble.contains("rows are refused since " + Times.seconds(now.plusSeconds(30)).substring(0, 16)), trouble);
        assertTrue(trouble.contains("the table of runs lacks product_family, subdomain, which writers of v3 name"), trouble);
        assertTrue(trouble.contains("3 runs of the day files not in the database"), trouble);
        assertTrue(trouble.contains("stamped v3, has the columns of v2"), trouble);
        follow(4);
        assertEquals(15L, value("SELECT count(*) FROM agent_runs"));
        assertEquals(2L, value("SELECT count(*) FROM pragma_table_info('agent_runs') WHERE name IN ('product_family', 'subdomain')"));
    }

    @Test
    void anEventIdBesideTheOldCheckIsNamedByTheStatusAndUpgraded() {
        Fixture.V3.filled(dir, 12, now.minusSeconds(7_200));
        sql("ALTER TABLE agent_runs ADD COLUMN event_id TEXT");
        for (int n : new int[] {3, 9}) refused(Fixture.V7_PYTHON, n);
        sql("INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status) VALUES ('20261120T120000Z-refused-00000003', 'a', 'j', '"
                + Times.text(now.plusSeconds(180)) + "', 'running')");
        String trouble = trouble();
        assertTrue(trouble.contains("refuses the status failure, timeout, cancelled, which writers of v7-python use"), trouble);
        assertTrue(trouble.contains("1 run ended in the day files and running in the database"), trouble);
        follow(5);
        assertEquals("failure", value("SELECT status FROM agent_runs WHERE run_id LIKE '%refused-00000003'"));
        assertEquals(14L, value("SELECT count(DISTINCT event_id) FROM agent_runs"));
    }

    @Test
    void aStampThatLiesIsMendedWithoutAChangeToTheRuns() {
        Fixture.V3.filled(dir, 12, now.minusSeconds(600));
        Object before = value("SELECT group_concat(run_id || status || updated_at) FROM agent_runs");
        sql("UPDATE schema_migrations SET version = 7");
        assertTrue(trouble().contains("stamped v7, has the columns of v3"), trouble());
        follow(3);
        assertEquals(before, value("SELECT group_concat(run_id || status || updated_at) FROM agent_runs"));
        assertEquals(3L, value("SELECT max(version) FROM schema_migrations"));
    }

    @Test
    void aRebuildOrRecoveryOfSuchATableLeadsToTheUpgrade() {
        Fixture.V2.filled(dir, 6, now.minusSeconds(7_200));
        refused(Fixture.V3, 0);
        for (Script done : List.of(Script.run(new rebuild(), "--store", dir, "--check-only"),
                Script.run(new rebuild(), "--store", dir, "--yes"))) {
            assertTrue(done.exit() > 0, done.out() + done.err());
            assertTrue(done.err().contains("next: jbang upgrade@telemetry --dry-run --store " + dir), done.err());
            assertFalse(done.err().contains("rebuild@telemetry"), done.err());
        }
    }

    @Test
    void runsThatAreMissingForAnotherReasonAreNotSaidToBeRefused() {
        Fixture.V3.filled(dir, 6, now.minusSeconds(7_200));
        refused(Fixture.V3, 0);
        assertTrue(trouble().contains("1 run of the day files not in the database"), trouble());
        assertFalse(trouble().contains("refused since"), trouble());
    }
}
