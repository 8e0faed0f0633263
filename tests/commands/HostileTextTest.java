import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Event;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.text.JsonText;
import telemetry.text.Ndjson;

/** Texts of agents that a terminal would obey, or that look like lines of a report, through every command that shows them to people. */
class HostileTextTest {
    private static final String TERMINAL = "\u001b]0;owned\u0007\u001b[2J\b\u007f\u009b31m\u0085\u202egnp.\u2066x\u2069\u2028\u2029\u200b";
    private static final String FORGED = "ok       forged  all is well";
    private static final String HOSTILE = TERMINAL + "\n" + FORGED + "\r\n" + FORGED + "\r" + FORGED;

    @TempDir
    Path dir;
    private Store store;
    private final Instant now = Instant.now();

    @Test
    void noCommandLetsATerminalObeyOrALineBeForged() throws IOException {
        store = Fixture.V3.filled(dir, 12, now);
        plant();
        String id = "id" + HOSTILE;
        for (String[] words : new String[][] {{"query", "recent", "--limit", "100"}, {"query", "agents"},
                {"query", "agent", "agent" + HOSTILE},
                {"query", "failures", "--limit", "100"}, {"query", "stale"}, {"query", "chain", "insight" + HOSTILE}, {"query", "run", id},
                {"query", "run", HOSTILE}, {"query", "sql", "SELECT * FROM agent_runs"},
                {"query", "sql", "SELECT 1 AS \"" + HOSTILE + "\""},
                {"query", "sql", "SELECT " + HOSTILE}, {"logs"}, {"logs", "--list"}, {"logs", "--run", id}, {"logs", HOSTILE}, {"health"},
                {"maintain", "weekly"}, {"maintain", "quarterly"}, {"rebuild", "--check-only"}, {"rebuild", "--dry-run"}, {"backup"},
                {"backup", "verify", HOSTILE.replace("\0", "")}, {"backup", "--restore", HOSTILE}, {"archive", "restore", HOSTILE},
                {"prune", "runs", "--older-than", "1h", "--dry-run"}, {"prune", "stale", "--older-than", "1h", "--dry-run"},
                {"prune", "stale", "--older-than", "1h", "--agent", HOSTILE, "--yes"}, {"recover", "--dry-run"}, {"rebuild", "--yes"},
                {"prune", "stale", "--older-than", "1h", "--yes"}, {"prune", "runs", "--older-than", "1h", "--break-chains", "--yes"},
                {"query", "--" + HOSTILE}, {"health", "--disk-failed", HOSTILE}, {"health", "--alert", "foo://" + HOSTILE},
                {"health", "--nagios"}, {"recover", "--yes"}, {"recover", "quarantine"}, {"locks"}})
            shown(words);
        Path page = dir.resolve("page.md");
        shown("maintain", "weekly", "--report", page.toString());
        clean("the page", Files.readString(page));
    }

    private void shown(String... words) {
        List<Object> arguments = new ArrayList<>(List.of(words).subList(1, words.length));
        Script done = Script.on(store, script(words[0]), arguments.toArray());
        String what = String.join(" ", words);
        assertTrue(done.exit() <= 3 || done.exit() == 64, what + ": " + done);
        clean(what, done.out());
        clean(what, done.err());
        if (words.length > 1 && words[1].equals("--nagios")) assertEquals(1, done.out().lines().count(), done.out());
    }

    private static void clean(String what, String shown) {
        for (String line : shown.split("\n")) {
            String bad = line.codePoints().filter(c -> switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
                default -> false;
            }).mapToObj(Integer::toHexString).toList().toString();
            assertEquals("[]", System.lineSeparator().length() > 1 ? bad.replace("d", "") : bad, quoted(what) + ": " + quoted(line));
            assertTrue(!line.strip().startsWith(FORGED), quoted(what) + ": " + quoted(shown));
        }
    }

    private static String quoted(String text) {
        return JsonText.ascii(JsonText.line(text));
    }

    private static java.util.concurrent.Callable<Integer> script(String name) {
        return switch (name) {
            case "query" -> new query();
            case "logs" -> new logs();
            case "health" -> new health();
            case "maintain" -> new maintain();
            case "rebuild" -> new rebuild();
            case "backup" -> new backup();
            case "archive" -> new archive();
            case "prune" -> new prune();
            case "recover" -> new recover();
            default -> new locks();
        };
    }

    private void plant() throws IOException {
        List<String> lines = new ArrayList<>();
        try (Database database = Database.open(store.database())) {
            database.pragma("ignore_check_constraints", 1);
            database.execute("CREATE TABLE \"" + HOSTILE.replace("\0", "") + "\" (\"" + HOSTILE + "\" UNIQUE)");
            database.execute("INSERT INTO \"" + HOSTILE.replace("\0", "") + "\" VALUES ('" + HOSTILE + "')");
            database.execute("CREATE VIEW \"view" + HOSTILE + "\" AS SELECT * FROM nowhere");
            database.execute("CREATE INDEX \"index" + HOSTILE + "\" ON agent_runs (host)");
            database.execute("CREATE TRIGGER \"trigger" + HOSTILE + "\" AFTER DELETE ON commits BEGIN SELECT 1; END");
            database.execute("ALTER TABLE agent_runs ADD COLUMN \"column" + HOSTILE + "\" TEXT");
            for (String name : List.of("id", "other", "onlyrow")) {
                for (String status : List.of("failed", "running", HOSTILE)) {
                    Run run = run(name + (status.equals("failed") ? "" : status) + HOSTILE, status);
                    row(database, run);
                    if (!name.equals("onlyrow")) lines.add(Ndjson.line(run.with("error_summary", "other" + HOSTILE)));
                }
            }
        }
        lines.add(Ndjson.line(run("onlyline" + HOSTILE, "running")));
        lines.add(Ndjson.line(new Event("id" + HOSTILE, "event" + HOSTILE, now, "{\"p\": \"" + Ndjson.escaped(HOSTILE) + "\"}")));
        lines.add("{\"run_id\": \"raw" + TERMINAL + "\", broken");
        lines.add(TERMINAL + " no json");
        Path day;
        try (var days = Files.list(store.raw())) {
            day = days.findFirst().orElseThrow();
        }
        Files.write(day, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8), StandardOpenOption.APPEND);
    }

    private Run run(String id, String status) {
        Map<String, Object> fields = new LinkedHashMap<>(Fixture.V3.run(3, now.minus(Duration.ofHours(40))).fields());
        fields.putAll(Map.of("run_id", id, "agent_name", "agent" + HOSTILE, "job_type", "job" + HOSTILE, "status", status,
                "error_summary", "error" + HOSTILE, "insight_id", "insight" + HOSTILE, "product", HOSTILE, "host", HOSTILE));
        fields.put("event_id", id.hashCode() + "-" + HOSTILE);
        if (!status.equals("failed")) fields.put("end_time", null);
        return new Run(fields);
    }

    private static void row(Database database, Run run) {
        List<String> columns = database.columns("SELECT * FROM agent_runs").stream().filter(run.fields()::containsKey).toList();
        database.update("INSERT OR REPLACE INTO agent_runs (" + String.join(", ", columns) + ") VALUES ("
                + "?, ".repeat(columns.size() - 1) + "?)", columns.stream().map(run.fields()::get).toArray());
    }
}
