import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.NoFolderSync;
import telemetry.kit.Script;

/** The file system does not sync folders. */
class FolderSyncTest {
    private static final int EIO = 5;
    private static final int EINVAL = 22;
    private static final int ENOTSUP = 95;

    @TempDir
    Path dir;

    private Map<String, String> env;
    private Store store;

    private Script run(String script, Object... args) throws Exception {
        return Script.runProcess(env, script, Stream.concat(Stream.of(args), Stream.of("--store", store.base())).toArray());
    }

    private void store(int errno) throws Exception {
        env = NoFolderSync.environment(dir, errno);
        store = Fixture.V3.filled(dir.resolve("store" + errno), 30, Instant.now().minus(Duration.ofDays(2)));
        DayLines.rest(store, Instant.now());
    }

    @Test
    void everyProcedureWorksAllTheSame() throws Exception {
        store(EINVAL);
        for (String[] command : new String[][] {{"track", "--self-test"}, {"backup"}, {"archive", "--older-than", "1d", "--yes"},
            {"rebuild", "--yes"}, {"backup", "restore", "latest", "--yes"}, {"prune", "runs", "--older-than", "3d", "--yes"},
            {"recover", "--yes"}}) {
            Script script = run(command[0], (Object[]) Arrays.copyOfRange(command, 1, command.length));
            assertTrue(script.exit() <= 1, List.of(command) + script.out() + script.err());
            assertFalse((script.out() + script.err()).contains("sync"), script.out() + script.err());
        }
        List<String> backups = Folder.names(store.backups());
        assertEquals(backups.stream().filter(name -> name.endsWith(".sqlite")).count() * 2, backups.size(), backups.toString());
    }

    @Test
    void theFirstLineOfTheDayIsWrittenWhateverTheErrorIs() throws Exception {
        for (int errno : new int[] {EINVAL, ENOTSUP, EIO}) {
            store(errno);
            Script track = run("track", "--self-test");
            assertEquals(0, track.exit(), track.out() + track.err());
            assertEquals("", track.err());
        }
    }

    @Test
    void noManifestIsLeftWithoutItsBackup() throws Exception {
        store(EIO);
        env = new HashMap<>(env);
        env.put("NO_NAME", ".sqlite");
        Script backup = run("backup");
        assertEquals(2, backup.exit(), backup.out() + backup.err());
        assertEquals(List.of(), Folder.names(store.backups()));
    }

    @Test
    void theInstallationIsToldOnce() throws Exception {
        store(EIO);
        Script validated = run("validate_installation");
        String said = validated.out().replaceAll("\\s+", " ");
        assertTrue(said.contains("the file system cannot sync the folder " + store.database().getParent() + ", " + store.raw()), said);
        assertEquals(said.indexOf("cannot sync"), said.lastIndexOf("cannot sync"), said);
        env = Map.of();
        assertFalse(run("validate_installation").out().contains("cannot sync"));
    }
}
