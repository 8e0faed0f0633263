import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.Store;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Owners;
import telemetry.kit.Script;

/** What a hostile agent puts in the place of the toolkit's own files, before root runs a command. */
@Needs(Need.OWNERS)
class PlantedTest {
    private static final List<String> TARGETS = List.of("old", "new", "dir");

    @TempDir
    Path dir;

    private Path victim;
    private Store store;
    private int stores;

    @BeforeEach
    void make() throws IOException {
        victim = Files.createDirectory(dir.resolve("victim"));
        Files.writeString(victim.resolve("old"), "root's own\n");
        Files.createDirectory(victim.resolve("dir"));
        for (String name : List.of("events_20250101.ndjson", ".lock", "manifest.ndjson"))
            Files.writeString(victim.resolve("dir/" + name), "root's\n");
    }

    private void agents() throws IOException {
        store = Fixture.V3.filled(dir.resolve("s" + ++stores), 30, Instant.now().minus(Duration.ofDays(2)));
        DayLines.rest(store, Instant.now().minus(Duration.ofDays(3)));
    }

    private Script run(Callable<Integer> script, Object... args) {
        List<Object> all = new ArrayList<>(List.of(args));
        int end = all.contains("--") ? all.indexOf("--") : all.size();
        all.addAll(end, List.of("--store", store.base()));
        return Script.run(script, all.toArray());
    }

    /** Content, owner and mode of all that is root's. */
    private Map<String, String> state() throws IOException {
        Map<String, String> state = new TreeMap<>();
        try (Stream<Path> all = Files.walk(victim)) {
            for (Path path : all.toList()) {
                Map<String, Object> its = new TreeMap<>(Files.readAttributes(path, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS));
                its.put("content", Files.isRegularFile(path) ? Files.readString(path) : "");
                state.put(path.toString(), its.toString());
            }
        }
        return state;
    }

    /** A command that makes, opens, replaces or deletes what has this name in a store. */
    private record Attacked(String name, Supplier<Callable<Integer>> script, Object... args) {
        boolean isFile() {
            return name.contains(".") && !name.endsWith(".unfinished") || name.equals("reserve");
        }

        @Override
        public String toString() {
            return name + " " + List.of(args);
        }
    }

    private static List<Attacked> attacked() {
        String today = DayFile.name(DayFile.dayOf(Instant.now()));
        return List.of(new Attacked("raw/" + today, track::new, "--agent", "a", "--job", "j", "--", "true"),
                new Attacked("raw/" + today, track::new, "--self-test"),
                new Attacked("raw/sample.unfinished", setup::new),
                new Attacked("raw/sample.unfinished", setup::new, "--sample", "--runs", "5", "--yes"),
                new Attacked("reports", health::new, "--quick", "--record"),
                new Attacked("reports/health.ndjson", health::new, "--quick", "--record"),
                new Attacked("archive", archive::new, "--older-than", "1d", "--yes"),
                new Attacked("archive/.lock", archive::new, "--older-than", "1d", "--yes"),
                new Attacked("archive/manifest.ndjson", archive::new, "--older-than", "1d", "--yes"),
                new Attacked("reserve", setup::new),
                new Attacked("pruned.ndjson", prune::new, "runs", "--older-than", "3d", "--yes"),
                new Attacked("backups", backup::new),
                new Attacked("quarantine", rebuild::new, "--yes"),
                new Attacked("quarantine/.lock", rebuild::new, "--yes"),
                new Attacked("db/telemetry.sqlite", rebuild::new, "--yes"),
                new Attacked("db/telemetry.sqlite", recover::new, "--yes"),
                new Attacked("db/telemetry.sqlite-journal", rebuild::new, "--yes"),
                new Attacked("db", rebuild::new, "--yes"),
                new Attacked("raw", track::new, "--agent", "a", "--job", "j", "--", "true"));
    }

    /** Nothing outside the store is made, written to, deleted or given away. */
    @Test
    void rootFollowsNoLinkThatIsPlanted() throws Exception {
        Owners.requireRoot();
        Map<String, String> before = state();
        for (Attacked one : attacked()) for (String target : TARGETS) {
            if (target.equals("dir") == one.isFile()) continue;
            agents();
            Path name = store.base().resolve(one.name);
            if (Files.isDirectory(name)) Files.move(name, dir.resolve("away" + stores));
            Files.createDirectories(name.getParent());
            Files.deleteIfExists(name);
            Files.createSymbolicLink(name, victim.resolve(target));
            Owners.give(store.base());
            Script script = run(one.script.get(), one.args);
            assertEquals(before, state(), one + " -> " + target + ": " + script);
            assertTrue(script.exit() <= 3, script.toString());
        }
    }

    /** A second name of root's file, where the kernel lets others give it one. */
    @Test
    void rootWritesToNoSecondNameThatIsPlanted() throws Exception {
        Owners.requireRoot();
        for (Attacked one : attacked()) {
            agents();
            Path name = store.base().resolve(one.name);
            if (Files.isDirectory(name) || List.of("archive", "reports", "backups", "quarantine").contains(one.name)) continue;
            Files.createDirectories(name.getParent());
            Files.deleteIfExists(name);
            Owners.give(store.base());
            Map<String, String> without = state();
            Files.createLink(name, victim.resolve("old"));
            Script script = run(one.script.get(), one.args);
            if (Files.exists(name, LinkOption.NOFOLLOW_LINKS)) Files.delete(name);
            assertEquals(without, state(), one + ": " + script);
            assertTrue(script.exit() <= 3, script.toString());
        }
    }

    /** An error at once. */
    @Test
    void aFifoHoldsNobodyUp() throws Exception {
        assumeTrue(dir.getFileSystem().supportedFileAttributeViews().contains("unix"), "Windows has no FIFOs");
        for (Attacked one : attacked()) {
            agents();
            Path name = store.base().resolve(one.name);
            if (Files.isDirectory(name)) Files.move(name, dir.resolve("away" + stores));
            Files.createDirectories(name.getParent());
            Files.deleteIfExists(name);
            assumeTrue(new ProcessBuilder("mkfifo", name.toString()).start().waitFor() == 0, "no mkfifo here");
            if (System.getProperty("user.name").equals("root")) Owners.give(store.base());
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
                Script script = run(one.script.get(), one.args);
                assertTrue(script.exit() <= 3, one + ": " + script);
            }, one::toString);
        }
    }

    /** Of all backups that are listed; root's own ones, and one whose manifest is a FIFO. */
    @Test
    void aFifoAmongTheBackupsHoldsNobodyUp() throws Exception {
        agents();
        assertEquals(0, run(new backup()).exit());
        Path manifest;
        try (Stream<Path> all = Files.list(store.backups())) {
            manifest = all.filter(path -> path.toString().endsWith(".manifest.json")).findFirst().orElseThrow();
        }
        Files.delete(manifest);
        assumeTrue(new ProcessBuilder("mkfifo", manifest.toString()).start().waitFor() == 0, "no mkfifo here");
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            for (String what : List.of("list", "verify", "expire")) assertTrue(run(new backup(), what).exit() <= 3, what);
        });
        Files.move(store.backups(), dir.resolve("away"));
        assumeTrue(new ProcessBuilder("mkfifo", store.backups().toString()).start().waitFor() == 0, "no mkfifo here");
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (String what : List.of("list", "verify", "expire", "make")) assertTrue(run(new backup(), what).exit() <= 64, what);
            assertTrue(run(new backup()).exit() <= 3);
            assertTrue(run(new recover(), "--dry-run").exit() <= 3);
            assertTrue(run(new health(), "--quick").exit() <= 3);
        });
    }
}
