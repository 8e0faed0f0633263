import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Store;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Owners;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;

/** Root runs the toolkit on the store of the agents' account, and the agents go on. */
@Needs(Need.OWNERS)
class AccountTest {

    @TempDir
    Path dir;

    private Store store;
    private int stores;
    private final List<String> wrong = new ArrayList<>();

    private void agents(String folders) throws IOException {
        Owners.requireRoot();
        Path base = dir.resolve("store" + ++stores);
        store = Fixture.V3.filled(base, 120, Instant.now().minus(Duration.ofDays(2)));
        DayLines.rest(store, Instant.now());
        try (Stream<Path> all = Files.walk(base)) {
            for (Path path : all.toList()) Files.setPosixFilePermissions(path,
                    PosixFilePermissions.fromString(Files.isDirectory(path) ? folders : path.toString().contains(".ndjson") ? "rw-r-----"
                            : "rw-rw----"));
        }
        Owners.give(base);
    }

    /** Runs it, and looks at all that is there then. */
    private Script run(Callable<Integer> script, Object... args) throws Exception {
        Map<Path, Integer> before = Owners.modes(store.base());
        List<Object> all = new ArrayList<>(List.of(args));
        int end = all.contains("--") ? all.indexOf("--") : all.size();
        all.addAll(end, List.of("--store", store.base()));
        Script result = Script.run(script, all.toArray());
        String what = script.getClass().getSimpleName() + " " + List.of(args);
        if (result.exit() > 2) wrong.add(what + ": exit " + result.exit() + " " + result.err());
        for (String other : Owners.others(store.base())) wrong.add(what + ": " + other);
        Map<Path, Integer> now = Owners.modes(store.base());
        now.forEach((path, mode) -> {
            Integer above = now.get(path.getParent());
            if (before.containsKey(path) || above == null) return;
            boolean isBackup = path.getFileName().toString().startsWith("telemetry_backup_");
            if (isBackup) {
                if (mode != 0600) wrong.add(what + String.format(": %s %04o", path, mode));
                return;
            }
            boolean isDayFile = DayFile.of(path).isPresent();
            if (isDayFile ? mode != 0640 : ((mode ^ above) & 0020) != 0 && !path.startsWith(store.quarantine()) || (mode & 0002) != 0)
                wrong.add(what + String.format(": %s %04o in %04o", path, mode, above));
        });
        if (Files.exists(store.database())) {
            List<Path> used = new ArrayList<>(List.of(store.database(), store.raw(), store.database().getParent()));
            Path today = store.raw().resolve(DayFile.name(DayFile.dayOf(Instant.now())));
            if (Files.exists(today)) used.add(today);
            for (Path closed : Owners.closedToAgents(used)) wrong.add(what + ": the agents may not use " + closed);
        }
        return result;
    }

    private void assertNothingWrong() {
        assertEquals(List.of(), wrong);
    }

    @Test
    void everydayCommandsLeaveNothingOfRoots() throws Exception {
        for (String folders : List.of("rwxr-xr-x", "rwxrwxr-x", "rwxrwx---")) {
            agents(folders);
            run(new health());
            run(new health(), "--record");
            run(new health(), "--alert", "true");
            run(new health(), "--acknowledge", "tested");
            run(new query(), "count");
            run(new logs(), "--list");
            run(new locks());
            run(new track(), "--self-test");
            run(new track(), "--agent", "a", "--job", "j", "--", "true");
            run(new backup());
            run(new backup(), "--compress");
            run(new backup(), "list");
            run(new backup(), "verify");
            run(new prune(), "runs", "--older-than", "4d", "--yes");
            run(new prune(), "stale", "--older-than", "1d", "--yes");
            run(new maintain(), "weekly", "--yes");
            run(new validate_installation());
        }
        assertNothingWrong();
    }

    @Test
    void archivesAndWhatComesBackFromThemAreTheAgents() throws Exception {
        for (String folders : List.of("rwxr-xr-x", "rwxrwxr-x")) {
            agents(folders);
            String day = new telemetry.EventLog(store).raw().get(0).day().toString();
            run(new archive(), "--older-than", "1d", "--yes");
            run(new archive(), "list");
            run(new archive(), "verify", "--all");
            assertEquals(0, run(new archive(), "restore", day).exit());
            run(new archive(), "expire", "--older-than", "4d", "--yes");
        }
        assertNothingWrong();
    }

    @Test
    void aDatabaseThatIsPutInPlaceIsAsTheOneThatItReplaces() throws Exception {
        for (String folders : List.of("rwxr-xr-x", "rwxrwxr-x")) {
            agents(folders);
            assertMade(new rebuild(), "--yes");
            assertEquals(0, run(new backup()).exit());
            assertMade(new backup(), "restore", "latest", "--yes");
            run(new backup(), "restore", "latest", "--dry-run");
            damage();
            assertMade(new backup(), "restore", "latest", "--yes");
            damage();
            assertMade(new recover(), "--yes");
            damage();
            assertMade(new rebuild(), "--yes");
            Sabotage.withoutIndex(store.database(), "idx_runs_agent", "UPDATE agent_runs SET agent_name = 'other'");
            assertMade(new recover(), "--yes");
            run(new recover(), "quarantine");
            run(new recover(), "expire", "--older-than", "0d", "--yes");
        }
        assertNothingWrong();
    }

    private void damage() throws IOException {
        Sabotage.delete(Path.of(store.database() + "-none"));
        try (var channel = java.nio.channels.FileChannel.open(store.database(), StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.allocate(4096), 0);
        }
    }

    private void assertMade(Callable<Integer> script, Object... args) throws Exception {
        Script made = run(script, args);
        assertTrue(made.exit() <= 1, made.out() + made.err());
        assertEquals(0660, Owners.modes(store.base()).get(store.database()), script.getClass() + " " + List.of(args));
    }

    @Test
    void aNewDatabaseIsAsItsFolder() throws Exception {
        for (String folders : List.of("rwxr-xr-x", "rwxrwxr-x")) {
            int expected = folders.equals("rwxr-xr-x") ? 0644 : 0664;
            agents(folders);
            run(new backup());
            for (Object[] way : new Object[][] {{new rebuild(), "--yes"}, {new recover(), "--yes"}, {new backup(), "restore", "latest",
                "--yes"}}) {
                Sabotage.delete(store.database());
                run((Callable<Integer>) script(way[0]), java.util.Arrays.copyOfRange(way, 1, way.length));
                assertEquals(expected, Owners.modes(store.base()).get(store.database()), String.valueOf(way[0]));
                Sabotage.delete(store.database());
                Files.delete(store.database().getParent());
                run((Callable<Integer>) script(way[0]), java.util.Arrays.copyOfRange(way, 1, way.length));
            }
        }
        assertNothingWrong();
    }

    /** Whoever runs it, and whatever the umask is. */
    @Test
    void whatIsNewIsWritableForTheGroupWhereItsFolderIs() throws Exception {
        for (String folders : List.of("rwxr-xr-x", "rwxrwxr-x", "rwx------")) {
            Path base = dir.resolve(folders);
            store = Fixture.V3.filled(base, 3, Instant.now().minus(Duration.ofDays(3)));
            DayLines.rest(store, Instant.now());
            try (Stream<Path> all = Files.walk(base)) {
                for (Path path : all.filter(Files::isDirectory).toList())
                    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(folders));
            }
            for (Callable<Integer> script : List.of(new backup(), new setup())) Script.run(script, "--store", base);
            Script.run(new archive(), "--older-than", "1d", "--yes", "--store", base);
            Script.run(new prune(), "runs", "--older-than", "1d", "--yes", "--store", base);
            int group = folders.equals("rwxrwxr-x") ? 0020 : 0;
            Owners.modes(base).forEach((path, mode) -> {
                if (DayFile.of(path).isPresent()) return;
                boolean isBackup = path.getFileName().toString().startsWith("telemetry_backup_");
                assertEquals(isBackup ? 0 : path.startsWith(store.archive()) || path.startsWith(store.base().resolve("pruned.ndjson"))
                        || path.startsWith(store.reports()) ? group : mode & 0020, mode & 0020, path + String.format(" %04o", mode));
                assertEquals(0, mode & 0002, path.toString());
            });
        }
    }

    /** picocli reads the options of one start into one object. */
    private static Callable<Integer> script(Object like) throws ReflectiveOperationException {
        return (Callable<Integer>) like.getClass().getDeclaredConstructor().newInstance();
    }

    @Test
    void whatSetupAndMeasurementsMakeIsTheAgents() throws Exception {
        agents("rwxrwxr-x");
        run(new setup());
        run(new setup(), "--sample", "--runs", "50", "--yes");
        run(new measure_performance(), "--runs", "5");
        run(new measure_performance(), "--apply-indexes", "--yes");
        run(new measure_performance(), "--vacuum", "--yes");
        run(new measure_performance(), "--history");
        assertNothingWrong();
    }

    @Test
    void theLogThatSqliteMakesForRootIsTheAgents() throws Exception {
        agents("rwxrwxr-x");
        try (Database open = Database.open(store.database())) {
            open.update("UPDATE agent_runs SET host = 'h'");
            assertEquals(List.of(), Owners.others(store.base()));
        }
    }

    /** As on a share that turns root into nobody. */
    @Test
    void whatCannotBeGivenAwayIsSaidOnceAndNoSuccess() throws Exception {
        agents("rwxr-xr-x");
        List<String> command = new ArrayList<>(List.of("setpriv", "--bounding-set", "-chown"));
        command.addAll(Script.processBuilder(Map.of(), "backup", "--store", store.base()).command());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(1, process.waitFor(), said);
        assertEquals(1, said.lines().filter(line -> line.startsWith("backup: the file system does not give ")).count(), said);
    }

    /** The store's account may be hostile: what root gives away is what root made. */
    @Test
    void aFileOfAnotherNameIsNotGivenAway() throws Exception {
        agents("rwxr-xr-x");
        Path other = Files.writeString(dir.resolve("secret"), "x");
        Path today = store.raw().resolve(DayFile.name(DayFile.dayOf(Instant.now())));
        Files.deleteIfExists(today);
        Files.createSymbolicLink(today, dir.resolve("nowhere"));
        run(new track(), "--self-test");
        assertTrue(Files.notExists(dir.resolve("nowhere")), "the line went where the link leads");
        assertEquals(0, Files.getAttribute(other, "unix:uid"));
    }
}
