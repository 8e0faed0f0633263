import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** Views and triggers that somebody put into the database to keep the toolkit at work, or to have it do something. */
class HostileSchemaTest {
    private static final String ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c";
    private static final String VIEW = "the view agent_runs";
    private static final String TRIGGER = "the trigger endless";

    @TempDir
    Path dir;
    private final Map<String, CompletableFuture<Script>> begun = new LinkedHashMap<>();

    @Test
    void aStatementWithoutEndIsStoppedAndWhatMadeItIsNamed() {
        begin("health", new health(), HostileSchemaTest::endlessView);
        begin("backup", new backup(), HostileSchemaTest::endlessView);
        begin("rebuild", new rebuild(), HostileSchemaTest::endlessTrigger, "--yes");
        begin("recover", new recover(), HostileSchemaTest::endlessTrigger, "--yes");
        begun.forEach((name, running) -> {
            Script done = assertTimeoutPreemptively(Duration.ofMinutes(2), () -> running.get(), name);
            assertEquals(2, done.exit(), name + ": " + done);
            String suspect = name.equals("health") || name.equals("backup") ? VIEW : TRIGGER;
            assertTrue(done.said().contains("it was stopped after ") && done.said().contains(" of work: look at " + suspect),
                    done.toString());
            assertFalse(done.said().contains("damaged ("), done.toString());
        });
    }

    private void begin(String name, Callable<Integer> script, Consumer<Database> plant, Object... words) {
        Store store = Fixture.V3.filled(dir.resolve(name), 12, Instant.now());
        try (Database database = Database.open(store.database())) {
            plant.accept(database);
        }
        begun.put(name, CompletableFuture.supplyAsync(() -> Script.on(store, script, words), run -> new Thread(run).start()));
    }

    private static void endlessView(Database database) {
        String columns = String.join(", ", database.columns("SELECT * FROM agent_runs").stream().map(name -> "n AS " + name).toList());
        database.pragma("legacy_alter_table", 1);
        database.execute("ALTER TABLE agent_runs RENAME TO other");
        database.execute("CREATE VIEW agent_runs AS " + ENDLESS.replace("count(*) FROM c", columns + " FROM c WHERE n < 0"));
    }

    private static void endlessTrigger(Database database) {
        database.execute("CREATE TRIGGER endless AFTER INSERT ON agent_runs BEGIN SELECT (" + ENDLESS + "); END");
        database.execute("DELETE FROM agent_runs");
    }

    /** SQLite's list of tables would work its way through two to the sixtieth of them. */
    @Test
    void viewsThatNobodyAsksForCostNothing() {
        Store store = Fixture.V3.filled(dir, 12, Instant.now());
        Script.on(store, new backup());
        try (Database database = Database.open(store.database())) {
            database.execute("CREATE VIEW v0 AS SELECT 1 AS x");
            for (int i = 1; i <= 60; i++)
                database.execute("CREATE VIEW v" + i + " AS SELECT a.x FROM v" + (i - 1) + " AS a, v" + (i - 1) + " AS b");
        }
        assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
            for (Script done : new Script[] {Script.on(store, new health()), Script.on(store, new backup()),
                    Script.on(store, new backup(), "restore", "latest", "--yes"), Script.on(store, new rebuild(), "--yes"),
                    Script.on(store, new recover(), "--dry-run")}) assertTrue(done.exit() <= 1, done.toString());
        });
    }

    @Test
    void aFunctionThatCouldDoHarmIsNoneInASchemaButIsOneInAQuestion() {
        Store store = Fixture.V3.filled(dir, 2, Instant.now());
        try (Database database = Database.open(store.database())) {
            database.execute("CREATE VIEW harm AS SELECT load_extension('/tmp/x.so') AS x");
            database.execute("CREATE VIEW plain AS SELECT json_extract('{\"a\": 1}', '$.a') AS x");
            StoreException refused = assertThrows(StoreException.class, () -> database.value("SELECT x FROM harm"));
            assertTrue(refused.why().contains("unsafe use of load_extension()"), refused.why());
            assertEquals(1L, database.value("SELECT x FROM plain"));
            assertEquals("0", database.pragma("trusted_schema"));
            assertEquals("1", database.pragma("cell_size_check"));
        }
    }
}
