import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Operator;
import telemetry.kit.Script;

/** Incidents of the disk, the archive and the backups, and the other two ways to start a command. */
@Order(1)
@ResourceLock("jbang")
@Needs(Need.SH)
class IncidentsElsewhereTest extends Incidents {

    @Test
    void everythingIsGoneButTheBackupsOnAnotherDisk() throws Exception {
        Path other = Files.createDirectory(dir.resolve("other disk"));
        operator.type("scripts/jbangw backup --to '" + other + "' --store " + store.base());
        delete(store.base());
        String storage = operator.health().check("storage");
        assertTrue(storage.contains("recover --from DIR brings it back"), storage);
        assertEquals(null, operator.health().next(), operator::toString);
        Operator.Typed shown = operator.type("scripts/jbangw recover --dry-run --from '" + other + "' --store " + store.base());
        operator.type(shown.next());
        assertWellAgain(2);
        assertEquals(RUNS, runs());
    }

    @Test
    void theNewestBackupIsDamaged() throws Exception {
        flip(newestBackup());
        Operator.Typed verified = operator.type("scripts/jbangw backup verify --store " + store.base());
        assertEquals(2, verified.exit(), operator::toString);
        assertTrue(operator.health().check("backup").startsWith("warning"), operator::toString);
        assertWellAgain(3);
    }

    @Test
    void theDatabaseAndTheNewestBackupAreDamaged() throws Exception {
        flip(newestBackup());
        Files.writeString(store.database(), "no database");
        assertWellAgain(4);
        assertEquals(RUNS, runs());
    }

    @Test
    void anOldBackupIsCopiedOverTheLiveDatabase() throws Exception {
        Path old = newestBackup();
        Agent agent = Agent.writing(store, "late-agent", 0);
        while (agent.acknowledged().size() < 200) Thread.sleep(20);
        agent.kill();
        long all = RUNS + agent.acknowledged().size();
        Files.copy(old, store.database(), StandardCopyOption.REPLACE_EXISTING);
        assertEquals(0, operator.follow(4).exit(), operator::toString);
        operator.isWell();
        assertTrue(runs() >= all, () -> runs() + " of " + all + "\n" + operator);
    }

    @Test
    void halfOfTheArchiveIsGone() throws Exception {
        try (var files = Files.list(store.raw())) {
            for (Path file : files.toList()) Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        }
        operator.type("scripts/jbangw archive --older-than 1d --yes --store " + store.base());
        List<Path> archived;
        try (var files = Files.walk(store.archive())) {
            archived = files.filter(file -> file.toString().endsWith(".gz")).sorted().toList();
        }
        assertTrue(archived.size() >= 6, operator::toString);
        int half = archived.size() / 2;
        // The newer half: the sample's oldest day may have begun a minute before midnight.
        for (Path file : archived.subList(archived.size() - half, archived.size())) Files.delete(file);
        String said = operator.health().check("day files");
        assertTrue(said.startsWith("warning day files ") && said.contains(" of " + half + " days ("), said);
        assertWellAgain(1);
        assertEquals(RUNS, runs());
    }

    @Test
    void theDiskIsFull() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "64m"), "needs root, to mount a small file system");
        try {
            Store full = Store.at(disk.resolve("store"));
            Fixture.copy(store.base(), full.base());
            try (var files = Files.list(full.raw())) {
                for (Path file : files.toList()) Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
            }
            long before = free(disk);
            fill(disk.resolve("filler"));
            Operator onFullDisk = new Operator(Checkout.root(), "scripts/jbangw health --disk-failed 100kB --disk-warning 100kB --store "
                    + full.base());
            assertTrue(onFullDisk.health().check("disk").startsWith("failed"), onFullDisk::toString);
            Operator.Typed last = onFullDisk.follow(4);
            assertEquals(0, last.exit(), onFullDisk::toString);
            assertTrue(free(disk) > 100_000, before + "\n" + onFullDisk);
            assertEquals(0, Script.run(new rebuild(), "--check-only", "--store", full.base()).exit());
        } finally {
            Mounts.unmount(disk);
        }
    }

    private static long free(Path disk) throws IOException {
        return Files.getFileStore(disk).getUsableSpace();
    }

    private static void fill(Path file) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            for (byte[] block = new byte[4096]; ; ) out.write(block);
        } catch (IOException e) {
            // as full as it gets
        }
    }

    @Test
    void withLaunchersTheHintsAreLaunchers() throws Exception {
        Path folder = dir.resolve("bin");
        assertEquals(0, operator.type("scripts/jbangw launchers " + folder).exit(), operator::toString);
        operator = new Operator(dir, "telemetry-health --store " + store.base()).with("PATH", folder + ":" + System.getenv("PATH"));
        Files.delete(store.database());
        assertTrue(operator.health().next().startsWith("telemetry-recover "), operator::toString);
        assertWellAgain(4);
        assertEquals(RUNS, runs());
    }

    @Test
    void withACatalogTheHintsAreAliases() throws Exception {
        Path folder = Files.createDirectory(dir.resolve("jbang"));
        if (operator.type("command -v jbang").exit() != 0) makeJbang(folder);
        operator = new Operator(Checkout.root(), "jbang health@telemetry --store " + store.base())
                .with("PATH", folder + ":" + System.getenv("PATH"));
        Files.delete(store.database());
        assertTrue(operator.health().next().startsWith("jbang recover@telemetry "), operator::toString);
        assertWellAgain(4);
        assertEquals(RUNS, runs());
    }

    /** JBang's launcher protocol around the jar that scripts/jbangw has fetched. */
    private void makeJbang(Path folder) throws Exception {
        Operator.Typed found = operator.type("ls \"${XDG_CACHE_HOME:-$HOME/.cache}\"/jbangw/jbang-*.jar");
        assumeTrue(found.exit() == 0, "needs jbang on the PATH or the jar that scripts/jbangw fetches");
        Path jbang = folder.resolve("jbang");
        Files.writeString(jbang, "#!/bin/sh\nexport JBANG_RUNTIME_SHELL=bash JBANG_STDIN_NOTTY=true JBANG_NO_VERSION_CHECK=true\n"
                + "output=$(java -jar '" + found.said().lines().findFirst().orElseThrow() + "' \"$@\")\nstatus=$?\n"
                + "[ $status -eq 255 ] && eval \"exec $output\"\nprintf '%s\\n' \"$output\"\nexit $status\n");
        Files.setPosixFilePermissions(jbang, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
