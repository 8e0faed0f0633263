import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Store;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.logs.LogFilter;
import telemetry.logs.LogQuery;
import telemetry.text.JsonText;

class LogsTest {
    private static final String NL = System.lineSeparator();
    private static final Instant NOW = Instant.parse("2025-12-11T04:00:00Z");
    private static final LogFilter EVERYTHING = new LogFilter(null, null, null, null, null, null, null, false);

    @TempDir
    Path dir;
    Store store;

    /** Eight hours of runs, one an hour, over two days; the last ones in the night of the eleventh. */
    @BeforeEach
    void fill() {
        store = Fixture.V3.filled(dir.resolve("s"), 8, NOW);
        DayLines.rest(store, NOW);
    }

    @Test
    void theNewestDayIsShownWithOneReadableLineARecord() {
        assertEquals(new Script(0, """
                2025-12-11 00:00:00  docs-crawler        00000004  running    translate (cli)
                2025-12-11 00:00:01  docs-crawler        00000004  checkpoint {"step": 4}
                2025-12-11 00:01:04  docs-crawler        00000004  partial    translate, 72/72 items, 1 min
                2025-12-11 01:00:00  link-checker        00000003  running    analyze (cli)
                2025-12-11 01:01:03  link-checker        00000003  failed     analyze, 12/24 items, 1 min: ValueError: boom; \
                'quoted', "double"\\nzweite Zeile: größer
                2025-12-11 02:00:00  hugo-translator     00000002  running    analyze (cli)
                2025-12-11 02:00:01  hugo-translator     00000002  checkpoint {"step": 2}
                2025-12-11 02:01:02  hugo-translator     00000002  success    analyze, 68/68 items, 1 min
                2025-12-11 03:00:00  docs-crawler        00000001  running    publish (cli)
                2025-12-11 03:01:01  docs-crawler        00000001  success    publish, 25/25 items, 1 min
                2025-12-11 04:00:00  link-checker        00000000  running    publish (cli)
                2025-12-11 04:00:01  link-checker        00000000  checkpoint {"step": 0}
                2025-12-11 04:01:00  link-checker        00000000  success    publish, 70/70 items, 1 min
                """.replace("\n", NL), ""), logs());
        assertFalse(logs("2025-12").out().contains("…"), "no terminal, so nothing is cut");
    }

    @Test
    @Needs(Need.FIFOS)
    void whatHasADayFilesNameAndIsNoneIsNamedOnce() throws Exception {
        String before = logs().out();
        Path folder = Files.createDirectory(store.raw().resolve("events_20251210.2.ndjson"));
        Path pipe = store.raw().resolve("events_20251209.2.ndjson");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no named pipes here");
        Script logs = logs();
        assertEquals(1, logs.exit());
        assertEquals(before, logs.out());
        assertEquals("logs: " + pipe + " is a FIFO: it is not read" + NL + "logs: " + folder + " is a folder: it is not read" + NL,
                logs.err());
        String health = HealthTest.health(store).out().replaceAll("\\s+", " ");
        assertTrue(health.contains(pipe + " is a FIFO, which nothing reads; move it away; " + folder + " is a folder, which nothing reads"),
                health);
    }

    @Test
    void aFileThatIsDatedAheadHidesNoOther() throws IOException {
        String before = logs().out();
        Files.writeString(store.raw().resolve("events_20991231.ndjson"), "{\"run_id\": \"ahead\", \"event_type\": \"e\"}\n");
        assertEquals(before, logs().out());
        assertTrue(logs("2099-12-31").out().contains("ahead"), logs("2099-12-31").toString());
    }

    @Test
    void aDayIsNamedInManyWays() throws IOException {
        String tenth = logs("2025-12-10").out();
        assertEquals(6, tenth.lines().count());
        assertEquals(tenth, logs("20251210").out());
        assertEquals(tenth, logs("yesterday").out());
        assertEquals(logs().out(), logs("today").out());
        assertEquals(tenth + logs().out(), logs("2025-12").out());
        Script missing = logs("2025-12-09");
        assertEquals(new Script(3, "", "logs: cannot read 2025-12-09 in " + store.raw()
                + ": no such day is there or in the archive" + NL + "next: jbang logs@telemetry --list --store " + store.base() + NL),
                missing);
        assertEquals(64, logs("tomorrow").exit());
        assertEquals(64, logs("2025-13-01").exit());
        assertEquals(3, Script.run(new logs(), "--store", dir.resolve("none")).exit());
        Store empty = Fixture.V3.empty(dir.resolve("empty"));
        assertEquals(new Script(3, "", "logs: cannot read the day files in " + empty.raw()
                + ": there is none yet" + NL + "next: jbang track@telemetry --self-test --store " + empty.base() + NL),
                Script.run(new logs(), "--store", empty.base()));
    }

    @Test
    void whereTheFolderOfDayFilesIsMissingTheHintIsHealths() throws IOException {
        String said = "logs: cannot read the day files in " + store.raw() + ": there is no such folder";
        Fixture.copy(store.raw(), dir.resolve("elsewhere"));
        delete(store.raw());
        for (String option : List.of("--limit=1", "--list")) {
            assertEquals(new Script(3, "", said + NL + "next: jbang setup@telemetry --store " + store.base() + NL), logs(option));
            assertHealthAdvises("", "jbang setup@telemetry");
        }
        Files.writeString(store.raw(), "");
        String first = "; move that file elsewhere, then";
        String file = "logs: cannot list the day files in " + store.raw() + ": it is a file, and should be a folder";
        assertEquals(new Script(2, "", file + first + NL + "next: jbang setup@telemetry --store " + store.base() + NL), logs());
        assertHealthAdvises(first, "jbang setup@telemetry");
        Files.delete(store.raw());
        Files.createDirectories(store.archive().resolve("year=2025"));
        delete(store.database().getParent());
        String next = "next: jbang recover@telemetry --dry-run --store " + store.base();
        assertEquals(new Script(3, "", said + NL + next + NL), logs());
        assertHealthAdvises("", "jbang recover@telemetry --dry-run");
    }

    private void assertHealthAdvises(String first, String command) {
        String health = Script.run(new health(), "--store", store.base()).out();
        String advice = first + " (runbook: Complete System Failure) next: " + command + " --store " + store.base();
        assertTrue(health.replaceAll("\\s+", " ").matches(".*failed storage ((?!next: ).)*\\Q" + advice + "\\E .*"), health);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    @Test
    void recordsAreChosenByTimeAgentRunTypeStatusAndText() {
        assertEquals(2, count("--since", "2025-12-11T02:30:00Z", "--until", "2025-12-11T04:00:00Z"));
        assertEquals(19, count("--since", "24h"));
        assertEquals(6, count("--until", "2025-12-11T00:00:00Z"));
        assertEquals(5, count("--agent", "link-checker"), "events too, by their run's id");
        assertEquals(2, count("2025-12", "--agent", "docs-crawler", "--status", "success"));
        assertEquals(2, count("--run", "20251211T010000Z-link-checker-00000003"));
        assertEquals(3, count("--run", "00000006"), "no day need be said with a run");
        assertEquals(3, count("--type", "checkpoint"));
        assertEquals(0, count("--type", "checkpoint", "--status", "success"));
        assertEquals(1, count("--status", "failure"), "in any writer's word");
        assertEquals(3, count("--grep", "hugo-translator"));
        assertEquals("logs: no record matches" + NL, logs("--agent", "nobody").err());
    }

    @Test
    void aTextIsFoundHoweverTheWriterEscapedIt() throws IOException {
        assertEquals(1, count("--grep", "zweite Zeile: größer"));
        assertEquals(1, count("--grep", "'quoted', \"double\""));
        assertEquals(1, count("--grep", "\"step\": 4"));
        assertEquals(0, count("--grep", "\"step\": 44"));
        DayLines.append(newest(), "{\"run_id\": \"r\", \"agent_name\": \"größer\", \"status\": \"running\"}");
        assertEquals(2, count("--grep", "größer"));
        assertEquals(64, logs("--grep", "").exit());
    }

    @Test
    void aTextIsFoundWhereverTheBufferEnds() throws IOException {
        List<String> lines = new ArrayList<>();
        for (int n = 0; n < 3000; n++)
            lines.add("{\"run_id\": \"run-" + n + "\", \"agent_name\": \"" + "x".repeat(n * 31 % 997)
                    + (n % 7 == 0 ? "needle" : "needl") + "\"}");
        Files.write(newest(), lines);
        List<String> expected = lines.stream().filter(line -> line.contains("needle")).toList();
        assertEquals(expected, logs("--raw", "--grep", "needle").out().lines().toList());
    }

    @Test
    void theLastOnesAreShownInOrderOrNewestFirst() {
        List<String> all = logs("2025-12").out().lines().toList();
        assertEquals(all.subList(all.size() - 15, all.size()), logs("2025-12", "--limit", "15").out().lines().toList());
        List<String> reversed = new ArrayList<>(all);
        Collections.reverse(reversed);
        assertEquals(reversed, logs("2025-12", "--reverse").out().lines().toList());
        assertEquals(reversed.subList(0, 15), logs("2025-12", "--reverse", "--limit", "15").out().lines().toList());
        assertEquals(all, logs("2025-12", "--limit", "1000").out().lines().toList());
        assertEquals(64, logs("--limit", "0").exit());
    }

    @Test
    void aDayLargerThanWhatIsKeptIsReversedToo() throws IOException {
        List<String> lines = new ArrayList<>(IntStream.range(0, 60_000)
                .mapToObj(n -> DayLines.line(LocalDate.parse("2025-12-11"), n)).toList());
        Files.write(newest(), lines);
        Collections.reverse(lines);
        assertEquals(lines, logs("--raw", "--reverse").out().lines().toList());
        archive();
        assertEquals(lines.subList(0, 50_000), logs("--raw", "--reverse", "--limit", "50000").out().lines().toList());
    }

    @Test
    void jsonIsOneArrayOfTheRecords() {
        Script json = logs("--json");
        Map<String, Object> read = JsonText.object("{\"all\": " + json.out() + "}");
        assertTrue(read.get("all").toString().startsWith("[{\"run_id\": \"20251211T000000Z-docs-crawler-00000004\""));
        assertEquals(13, json.out().lines().filter(line -> line.contains("\"run_id\"")).count());
        assertEquals("[" + NL + "]" + NL, logs("--json", "--agent", "nobody").out());
        assertEquals(64, logs("--json", "--raw").exit());
        assertEquals(64, logs("--json", "--follow").exit());
    }

    @Test
    void archivedDaysReadAsPlainOnes() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            store = given.store();
            String before = logs("--since", "2000-01-01").out();
            String list = logs("--list").out();
            archive();
            assertEquals(before, logs("--since", "2000-01-01").out(), given.toString());
            assertEquals(columns(list, 0, 2, 3, 5).replace("no", "yes"), columns(logs("--list").out(), 0, 2, 3, 5), given.toString());
        }
    }

    @Test
    void linesThatComeAfterADayWasArchivedAreReadToo() throws IOException {
        String before = logs().out();
        archive();
        DayLines.append(newest(),
                "{\"run_id\": \"20251211T050000Z-late-00000099\", \"agent_name\": \"late\", \"status\": \"running\", \"start_time\": "
                + "\"2025-12-11T05:00:00Z\"}");
        assertEquals(before + "2025-12-11 05:00:00  late                00000099  running" + NL, logs().out());
        assertTrue(logs("--list").out().contains("in part"));
    }

    @Test
    void aLineThatStandsInTheArchiveAndInTheRawFolderIsShownOnce() throws IOException {
        byte[] content = Files.readAllBytes(newest());
        String before = logs().out();
        archive();
        Files.write(newest(), content);
        assertEquals(before, logs().out());
        assertEquals(13, Integer.parseInt(columns(logs("--list", "2025-12-11").out().lines().toList().get(1), 2).strip()));
        Files.move(newest(), store.raw().resolve("events_20251211.2.ndjson"));
        assertEquals(before, logs().out());
    }

    @Test
    void aDayThatIsArchivedAfterItWasListedIsReadInTheArchive() throws IOException {
        var log = new EventLog(store);
        List<DayFile> listed = log.days();
        archive();
        List<LogEntry> entries = new ArrayList<>();
        new LogQuery(log, listed, EVERYTHING, damage -> { throw new AssertionError(damage.toString()); }).forEach(entries::add);
        assertEquals(19, entries.size());
        assertTrue(entries.stream().allMatch(entry -> entry.file().toString().endsWith(".gz")));
    }

    @Test
    void damageIsNamedWithItsPlaceAndTheNeighboursAreShown() throws IOException {
        long at = Files.size(newest());
        DayLines.append(newest(), "{\"run_id\": \"torn");
        DayLines.append(newest(), "{\"run_id\": \"r-00000001\", \"agent_name\": \"after\", \"status\": \"running\"}");
        Script shown = logs();
        assertEquals(14, shown.out().lines().count());
        assertTrue(shown.err().startsWith("logs: " + newest() + ": byte " + at + ": no JSON: "), shown.err());
        assertEquals(1, shown.exit());
        assertEquals(shown.err(), logs("--limit", "3").err(), "once, although it is read twice");
        assertTrue(logs("--list").out().contains("no              1"));
        assertEquals(1, logs("--list").exit());
        for (int n = 0; n < 30; n++) DayLines.append(newest(), "?");
        assertEquals(21, logs().err().lines().count());
        assertTrue(logs().err().endsWith("logs: " + newest() + ": 31 damaged pieces in all" + NL), logs().err());
    }

    @Test
    void aDamagedArchiveFileIsNamedAndTheOthersAreRead() throws IOException {
        archive();
        Path tenth = store.archive().resolve("year=2025/month=12/events_20251210.ndjson.gz");
        byte[] right = Files.readAllBytes(tenth);
        for (byte[] wrong : List.of(new byte[0], Arrays.copyOf(right, right.length / 2),
                flipped(right, 0), flipped(right, right.length / 2), flipped(right, right.length - 6))) {
            Files.write(tenth, wrong);
            Script shown = logs("2025-12");
            assertEquals(1, shown.exit());
            assertTrue(shown.err().startsWith("logs: " + tenth + ": byte "), shown.err());
            assertFalse(shown.err().contains("cannot read " + tenth), "the file is named once: " + shown.err());
            assertTrue(shown.out().endsWith(logs("2025-12-11").out()));
            assertEquals(1, logs("--list").exit());
            assertEquals(1, logs("2025-12", "--grep", "link-checker").exit());
            assertEquals(1, logs("2025-12", "--reverse").exit());
        }
    }

    @Test
    void aFileThatMayNotBeReadIsNamedOnceAndTheOthersAreShown() throws Exception {
        assumeTrue(dir.getFileSystem().supportedFileAttributeViews().contains("posix"), "no POSIX permissions here");
        archive();
        Path tenth = store.archive().resolve("year=2025/month=12/events_20251210.ndjson.gz");
        Files.setPosixFilePermissions(tenth, Set.of());
        for (String option : List.of("--until=2025-12-12", "--reverse", "--limit=99", "--grep=20251211T", "--raw", "--list")) {
            Script shown = Script.runWithoutRights("logs", "--store", store.base(), "--since", "2025-12-01T00:00:00Z", option);
            assertEquals(3, shown.exit(), option + shown);
            assertEquals(1, shown.out().split("logs: cannot read " + tenth + ": permission denied", -1).length - 1, option + shown);
            assertTrue(shown.out().contains(option.equals("--raw") ? "20251211T" : "2025-12-11 "), option + shown);
        }
    }

    @Test
    void hostileLinesStopNothingAndFitIntoLittleMemory() throws Exception {
        try (var out = Files.newOutputStream(newest(), StandardOpenOption.APPEND)) {
            byte[][] hostile = {bytes("x".repeat(10_000_000)), bytes("[".repeat(100_000)),
                    {0, 0, 0}, bytes("{\"run_id\": \"n\", \"a\": NaN, \"b\": -Infinity}"), bytes("\uFEFF{\"run_id\": \"bom\"}"),
                bytes("{\"run_id\": \"d\", \"run_id\": \"d2\"}"), bytes("{\"run_id\": \"s\", \"agent_name\": \"\\ud800\"}"),
                bytes("{\"run_id\": \"e\", \"duration_ms\": 1e999, \"items_failed\": 18446744073709551616}"),
                bytes("{\"run_id\": \"g\", \"agent_{\"run_id\": \"glued\", \"status\": \"running\"}"),
                {'{', '"', (byte) 0xff, '"', '}'}, bytes("null"), bytes("[1]"), bytes("{\"run_id\": 7}"),
                bytes("{\"run_id\": \"w\", \"status\": [], \"start_time\": {}, \"duration_ms\": \"x\", \"event_type\": null}"),
                bytes("{\"run_id\": \"esc\", \"agent_name\": \"\\u001b[2J\"}")};
            for (byte[] line : hostile) {
                out.write(line);
                out.write('\n');
            }
            out.write(bytes("{\"run_id\": \"last\", \"status\": \"running\"}\n{\"run_id\": \"torn"));
        }
        for (String[] options : new String[][] {{}, {"--reverse"}, {"--limit", "5"},
                {"--json"}, {"--list"}, {"--raw"}, {"--grep", "last"}}) {
            ProcessBuilder builder = Script.processBuilder(Map.of(), "logs",
                    Stream.concat(Stream.of("--store", store.base()), Stream.of(options)).toArray());
            builder.command().add(1, "-Xmx128m");
            Process process = builder.redirectError(dir.resolve("err").toFile()).start();
            byte[] out = process.getInputStream().readAllBytes();
            assertEquals(1, process.waitFor(), String.join(" ", options) + Files.readString(dir.resolve("err")));
            String text = new String(out, StandardCharsets.UTF_8);
            if (options.length == 0) {
                assertTrue(text.contains("glued") && text.contains("bom") && text.contains("last") && !text.contains("\u001b"), text);
                assertEquals(9, Files.readString(dir.resolve("err")).lines().count(), Files.readString(dir.resolve("err")));
            }
        }
    }

    @Test
    void rawIsTheUntouchedBytes() throws Exception {
        byte[] odd = {'{', '"', (byte) 0xff, (byte) 0xc3, '"', '}', '\r', '\n', '{', '"', 'r',
                'u', 'n', '_', 'i', 'd', '"', ':', '"', 'a', '{', '"', 'r', 'u', 'n', '_', 'i', 'd', '"', ':', '"', 'b', '"', '}', '\n'};
        Files.write(newest(), odd, StandardOpenOption.APPEND);
        Process process = Script.processBuilder(Map.of(), "logs", "--store", store.base(), "--raw")
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        byte[] shown = process.getInputStream().readAllBytes();
        assertEquals(1, process.waitFor());
        assertEquals(new String(Files.readAllBytes(newest()), StandardCharsets.ISO_8859_1), new String(shown, StandardCharsets.ISO_8859_1));
    }

    @Test
    void aReaderThatLeavesEarlyIsNoError() throws Exception {
        Files.write(newest(), IntStream.range(0, 50_000).mapToObj(n -> DayLines.line(LocalDate.parse("2025-12-11"), n)).toList());
        for (String option : List.of("--limit=49999", "--raw", "--json", "--reverse")) {
            Process process = Script.processBuilder(Map.of(), "logs", "--store", store.base(), option)
                    .redirectError(dir.resolve("err").toFile()).start();
            try (var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                out.readLine();
            }
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals("0 ", process.exitValue() + " " + Files.readString(dir.resolve("err")), option);
        }
    }

    @Test
    void whoFollowsAStoreWithoutDayFilesIsToldWhatIsWaitedFor() throws IOException {
        Store empty = Fixture.V3.empty(dir.resolve("empty"));
        assertEquals(List.of("logs: waiting for the first day file in " + empty.raw()), firstOfFollowing(empty, 1));
        delete(empty.raw());
        assertEquals(List.of("logs: cannot read the day files in " + empty.raw() + ": there is no such folder; waiting for it",
                "next: jbang setup@telemetry --store " + empty.base()), firstOfFollowing(empty, 2));
    }

    private static List<String> firstOfFollowing(Store store, int lines) throws IOException {
        Process process = Script.processBuilder(Map.of(), "logs", "--follow", "--store", store.base()).start();
        try {
            return process.errorReader().lines().limit(lines).toList();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void listShowsTheDays() throws IOException {
        archive();
        DayLines.append(store.raw().resolve("events_20251212.ndjson"), "?");
        Script list = logs("--list");
        assertEquals(List.of("day", "size", "lines", "runs", "archived", "damaged"),
                List.of(list.out().lines().findFirst().orElseThrow().split(" +")));
        assertEquals("2025-12-10 6 3 yes 0\n2025-12-11 13 5 yes 0\n2025-12-12 1 0 no 1", columns(list.out(), 0, 2, 3, 4, 5));
        assertEquals(1, list.exit());
        assertEquals(2, logs("--list", "--json").out().lines().filter(line -> line.contains("\"archived\": \"yes\"")).count());
        assertEquals(2, logs("--list", "2025-12-10").out().lines().count());
        assertEquals("2025-12-11\n2025-12-12", columns(logs("--list", "--limit", "2").out(), 0));
        assertEquals("2025-12-12\n2025-12-11", columns(logs("--list", "--limit", "2", "--reverse").out(), 0));
        for (String option : List.of("--agent=a", "--run=r", "--type=t", "--status=failed", "--grep=g", "--raw"))
            assertEquals("64 logs: --list counts whole days: without --raw, --agent, --run, --type, --status and --grep" + NL
            + "next: jbang logs@telemetry --help"
                    + NL, logs("--list", option).exit() + " " + logs("--list", option).err());
    }

    private Path newest() {
        return store.raw().resolve("events_20251211.ndjson");
    }

    private void archive() {
        DayLines.rest(store, Instant.now());
        Script archived = Script.run(new archive(), "--store", store.base(), "--older-than", "0d", "--yes");
        assertEquals(0, archived.exit(), archived.err());
    }

    private long count(Object... options) {
        return logs(options).out().lines().count();
    }

    private Script logs(Object... options) {
        var logs = new logs();
        logs.clock = Clock.fixed(NOW, ZoneOffset.UTC);
        return Script.run(logs, Stream.concat(Stream.of("--store", store.base()), Stream.of(options)).toArray());
    }

    /** Columns of a table, by their places. */
    private static String columns(String table, int... places) {
        return table.lines().skip(table.startsWith("day") ? 1 : 0)
                .map(line -> line.replaceAll("(\\d) (k?B)", "$1$2").replace("in part", "in-part").strip().split(" +"))
                .map(cells -> Arrays.stream(places).mapToObj(place -> cells[place]).collect(Collectors.joining(" ")))
                        .collect(Collectors.joining("\n"));
    }

    private static byte[] flipped(byte[] bytes, int at) {
        byte[] changed = bytes.clone();
        changed[at] ^= 0x20;
        return changed;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
