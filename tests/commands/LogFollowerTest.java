import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Store;
import telemetry.daylog.LogReader;
import telemetry.kit.DayLines;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.logs.LogFollower;

class LogFollowerTest {

    @TempDir
    Path dir;
    Store store;
    Path today;
    final List<String> oddities = new ArrayList<>();

    @BeforeEach
    void begin() {
        store = DayLines.store(dir.resolve("s"), 2, 3);
        today = DayLines.file(store, 1);
    }

    @Test
    void linesComeOnceAndWhenTheyAreWhole() throws IOException {
        LogFollower follower = follower();
        assertEquals(List.of(), poll(follower));
        Files.writeString(today, "{\"run_id\": \"a\"}\n{\"run_id\"", StandardOpenOption.APPEND);
        assertEquals(List.of("{\"run_id\": \"a\"}"), poll(follower));
        assertEquals(List.of(), poll(follower));
        Files.writeString(today, ": \"b\"}\n", StandardOpenOption.APPEND);
        assertEquals(List.of("{\"run_id\": \"b\"}"), poll(follower));
    }

    @Test
    void whatItWillGiveIsNotOldEvenInAFileThatHasJustBegun() throws IOException {
        LogFollower follower = follower();
        assertTrue(follower.isOld(entry(today)));
        Path tomorrow = DayLines.file(store, 2);
        DayLines.append(tomorrow, "{\"run_id\": \"tomorrow\"}");
        assertFalse(follower.isOld(entry(tomorrow)));
        assertEquals(List.of("{\"run_id\": \"tomorrow\"}"), poll(follower));
        Script.run(new archive(), "--store", store.base(), "--older-than", "0d", "--yes");
        assertTrue(follower.isOld(entry(DayLines.files(store.archive()).get(0).path())));
    }

    private static LogEntry entry(Path file) {
        try (var entries = new LogReader(file)) {
            return entries.next();
        }
    }

    @Test
    void itGoesOnOverMidnightAndWithLateLinesOfOlderDays() throws IOException {
        LogFollower follower = follower();
        Path tomorrow = DayLines.file(store, 2);
        DayLines.append(tomorrow, "{\"run_id\": \"tomorrow\"}");
        DayLines.append(DayLines.file(store, 0), "{\"run_id\": \"late\"}");
        assertEquals(List.of("{\"run_id\": \"late\"}", "{\"run_id\": \"tomorrow\"}"), poll(follower));
        DayLines.append(store.raw().resolve("events_20200101.ndjson"), "{\"run_id\": \"of a day that was archived\"}");
        DayLines.append(tomorrow, "{\"run_id\": \"more\"}");
        assertEquals(List.of("{\"run_id\": \"of a day that was archived\"}", "{\"run_id\": \"more\"}"), poll(follower));
    }

    @Test
    void aTruncatedFileIsReadFromItsBeginning() throws IOException {
        LogFollower follower = follower();
        Files.writeString(today, "{\"run_id\": \"new\"}\n");
        assertEquals(List.of("{\"run_id\": \"new\"}"), poll(follower));
        assertEquals(List.of(today + " was cut at byte 18, or is another one: it is read from its beginning, and what came and went "
                + "between two looks is not shown"), oddities);
    }

    /** A file system gives a new file the old one's number, and copytruncate cuts a file that then grows beyond its old length. */
    @Test
    void aFileThatIsLongerThanBeforeAndNotTheSameIsReadFromItsBeginning() throws IOException {
        LogFollower follower = follower();
        long old = Files.size(today);
        String lines = IntStream.range(0, 99).mapToObj(n -> "{\"run_id\": \"" + n + "\"}\n").reduce("", String::concat);
        Files.writeString(today, lines);
        assertTrue(Files.size(today) > old);
        assertEquals(99, poll(follower).size());
        assertTrue(oddities.get(0).startsWith(today + " was cut at byte " + old + ", or is another one"), oddities.toString());
        Files.writeString(today, "{\"run_id\": \"next\"}\n", StandardOpenOption.APPEND);
        assertEquals(List.of("{\"run_id\": \"next\"}"), poll(follower));
        assertEquals(1, oddities.size());
    }

    @Test
    @Timeout(60)
    @Needs(Need.PERMISSIONS)
    void aFileThatMayNotBeReadIsNamedOnceAndTheOthersAreFollowed() throws Exception {
        Path yesterday = DayLines.file(store, 0);
        Files.setPosixFilePermissions(yesterday, Set.of());
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root"))
            command.addAll(List.of("setpriv", "--bounding-set", "-dac_override,-dac_read_search"));
        command.addAll(Script.processBuilder(Map.of(), "logs", "--store", store.base(), "--follow").command());
        Process process = new ProcessBuilder(command).redirectError(dir.resolve("err").toFile()).start();
        try (var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (int n = 0; n < 3; n++) out.readLine();
            DayLines.append(today, DayLines.line(DayLines.FIRST.plusDays(1), 21));
            assertTrue(out.readLine().startsWith("2025-12-02 00:00:21"));
            String err = Files.readString(dir.resolve("err"));
            assertTrue(err.startsWith("logs: cannot follow " + yesterday + ": permission denied") && err.lines().count() == 1, err);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void aFileThatTookAnothersPlaceIsReadFromItsBeginning() throws IOException {
        LogFollower follower = follower();
        Files.move(today, dir.resolve("away"));
        Files.writeString(today, IntStream.range(0, 9).mapToObj(n -> "{\"run_id\": \"" + n + "\"}\n").reduce("", String::concat));
        assertEquals(9, poll(follower).size());
    }

    @Test
    @Needs(Need.NOT_WINE)
    void whileADayIsArchivedNothingIsShownAgain() throws IOException {
        LogFollower follower = follower();
        Files.move(DayLines.file(store, 0), store.raw().resolve("events_20251201.2.ndjson"));
        assertEquals(List.of(), poll(follower));
        DayLines.rest(store, Instant.now());
        Script.run(new archive(), "--store", store.base(), "--older-than", "0d", "--yes");
        assertEquals(List.of(), poll(follower));
        DayLines.append(DayLines.file(store, 0), "{\"run_id\": \"late\"}");
        assertEquals(List.of("{\"run_id\": \"late\"}"), poll(follower));
    }

    @Test
    @Timeout(60)
    void theCommandShowsTheLastTenAndThenEachLineAtOnce() throws Exception {
        for (int n = 3; n < 20; n++) DayLines.append(today, DayLines.line(DayLines.FIRST.plusDays(1), n));
        Process process = Script.processBuilder(Map.of(), "logs", "--store", store.base(), "--follow", "--agent", "link-checker")
                .redirectError(dir.resolve("err").toFile()).start();
        try (var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (int n = 10; n < 20; n++) assertTrue(out.readLine().startsWith("2025-12-02 00:00:" + n + "  link-checker"), "line " + n);
            DayLines.append(today, "{\"run_id\": \"x\", \"agent_name\": \"another\", \"status\": \"running\"}");
            DayLines.append(today, "damaged");
            DayLines.append(today, DayLines.line(DayLines.FIRST.plusDays(1), 21));
            assertTrue(out.readLine().startsWith("2025-12-02 00:00:21"));
            DayLines.append(DayLines.file(store, 2), DayLines.line(DayLines.FIRST.plusDays(2), 22));
            assertTrue(out.readLine().startsWith("2025-12-03 00:00:22"));
        }
        DayLines.append(today, DayLines.line(DayLines.FIRST.plusDays(1), 23));
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it ends when nobody reads it any more");
        assertEquals(0, process.exitValue());
        String err = Files.readString(dir.resolve("err"));
        assertTrue(err.startsWith("logs: " + today + ": byte ") && err.lines().count() == 1, err);
    }

    private LogFollower follower() {
        return new LogFollower(new EventLog(store), oddities::add);
    }

    private static List<String> poll(LogFollower follower) {
        List<String> lines = new ArrayList<>();
        follower.poll(entry -> lines.add(entry.text()));
        return lines;
    }
}
