package telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Mounts;
import telemetry.kit.Script;
import telemetry.os.Machine;

@Tag("system")
class StoreTest {
    @TempDir
    Path dir;

    @Test
    void theFolderOfTheOptionWinsAndIgnoresTheEnvironment() {
        Store store = Store.at(dir.resolve("x/../s"));
        assertEquals(dir.resolve("s"), store.base());
        assertEquals(dir.resolve("s/db/telemetry.sqlite"), store.database());
        assertEquals(dir.resolve("s/raw"), store.raw());
        assertEquals("--store", store.rule());
    }

    @Test
    void theFirstVariableThatIsSetNamesTheStore() {
        var env = new HashMap<>(Map.of("TELEMETRY_DB_PATH", dir + "/a/db/runs.sqlite",
                "TELEMETRY_BASE_DIR", dir + "/b", "AGENT_METRICS_DIR", dir + "/c"));
        Store byDatabase = Store.fromEnv(env, dir);
        assertEquals(new Store(dir.resolve("a"), dir.resolve("a/db/runs.sqlite"), dir.resolve("a/raw"), "TELEMETRY_DB_PATH"), byDatabase);
        env.remove("TELEMETRY_DB_PATH");
        assertEquals("TELEMETRY_BASE_DIR", Store.fromEnv(env, dir).rule());
        assertEquals(dir.resolve("b"), Store.fromEnv(env, dir).base());
        env.put("TELEMETRY_BASE_DIR", " ");
        assertEquals("AGENT_METRICS_DIR", Store.fromEnv(env, dir).rule());
        assertEquals(dir.resolve("c/raw"), Store.fromEnv(env, dir).raw());
    }

    @Test
    void theDayFilesMayStandElsewhere() {
        Store store = Store.fromEnv(Map.of("AGENT_METRICS_DIR", dir + "/c", "TELEMETRY_NDJSON_DIR", dir + "/lines"), dir);
        assertEquals(dir.resolve("lines"), store.raw());
        assertEquals(dir.resolve("c/db/telemetry.sqlite"), store.database());
    }

    @Test
    void withoutAVariableItIsAUsualPlaceOrTheHome() {
        Store store = Store.fromEnv(Map.of(), dir);
        boolean usual = Files.isDirectory(Path.of("/agent-metrics")) || Files.isDirectory(Path.of("/opt/telemetry"))
                || Files.isDirectory(Path.of("/data/telemetry"));
        if (usual) assertEquals("first usual place that exists", store.rule());
        else assertEquals(new Store(dir.resolve(".telemetry"), dir.resolve(".telemetry/db/telemetry.sqlite"),
                dir.resolve(".telemetry/raw"), "default"), store);
    }

    @Test
    void aDatabaseWithoutParentsStillHasABase() {
        assertEquals(Path.of("/").toAbsolutePath(), Store.fromEnv(Map.of("TELEMETRY_DB_PATH", "/telemetry.sqlite"), dir).base());
    }

    /** As in a container: {@code /data} is a volume. */
    @Test
    void aDatabaseInTheRootOfAVolumeHasItsStoreThere() throws Exception {
        for (String folder : Machine.isWindows() ? List.of("/data") : List.of("/data", "/db"))
            assertEquals(Path.of(folder).toAbsolutePath(), Store.fromEnv(Map.of("TELEMETRY_DB_PATH", folder + "/telemetry.sqlite"), dir).base());
        assertEquals(Path.of("/srv").toAbsolutePath(), Store.fromEnv(Map.of("TELEMETRY_DB_PATH", "/srv/none/telemetry.sqlite"), dir).base());
        Path volume = Files.createDirectories(dir.resolve("a volume"));
        Path usual = Files.createDirectories(dir.resolve("store/db"));
        var env = Map.of("TELEMETRY_DB_PATH", volume + "/telemetry.sqlite");
        assertEquals(dir, Store.fromEnv(env, dir).base());
        assumeTrue(Mounts.tmpfs(volume, "1m") && Mounts.tmpfs(usual, "1m"), "this user may not mount");
        try {
            assertEquals(new Store(volume, volume.resolve("telemetry.sqlite"), volume.resolve("raw"), "TELEMETRY_DB_PATH"),
                    Store.fromEnv(env, dir));
            assertEquals(dir.resolve("store"), Store.fromEnv(Map.of("TELEMETRY_DB_PATH", usual + "/telemetry.sqlite"), dir).base());
        } finally {
            Mounts.unmount(volume);
            Mounts.unmount(usual);
        }
    }

    @Test
    void aMissingStoreThatSomebodyNamedMayHaveBeenMoved() {
        Store store = Store.at(dir.resolve("none"));
        assertTrue(store.isMissing());
        StoreException e = assertThrows(StoreException.class, store::orThrow);
        assertEquals(StoreException.Reason.MISSING, e.reason());
        assertEquals("cannot use the store " + dir.resolve("none")
                + ": there is none (named by --store); was it moved? Then name its folder with --store. recover --from DIR brings it "
                + "back from "
                + "backups elsewhere; setup makes a new, empty one", e.getMessage());
        Store named = Store.fromEnv(Map.of("TELEMETRY_BASE_DIR", dir + "/gone"), dir);
        assertEquals("there is no store: TELEMETRY_BASE_DIR names " + dir.resolve("gone")
                + ", which is not there: was the store moved? Then name its folder in "
                + "TELEMETRY_BASE_DIR", named.absence());
        assertEquals("recover --from DIR brings it back from backups elsewhere; setup makes a new, empty one", named.anew().toString());
        assertFalse(Store.at(dir).isMissing());
    }

    @Test
    void whereNobodyNamedAStoreAMissingOneIsMade() {
        Store store = new Store(dir.resolve(".telemetry"), dir.resolve(".telemetry/db/telemetry.sqlite"), dir.resolve(".telemetry/raw"),
                "default");
        assertEquals("cannot use the store " + store.base() + ": there is none (named by default)" + System.lineSeparator()
                + "next: jbang setup@telemetry", assertThrows(StoreException.class, store::orThrow).getMessage());
        assertEquals("there is no store: " + store.base() + " does not exist", store.absence());
    }

    @Test
    void aFileInTheFoldersPlaceIsNoStoreAndNoLackOfPermission() throws IOException {
        Path file = Files.createFile(dir.resolve("notes.txt"));
        StoreException e = assertThrows(StoreException.class, Store.at(file)::orThrow);
        assertEquals(StoreException.Reason.MISSING, e.reason());
        assertEquals("cannot use the store " + file
                + ": it is a file, and a store is a folder (named by --store); name the store's folder with --store DIR",
                e.getMessage());
    }

    @Test
    void whoNamesTheDatabaseIsToldItsStore() throws IOException {
        Path file = Files.createFile(Files.createDirectories(dir.resolve("my store/db")).resolve("telemetry.sqlite"));
        StoreException e = assertThrows(StoreException.class, Store.at(file)::orThrow);
        assertTrue(e.getMessage().endsWith("; name the store's folder with --store " + Script.quoted(dir.resolve("my store"))),
                e.getMessage());
    }

    @Test
    void theNextCommandCanBePastedWhateverTheFolderIsCalled() {
        assertEquals("next: jbang health@telemetry --store " + Script.quoted(dir.resolve("my store")),
                Store.at(dir.resolve("my store")).command("health").line());
    }
}
