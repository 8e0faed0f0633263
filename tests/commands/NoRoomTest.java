import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Deed;
import telemetry.kit.Memory;
import telemetry.kit.Mounts;
import telemetry.kit.Script;
import telemetry.kit.Tally;
import telemetry.kit.Trial;
import telemetry.kit.Victim;

/** Each command that changes a store on a disk that is full but for so many pages. With room again, the same command does its work. */
@DisabledOnOs(OS.WINDOWS)
class NoRoomTest {
    private static final int PAGE = 4096;

    /** As much as commands ask for; what nothing is written to takes no memory. */
    private static final String ROOM = "8g";
    private static final int[] FREE = {0, 1, 2, 3, 5, 8, 9, 10, 12, 16, 20, 24, 30, 40, 50, 64, 80, 100, 130};

    @TempDir
    private Path dir;

    @TempDir(factory = Memory.class)
    private Path stores;

    private final Tally tally = new Tally();
    private Path disk;
    private Victim victim;

    @BeforeEach
    void start() throws Exception {
        disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, ROOM), "mounting a small file system is not permitted here");
        victim = new Victim(Map.of());
    }

    @AfterEach
    void stop() throws Exception {
        if (victim != null) victim.close();
        Mounts.unmount(disk);
        System.out.print(tally);
    }

    @Test
    void aLevelOfEveryThirdCommand() throws Exception {
        List<Deed> deeds = Deed.all();
        for (int n = 0; n < deeds.size(); n += 3) attempt(deeds.get(n), FREE[n * 7 % FREE.length]);
        assertEquals(List.of(), tally.wrong());
    }

    @Test
    @Tag("torture")
    void everyLevel() throws Exception {
        for (Deed deed : Deed.all()) attempt(deed, FREE);
        assertEquals("", String.join("\n", tally.wrong()));
    }

    private void attempt(Deed deed, int... levels) throws Exception {
        var trial = new Trial(deed, victim, Files.createTempDirectory(stores, "deed"));
        for (int pages : levels) {
            Store store = trial.fresh(Files.createDirectory(disk.resolve("s" + pages)));
            leave(pages);
            Script done = trial.run(store);
            List<String> problems = new ArrayList<>(trial.problems(done, store));
            assertTrue(Mounts.resize(disk, ROOM));
            problems.addAll(trial.again(store, victim.pid()));
            tally.add(deed, "full disk", problems, trial.told(pages + " pages free", problems, done));
        }
    }

    private void leave(int pages) throws Exception {
        FileStore store = Files.getFileStore(disk);
        assertTrue(Mounts.resize(disk, String.valueOf(store.getTotalSpace() - store.getUnallocatedSpace() + (long) pages * PAGE)));
    }
}
