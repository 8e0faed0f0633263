import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.os.Machine;
import telemetry.os.Openers;

/** locks beside the HTTP service, whose lock file holds its process id and host, and is open as long as it runs. */
class ServiceLockTest {

    @TempDir
    Path dir;

    private Store store;
    private Path lock;

    @BeforeEach
    void aStoreOfTheService() {
        store = Fixture.V7_SERVICE.filled(dir, 6, Instant.now());
        lock = store.base().resolve("telemetry_api.lock");
    }

    private Script locks() {
        return Script.on(store, new locks(), "--wait", "1s");
    }

    private static long ended() throws IOException, InterruptedException {
        Process gone = Script.shell("exit").start();
        gone.waitFor();
        return gone.pid();
    }

    @Test
    void oneThatWasLeftIsNamedAndNothingIsDeleted() throws Exception {
        assertFalse(locks().said().contains("service"), locks().said());
        long gone = ended();
        Files.writeString(lock, gone + "\n" + Machine.name() + "\n");
        Script left = locks();
        assertEquals(1, left.exit(), left.toString());
        assertTrue(left.said().contains(lock + " was left by process " + gone + ", which has ended"), left.said());
        assertTrue(Files.exists(lock));
        Files.writeString(lock, "");
        assertTrue(locks().said().contains(lock + " names no process"), locks().said());
    }

    @Test
    void aServiceThatRunsIsNamedWithItsProgram() throws Exception {
        assumeTrue(Openers.areKnown(), "only Linux tells who has a file open");
        Path data = store.database().resolveSibling("telemetry.lock");
        Process service = new ProcessBuilder("sh", "-c", "exec 9>>'" + data + "'; echo $$ > '" + data + "'; exec sleep 60").start();
        try {
            for (int n = 0; n < 100 && (Files.notExists(data) || Files.size(data) == 0); n++) TimeUnit.MILLISECONDS.sleep(20);
            Script held = locks();
            assertEquals(0, held.exit(), held.toString());
            assertTrue(held.said().contains("runs as process " + service.pid()), held.said());
            assertTrue(held.said().contains("which holds " + data), held.said());
            assertTrue(Script.on(store, new locks(), "--json").out().contains("\"service\""));
        } finally {
            service.destroyForcibly().waitFor();
        }
        assertTrue(locks().said().contains("was left by process " + service.pid()), locks().said());
    }

    @Test
    void ofAnotherHostNothingIsClaimedAndAnotherProgramOfThatNumberIsTold() throws Exception {
        Files.writeString(lock, "1\n3f2a9c-container\n");
        Script other = locks();
        assertEquals(0, other.exit(), other.toString());
        assertTrue(other.said().contains("held by process 1 of 3f2a9c-container, another host or container"), other.said());
        assumeTrue(Openers.areKnown(), "only Linux tells who has a file open");
        Files.writeString(lock, ProcessHandle.current().pid() + "\n" + Machine.name() + "\n");
        String taken = "was left: process " + ProcessHandle.current().pid() + " is another program now";
        assertTrue(locks().said().contains(taken), locks().said());
    }

    @Test
    void theServicesVariableNamesAnotherPlace() throws Exception {
        Path elsewhere = Files.writeString(dir.resolve("x.lock"), ended() + "\n");
        Script left = Script.runProcess(Map.of("TELEMETRY_LOCK_FILE", elsewhere.toString()), "locks", "--store", store.base());
        assertTrue(left.said().contains(elsewhere + " was left by process"), left.said());
    }
}
