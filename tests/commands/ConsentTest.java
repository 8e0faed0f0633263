import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Script;

/**
 * Every command that deletes or overwrites: what it does where nobody can be asked, after a no, after a yes, and what a dry run ends with.
 */
class ConsentTest {

    @TempDir
    Path dir;

    private final Instant latest = Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(Duration.ofHours(2));

    @ParameterizedTest
    @ValueSource(strings = {"archive --older-than 0d", "archive expire --older-than 1d", "rebuild", "prune runs --older-than 1d",
        "prune stale --older-than 3h", "recover", "backup restore latest", "backup --restore latest", "locks --kill PID --wait 0s",
        "maintain monthly", "measure_performance --apply-indexes --runs 1 --writers 1 --processes 0"})
    void whereNobodyCanBeAskedItIs64AndANoIsNoFailureAndChangesNothing(String command) throws Exception {
        Store store = store(command);
        try (Agent holder = command.startsWith("locks") ? Agent.holding(store, "BEGIN IMMEDIATE") : null) {
            List<String> words = new ArrayList<>(List.of(command.replace("PID", holder == null ? "" : "" + holder.pid()).split(" ")));
            words.addAll(List.of("--store", store.base().toString()));
            Map<Path, Integer> before = Folder.files(store.base());
            Script unasked = Script.runProcess(Map.of(), words.get(0), words.subList(1, words.size()).toArray());
            assertEquals(64, unasked.exit(), unasked.toString());
            assertTrue(unasked.err().contains("There is no terminal to ask on: add --yes to go ahead, or --dry-run to look first"),
                    unasked.toString());
            assertEquals(before, Folder.files(store.base()), unasked.toString());

            Script dry = Script.run(script(words.get(0)), Stream.concat(words.stream().skip(1), Stream.of("--dry-run")).toArray());
            String next = "next: jbang " + words.get(0) + "@telemetry " + String.join(" ", words.subList(1, words.size())) + " --yes";
            assertTrue(dry.out().endsWith(System.lineSeparator() + next + System.lineSeparator()), dry.toString());
            assertEquals(before, Folder.files(store.base()), dry.toString());

            Script declined = onATerminal(words, "no");
            boolean isList = words.get(0).equals("maintain");
            assertTrue(declined.exit() == 0 || isList && declined.exit() == 1, "a list's other items may warn: " + declined);
            assertTrue(declined.out().contains(" [y/N] no\ndeclined: nothing was changed\n"), declined.out());
            assertEquals(before, Folder.files(store.base()), declined.out());
            assertTrue(holder == null || ProcessHandle.of(holder.pid()).orElseThrow().isAlive());
        }
    }

    @Test
    void aYesOnATerminalGoesAhead() throws Exception {
        Store store = store("archive");
        Script archived = onATerminal(List.of("archive", "--older-than", "1d", "--store", store.base().toString()), "yes");
        assertEquals(0, archived.exit(), archived.out());
        assertTrue(archived.out().contains(", and delete the originals? [y/N] "), archived.out());
        assertTrue(new EventLog(store).days().stream().anyMatch(DayFile::compressed), archived.out());
    }

    /** After one yes something was changed, and the no to the next question says no more than is true. */
    @Test
    void aNoAfterAYesDoesNotSayThatNothingWasChanged() throws Exception {
        Store store = store("measure_performance");
        try (Database database = Database.open(store.database())) {
            database.execute("CREATE TABLE ballast (x)");
            database.execute("INSERT INTO ballast VALUES (zeroblob(4000000))");
            database.execute("DROP TABLE ballast");
        }
        Script half = onATerminal(List.of("measure_performance", "--apply-indexes", "--vacuum", "--runs", "1", "--writers", "1",
                "--processes", "0", "--store", store.base().toString()), "yes", "no");
        assertTrue(half.out().contains("made idx_runs_start: ") && half.out().contains("\ndeclined: this was not done\n"), half.out());
        assertTrue(!half.out().contains("nothing was changed"), half.out());
    }

    @SuppressWarnings("unchecked")
    private static Callable<Integer> script(String name) throws ReflectiveOperationException {
        var constructor = Class.forName(name).getDeclaredConstructor();
        constructor.setAccessible(true);
        return (Callable<Integer>) constructor.newInstance();
    }

    /** One on which the command has something to do. */
    private Store store(String command) throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, latest);
        Duration age = command.startsWith("maintain") ? Duration.ofDays(200) : Duration.ofDays(2);
        if (command.startsWith("maintain")) Fixture.append(store, latest.minus(age), Fixture.V3.run(0, latest.minus(age)));
        for (DayFile day : new EventLog(store).days()) Files.setLastModifiedTime(day.path(), FileTime.from(latest.minus(age)));
        if (command.startsWith("archive expire"))
            assertEquals(0, Script.run(new archive(), "--older-than", "1d", "--yes", "--store", store.base()).exit());
        if (command.startsWith("backup")) assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        if (command.startsWith("recover")) Files.delete(store.database());
        if (command.startsWith("measure")) try (Database database = Database.open(store.database())) {
            database.execute("DROP INDEX idx_runs_start");
        }
        return store;
    }

    /** On a pseudo-terminal of its own. @param answers one to each question @return both streams as out, without carriage returns */
    private Script onATerminal(List<String> words, String... answers) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "there is no program that makes a pseudo-terminal");
        ProcessBuilder command = Script.processBuilder(Map.of(), words.get(0), words.subList(1, words.size()).toArray());
        String line = command.command().stream().map(word -> "'" + word.replace("'", "'\\''") + "'").collect(Collectors.joining(" "));
        Path out = dir.resolve("terminal");
        Process process = command.command("/usr/bin/script", "-qec", line, "/dev/null").redirectErrorStream(true)
                .redirectOutput(out.toFile()).start();
        for (int asked = 0; asked < answers.length && process.isAlive(); ) {
            if (Files.readString(out).split("\\[y/N] ", -1).length <= asked + 1) Thread.sleep(20);
            else {
                process.getOutputStream().write((answers[asked++] + "\n").getBytes(StandardCharsets.UTF_8));
                process.getOutputStream().flush();
            }
        }
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError(words + " did not end: " + Files.readString(out));
        }
        return new Script(process.exitValue(), Files.readString(out).replace("\r", ""), "");
    }
}
