import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.alert.HealthLog;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.measure.PerformanceHistory;
import telemetry.os.Sha256;
import telemetry.store.KnownLosses;
import telemetry.store.Pruned;
import telemetry.text.Notes;

/** The toolkit's own lists, cut at every byte of their last line, and in forms that nobody wrote. */
class TornListsTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    /** What was said since it was last asked. */
    private final List<String> said = new ArrayList<>();

    @Test
    void ofKnownLossesOnlyTheLineThatIsCutShortIsSkipped() throws IOException {
        Store store = Fixture.V3.empty(dir);
        KnownLosses known = KnownLosses.of(store);
        known.add(List.of(LocalDate.of(2026, 11, 1)), "disk", NOON);
        known.add(List.of(LocalDate.of(2026, 11, 2), LocalDate.of(2026, 11, 3)), "disk", NOON);
        cut(store.reports().resolve("known-losses.ndjson"), () -> {
            KnownLosses read = KnownLosses.of(store);
            return (int) Stream.of(1, 2, 3).filter(day -> read.contains(LocalDate.of(2026, 11, day))).count();
        }, 1, 3);
    }

    @Test
    void ofTheRecordedHealthOnlyTheLineThatIsCutShortIsSkipped() throws IOException {
        Store store = Fixture.V3.filled(dir, 6, NOON);
        for (int n = 0; n < 2; n++) Script.run(new health(), "--store", dir, "--record", "--quick");
        cut(store.reports().resolve("health.ndjson"), () -> new HealthLog(store).since(Instant.EPOCH).size(), 1, 2);
    }

    @Test
    void ofTheMeasurementsOnlyTheLineThatIsCutShortIsSkipped() throws IOException {
        Store store = Fixture.V3.empty(dir);
        for (int n = 0; n < 2; n++) new PerformanceHistory(store).add(Map.of("time", NOON, "runs", n));
        cut(store.reports().resolve("performance.ndjson"), () -> new PerformanceHistory(store).data().size(), 1, 2);
    }

    @Test
    void ofThePrunedRunsOnlyTheLineThatIsCutShortIsSkipped() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Pruned.of(store).add(List.of("one", "two"), NOON);
        Path list = dir.resolve("pruned.ndjson");
        cut(list, () -> Pruned.of(store).size(), 1, 2);
        Files.writeString(list, Files.readAllLines(list).get(0).substring(0, 10));
        assertTrue(Pruned.of(store).isEmpty(), "the first line of all was never acknowledged");
    }

    @Test
    void aLineThatIsGluedToOneCutShortIsRead() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Notes.begin(said::add);
        Files.writeString(dir.resolve("pruned.ndjson"), "{\"run_id\":\"o" + "\0".repeat(5_000)
                + "{\"run_id\":\"two\",\"pruned_at\":\"2026-11-20T12:00:00Z\"}\n"
                + "[1]\n{\"id\":3}\n\uFEFF{\"run_id\":\"three\",\"pruned_at\":\"2026-11-20T12:00:00Z\"}");
        Pruned pruned = Pruned.of(store);
        assertTrue(pruned.size() == 2 && pruned.contains("two") && pruned.contains("three"), said.toString());
        assertEquals(3, said.size(), said.toString());
        assertTrue(said.get(0).startsWith("skipped 5012 bytes of " + dir.resolve("pruned.ndjson") + " at byte 0: no JSON"),
                said.toString());
        assertEquals("skipped 3 bytes of " + dir.resolve("pruned.ndjson") + " at byte 5064: no object", said.get(1));
    }

    @Test
    void commandsSayWhereAListIsCutShortAndGoOn() throws IOException {
        Store store = Fixture.V3.filled(dir, 48, NOON);
        try (Stream<Path> days = Files.list(store.raw())) {
            for (Path day : days.toList()) Files.setLastModifiedTime(day, FileTime.from(NOON.minus(Duration.ofDays(1))));
        }
        at(new archive(), "--older-than", "1d", "--yes");
        at(new backup());
        BackupTest.flip(store.backups().resolve("telemetry_backup_20261120_120000.sqlite"), 8 * 5_000);
        at(new backup(), "verify");
        Path archived = store.archive().resolve("manifest.ndjson");
        Path backups = store.reports().resolve("backups.ndjson");
        for (Path list : List.of(archived, backups))
            Files.writeString(list, "{\"file\":\"x\",\"backup\":\"x\",\"removed\":\"x\"}\n" + Files.readString(list));
        cutSaid(archived, () -> at(new archive(), "list"));
        cutSaid(backups, () -> at(new backup(), "list"));
    }

    @Test
    void aBackupsManifestThatIsCutShortIsNoProofAndSaid() throws IOException {
        Store store = Fixture.V3.filled(dir, 6, NOON);
        at(new backup());
        Path manifest = store.backups().resolve("telemetry_backup_20261120_120000.sqlite.manifest.json");
        byte[] whole = Files.readAllBytes(manifest);
        for (int length = 0; length < whole.length - 1; length += length > whole.length - 100 ? 1 : 23) {
            Files.write(manifest, Arrays.copyOf(whole, length));
            Script listed = at(new backup(), "list");
            assertTrue(listed.exit() < 3 && listed.err().contains("torn at byte " + length), length + ": " + listed);
        }
    }

    /** What is not in the list any more is looked into once more; nothing stops. */
    @Test
    void theMarkOfARecoveryThatIsCutShortStopsNone() throws IOException {
        Store store = Fixture.V3.filled(dir, 6, NOON);
        Files.createDirectories(store.quarantine().resolve("restore-20261101_120000"));
        Path mark = store.quarantine().resolve("recover-20261120_110000.unfinished");
        Files.writeString(mark, "recover-20261001_120000\nrestore-20261101_120000\n");
        cutSaid(mark, () -> at(new recover(), "--dry-run"));
        Files.write(mark, new byte[] {(byte) 0xff, (byte) 0xfe, 'r', 0, '\n', 0, '\n'});
        Script recovered = at(new recover(), "--yes");
        assertTrue(recovered.exit() < 2 && recovered.err().contains(mark + " at byte 0: no whole name"), recovered.toString());
    }

    @Test
    void aRestoreReadsTheListOfPrunedRunsBeforeItPutsAnythingInPlace() throws IOException {
        Store store = Fixture.V3.filled(dir, 48, NOON);
        at(new backup());
        at(new prune(), "runs", "--older-than", "1d", "--yes");
        Path list = dir.resolve("pruned.ndjson");
        String lines = Files.readString(list);
        Object left = runs(store);
        Files.write(list, ("\uFEFF" + lines).getBytes(StandardCharsets.UTF_16LE));
        String before = Sha256.of(store.database(), bytes -> { });
        for (String[] command : new String[][] {{"--restore", "latest", "--yes"}, {"--restore", "latest", "--yes", "--no-replay"},
                {"--restore", "latest", "--dry-run"}}) {
            Script refused = at(new backup(), command);
            assertTrue(refused.exit() == 2 && refused.err().contains(list + ": not one of its lines can be read"), refused.toString());
            assertEquals(before, Sha256.of(store.database(), bytes -> { }));
        }
        Sabotage.damage(store, "garbage");
        Script recover = at(new recover(), "--yes");
        assertTrue(recover.exit() == 2 && recover.err().contains("not one of its lines can be read"), recover.toString());
        assertFalse(Files.exists(store.quarantine()), "nothing was begun");
        Files.writeString(list, lines + "{\"run_id\":\"202611");
        Script restored = at(new backup(), "--restore", "latest", "--yes");
        assertTrue(restored.exit() < 2 && restored.err().contains("of " + list + " at byte " + lines.length() + ": no newline"),
                restored.toString());
        assertEquals(left, runs(store), "what was pruned stays so");
    }

    /** What is no list, or says nothing, can be put there by whoever can delete the list: it keeps nothing from its work. */
    @Test
    void whatIsNoListOfPrunedRunsStopsNoRecovery() throws Exception {
        for (String form : List.of("folder", "pipe", "nested")) {
            Path base = dir.resolve(form);
            Store store = Fixture.V3.filled(base, 12, NOON);
            Script.run(new backup(), "--store", base);
            Path list = base.resolve("pruned.ndjson");
            if (form.equals("nested")) Files.writeString(list, "{\"run_id\":" + "[".repeat(100_000) + "\n");
            else make(list, form);
            String said = form.equals("nested") ? "not one line of " + list + " says anything" : list + " is no plain file";
            for (Script done : List.of(Script.run(new rebuild(), "--store", base, "--yes"),
                    Script.run(new recover(), "--store", base, "--yes"),
                    Script.run(new backup(), "--restore", "latest", "--yes", "--store", base),
                    Script.run(new prune(), "stale", "--older-than", "1h", "--yes", "--store", base)))
                assertTrue(done.exit() == 1 && done.err().contains(said), form + ": " + done);
            assertTrue(Files.isRegularFile(list) && Pruned.of(store).cancelled().size() > 0, form);
            if (form.equals("nested")) continue;
            try (Stream<Path> quarantine = Files.list(store.quarantine())) {
                Path aside = quarantine.filter(one -> one.getFileName().toString().startsWith("pruned-")).findFirst().orElseThrow();
                assertFalse(Files.isRegularFile(aside.resolve("pruned.ndjson")));
            }
            assertTrue(Script.run(new recover(), "quarantine", "--store", base).exit() <= 2);
        }
    }

    @Test
    void theToolkitsOwnRecordsAreWrittenInAscii() throws IOException {
        Store store = Fixture.V3.filled(dir, 12, NOON);
        Pruned.of(store).add(List.of("R\u00fcn \u56fe \ud83d\ude00"), NOON);
        assertTrue(Pruned.of(store).contains("R\u00fcn \u56fe \ud83d\ude00"));
        try (Database database = Database.open(store.database())) {
            database.execute("CREATE TABLE \"\u56fe\" (x)");
        }
        Script.run(new backup(), "--store", dir);
        Script.run(new health(), "--store", dir, "--record");
        assertEquals(0, Script.run(new backup(), "verify", "--store", dir).exit());
        try (Stream<Path> all = Files.walk(dir)) {
            for (Path file : all.filter(one -> one.toString().matches(".*(manifest\\.json|pruned\\.ndjson|health\\.ndjson)")).toList())
                for (byte b : Files.readAllBytes(file)) assertTrue(b >= 0, file.toString());
        }
    }

    @Test
    void noFormOfAListStopsALook() throws Exception {
        for (String form : List.of("utf-16", "zeros", "long", "folder", "pipe", "empty")) {
            Path base = dir.resolve(form);
            Store store = Fixture.V3.filled(base, 12, NOON);
            Script.run(new backup(), "--store", base);
            Script.run(new health(), "--store", base, "--record");
            Files.createDirectories(store.archive());
            Path quarantined = Files.createDirectories(store.quarantine().resolve("rebuild-20261120_120000")).resolve("lines.ndjson");
            for (Path file : List.of(store.reports().resolve("health.ndjson"), store.reports().resolve("performance.ndjson"), quarantined,
                    store.reports().resolve("backups.ndjson"), store.reports().resolve("known-losses.ndjson"),
                    store.archive().resolve("manifest.ndjson"))) make(file, form);
            look(new health(), base);
            look(new maintain(), base, "weekly");
            look(new recover(), base, "--dry-run");
            look(new recover(), base, "quarantine");
            look(new backup(), base, "list");
            look(new archive(), base, "list");
            look(new query(), base, "recent");
            make(base.resolve("pruned.ndjson"), form);
            look(new health(), base);
            look(new recover(), base, "--dry-run");
            look(new prune(), base, "runs", "--older-than", "1d", "--dry-run");
        }
    }

    private static Object runs(Store store) {
        return Sql.rows(store, "SELECT count(*) AS n FROM agent_runs").get(0).get("n");
    }

    private void look(java.util.concurrent.Callable<Integer> script, Path base, String... words) {
        List<Object> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--store", base));
        Script looked = assertTimeoutPreemptively(Duration.ofSeconds(30), () -> Script.run(script, arguments.toArray()), base + " "
                + script);
        assertTrue(looked.exit() <= 3, base + " " + arguments + ": " + looked);
    }

    private static void make(Path file, String form) throws Exception {
        switch (form) {
            case "utf-16" -> Files.write(file, "\uFEFF{\"time\":\"2026-11-20T12:00:00Z\"}\r\n{}\r\n".getBytes(StandardCharsets.UTF_16LE));
            case "zeros", "long" -> {
                Files.writeString(file, form.equals("long") ? "{\"time\":\"" : "\0");
                try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
                    sparse.setLength(200_000_000);
                }
            }
            case "folder" -> {
                Files.deleteIfExists(file);
                Files.createDirectory(file);
            }
            case "pipe" -> {
                Files.deleteIfExists(file);
                assumeTrue(!System.getProperty("os.name").startsWith("Windows"), "Windows has no pipes among files");
                assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
            }
            default -> Files.write(file, new byte[0]);
        }
    }

    /** Cuts a list of two lines at each byte of the second, which is skipped and said until all of it but its newline is there. */
    private void cut(Path file, IntSupplier read, int without, int with) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        int start = new String(whole, StandardCharsets.ISO_8859_1).indexOf('\n') + 1;
        for (int length = start; length <= whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            said.clear();
            Notes.begin(said::add);
            assertEquals(length < whole.length - 1 ? without : with, read.getAsInt(), "cut at byte " + length);
            if (length == start || length >= whole.length - 1) assertEquals(List.of(), said);
            else assertTrue(said.size() == 1 && said.get(0).startsWith("skipped " + (length - start) + " byte")
                    && said.get(0).contains(" of " + file + " at byte " + start + ": "), length + ": " + said);
        }
        Files.write(file, Arrays.copyOf(whole, start + 5));
        Files.writeString(file, "\n" + new String(whole, start, whole.length - start, StandardCharsets.UTF_8), StandardOpenOption.APPEND);
        assertEquals(with, read.getAsInt(), "what was added later counts");
    }

    private void cutSaid(Path file, java.util.function.Supplier<Script> command) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        int start = new String(whole, 0, whole.length - 1, StandardCharsets.ISO_8859_1).lastIndexOf('\n') + 1;
        assertNotEquals(0, start);
        for (int length = start + 1; length < whole.length - 1; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            Script script = command.get();
            String place = " of " + file + " at byte " + start + ": ";
            assertTrue(script.exit() < 3 && script.err().contains(place), length + ": " + script);
            assertEquals(script.err().indexOf(place), script.err().lastIndexOf(place), "said once: " + script);
        }
        Files.write(file, whole);
    }

    private Script at(telemetry.cli.Procedure script, Object... words) {
        script.clock = Clock.fixed(NOON, ZoneOffset.UTC);
        List<Object> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--store", dir));
        return Script.run(script, arguments.toArray());
    }
}
