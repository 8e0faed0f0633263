package telemetry.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.kit.Fixture;

/** The tables of each version's writers, as the toolkit makes them. */
class SchemaFormTest {
    private static final Map<String, SchemaForm> REAL =
            Map.of("v3", SchemaForm.V3, "v7-python", SchemaForm.V7_PYTHON, "v7-service", SchemaForm.V7_SERVICE);

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource
    void whatIsMadeIsRecognised(SchemaForm form) {
        try (Database database = Database.create(dir.resolve("d.sqlite"))) {
            Schema schema = Schema.create(database, form);
            assertEquals(form, SchemaForm.of(schema));
            assertEquals(List.of(), schema.oddities());
            assertEquals(form.version(), schema.stamp());
            assertEquals(form.journal().toLowerCase(), database.pragma("journal_mode"));
            assertEquals(form, SchemaForm.named(form.toString()).orElseThrow());
            assertEquals(form.indexes().keySet(), schema.indexes());
            String before = master(database);
            Schema.create(database, form);
            assertEquals(before, master(database), "twice is once");
        }
    }

    @Test
    void theRealWritersTablesAreMadeToTheByte() throws Exception {
        String real = System.getenv("TELEMETRY_FIXTURES");
        assumeTrue(real != null, "TELEMETRY_FIXTURES names no folder of real stores");
        for (String name : REAL.keySet()) {
            Path copy = Fixture.copy(Path.of(real, name), dir.resolve(name));
            try (Database theirs = Database.open(copy.resolve("db/telemetry.sqlite"));
                    Database ours = Database.create(dir.resolve(name + ".sqlite"))) {
                Schema.create(ours, REAL.get(name));
                assertEquals(master(theirs), master(ours), name);
                assertEquals(theirs.pragma("journal_mode"), ours.pragma("journal_mode"), name);
                String stamps = "SELECT version || ' ' || description FROM schema_migrations";
                assertEquals(theirs.value(stamps), ours.value(stamps));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theScriptMakesTheSame(SchemaForm form) {
        try (Database made = Database.create(dir.resolve("a.sqlite")); Database scripted = Database.create(dir.resolve("b.sqlite"))) {
            Schema.create(made, form);
            for (String statement : form.script().split(";\n")) if (!statement.isBlank()) scripted.query(statement.strip()).list();
            assertEquals(master(made), master(scripted));
            assertEquals(1, scripted.number("SELECT count(*) FROM schema_migrations WHERE version = " + form.version()));
        }
    }

    @Test
    void eachLimitsWhatItsWritersLimit() {
        for (SchemaForm form : SchemaForm.values()) try (Database database = Database.create(dir.resolve(form + ".sqlite"))) {
            Schema.create(database, form);
            String event = form.version() >= 6 ? ", event_id" : "";
            String insert = "INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status" + event
                    + ") VALUES ('r', 'a', 'j', 't', ?"
                    + event.replace("event_id", "'e'") + ")";
            for (String word : form.version() < 3 ? List.<String>of() : List.of(form.version() >= 6 ? "failed" : "failure", "odd"))
                assertThrows(StoreException.class, () -> database.update(insert, word), form + " " + word);
            assertEquals(1, database.update(insert, form.version() >= 6 ? "failure" : "failed"));
            assertEquals(form.version(), database.number("SELECT schema_version FROM agent_runs"));
        }
        assertTrue(SchemaForm.named("v8").isEmpty());
        assertFalse(SchemaForm.named(" V7_Service").isEmpty());
    }

    private static String master(Database database) {
        return database.query("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").stream()
                .map(Row::map).map(Object::toString).collect(Collectors.joining("\n"));
    }
}
