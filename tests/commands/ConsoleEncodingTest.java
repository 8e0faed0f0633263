import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.os.Machine;
import telemetry.runs.RunWriter;

/** What arrives of a text that is no ASCII: in a terminal of another encoding than UTF-8, in a pipe, in PowerShell. */
@Tag("system")
class ConsoleEncodingTest {
    private static final String AGENT = "日本語-ä";

    @TempDir
    Path dir;
    private Store store;

    @BeforeEach
    void fill() throws IOException {
        Instant now = Instant.now();
        Run run = Fixture.V3.run(0, now.minusSeconds(60)).with("agent_name", AGENT);
        store = Fixture.V3.empty(dir.resolve("s"));
        try (Database database = Database.open(store.database())) {
            database.inTransaction(() -> new RunWriter(database).write(run));
        }
        Files.writeString(store.raw().resolve(DayFile.name(DayFile.dayOf(now))), "{\"run_id\": \"r\", \"event_type\": \"e\", \"timestamp\": \""
                + now + "\", \"payload_json\": \"" + AGENT + "\"}\n");
    }

    private record Bytes(byte[] out, byte[] err) { }

    /** As a process with these options of the JVM. */
    private static Bytes run(Map<String, String> env, List<String> options, String script, Object... args) throws Exception {
        ProcessBuilder builder = Script.processBuilder(env, script, args);
        List<String> command = new ArrayList<>(builder.command());
        command.addAll(1, options);
        Path out = Files.createTempFile("out", ".txt");
        Path err = Files.createTempFile("err", ".txt");
        Process process = builder.command(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        process.getOutputStream().close();
        process.waitFor();
        return new Bytes(Files.readAllBytes(out), Files.readAllBytes(err));
    }

    @Test
    void aPipeGetsNoColoursWhereAShellOfWindowsSetsTerm() throws Exception {
        for (String term : List.of("xterm-256color", "cygwin")) {
            Bytes help = run(Map.of("TERM", term, "OSTYPE", "cygwin"), List.of("-Dos.name=Windows 11"), "query", "--help");
            assertTrue(help.out().length > 500, new String(help.err(), StandardCharsets.UTF_8));
            assertFalse(new String(help.out(), StandardCharsets.UTF_8).contains("\u001b"));
        }
    }

    /** Java 17 tells by these properties that a stream is a terminal, and of which encoding. */
    @Test
    void whatATerminalsEncodingLacksIsWrittenOutAndTheRestIsInIt() throws Exception {
        Path sql = Files.writeString(dir.resolve("wrong.sql"), "SELECT * FROM \"" + AGENT + "\"");
        for (String name : List.of("IBM850", "US-ASCII", "no-such-page")) {
            List<String> terminal = List.of("-Dsun.stdout.encoding=" + name, "-Dsun.stderr.encoding=" + name);
            boolean isPage = name.equals("IBM850");
            Charset its = isPage ? Charset.forName(name) : StandardCharsets.US_ASCII;
            String shown = "\\u65e5\\u672c\\u8a9e-" + (isPage ? "ä" : "\\u00e4");
            String out = new String(run(Map.of(), terminal, "query", args("agents")).out(), its);
            assertTrue(out.contains(shown), out);
            assertFalse(out.contains("?"), out);
            if (!isPage) continue;
            String csv = new String(run(Map.of(), terminal, "query", args("agents", "--csv")).out(), its);
            assertTrue(csv.contains(shown), csv);
            String raw = new String(run(Map.of(), terminal, "logs", args("--raw")).out(), its);
            assertTrue(raw.contains(shown), raw);
            String err = new String(run(Map.of(), terminal, "query", args("sql", "--file", sql.toString())).err(), its);
            assertTrue(err.contains("no such table: " + shown), err);
        }
    }

    private Object[] args(String... words) {
        List<Object> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--store", store.base()));
        return all.toArray();
    }

    @Test
    void aPipeIsUtf8WhateverTheLocaleAndJsonIsRightForPowerShell() throws Exception {
        boolean isWindows = Machine.isWindows();
        for (Object[] one : new Object[][] {args("agents", "--json"), args("recent", "--ndjson")}) {
            String json = new String(run(Map.of("LC_ALL", "C"), List.of(), "query", one).out(), StandardCharsets.UTF_8);
            assertTrue(json.contains(isWindows ? "\\u65e5\\u672c\\u8a9e-\\u00e4" : AGENT), json);
        }
        String table = new String(run(Map.of("LC_ALL", "C"), List.of(), "query", args("agents")).out(), StandardCharsets.UTF_8);
        assertTrue(table.contains(AGENT), table);
    }
}
