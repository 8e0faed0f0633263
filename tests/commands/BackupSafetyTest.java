import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;

/** Backups of damaged, locked and busy databases, on full disks, and killed on the way: only a whole one is published. */
class BackupSafetyTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String NAME = "telemetry_backup_20261120_120000.sqlite";

    @TempDir
    Path dir;

    @Test
    void aDamagedSourceIsNotPublishedAndNothingExpires() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        for (int day = 30; day > 27; day--)
            assertEquals(0, BackupTest.backup(NOON.minus(Duration.ofDays(day)), store, "--keep-days", 40).exit());
        Set<String> before = BackupTest.tree(store.backups());
        Sabotage.damage(store.database());
        for (String how : new String[] {"--compress", "--check=quick", "--check=full"}) {
            Script damaged = BackupTest.backup(NOON, store, how);
            assertEquals(2, damaged.exit(), how + damaged.err());
            assertTrue(damaged.err().startsWith("backup: cannot back up " + store.database() + ": "), damaged.err());
            assertTrue(damaged.err().contains("; no backup was made and none expires" + System.lineSeparator()
                    + "next: jbang recover@telemetry --dry-run --store " + store.base()), damaged.err());
            assertEquals("", damaged.out());
            assertEquals(before, BackupTest.tree(store.backups()));
        }
    }

    @Test
    void noDatabaseWithoutTheTableOfRunsIsBackedUp() throws IOException {
        Store store = Fixture.V3.empty(dir.resolve("s"));
        try (Database database = Database.open(store.database())) {
            database.execute("DROP TABLE run_events");
            database.execute("DROP TABLE commits");
            database.execute("DROP TABLE agent_runs");
        }
        assertEquals(2, BackupTest.backup(NOON, store).exit());
        Files.write(store.database(), new byte[0]);
        assertEquals(2, BackupTest.backup(NOON, store).exit());
        Files.writeString(store.database(), "no database ".repeat(1_000));
        assertEquals(2, BackupTest.backup(NOON, store).exit());
        assertEquals(Set.of(), BackupTest.names(store.backups()));
    }

    @Test
    void everyFlippedBitAndEveryCutOfABackupOrItsManifestIsRefused() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, NOON);
        var random = new Random(3);
        for (String how : new String[] {"--check=full", "--compress"}) {
            assertEquals(0, BackupTest.backup(NOON, store, how).exit());
            Path file = BackupTest.backups(store).list().stream()
                    .filter(backup -> backup.file().toString().endsWith(".gz") == how.equals("--compress"))
                    .findFirst().orElseThrow().file();
            for (Path target : new Path[] {file, file.resolveSibling(file.getFileName() + ".manifest.json")}) {
                byte[] whole = Files.readAllBytes(target);
                for (int n = 0; n < 64; n++) {
                    byte[] changed = n < 50 ? BackupTest.flipped(whole, random.nextLong(8L * whole.length))
                            : java.util.Arrays.copyOf(whole, random.nextInt(whole.length));
                    Files.write(target, changed);
                    assertRefused(store, file, target + " change " + n, n % 15 == 0);
                }
                Files.write(target, whole);
            }
            assertEquals(0, BackupTest.backup(NOON, store, "verify", file).exit());
        }
    }

    private void assertRefused(Store store, Path file, String what, boolean everyWay) throws IOException {
        byte[] live = Files.readAllBytes(store.database());
        Set<String> before = new TreeSet<>(BackupTest.tree(store.base()));
        before.removeIf(path -> path.startsWith("reports"));
        assertEquals(2, BackupTest.backup(NOON, store, "verify", file).exit(), what);
        Set<String> tree = BackupTest.tree(store.base());
        assertTrue(tree.stream().filter(path -> !path.startsWith("reports")).toList().equals(List.copyOf(before)), what);
        for (Object[] restore : new Object[][] {{"--restore", file, "--yes"}, {"restore", file, "--dry-run"},
                {"restore", file, "--yes", "--no-replay"}}) {
            if (!everyWay && !restore[0].equals("--restore")) continue;
            Script refused = BackupTest.backup(NOON, store, restore);
            assertEquals(2, refused.exit(), what + refused.err());
            assertTrue(refused.err().contains(System.lineSeparator() + "next: jbang backup@telemetry list --store " + store.base()),
                    refused.err());
        }
        assertTrue(java.util.Arrays.equals(live, Files.readAllBytes(store.database())), what);
        assertEquals(tree, BackupTest.tree(store.base()), what);
    }

    @Test
    void writersGoOnWhileItIsMadeAndItHoldsWhatWasCounted() throws Exception {
        whileFourWrite(8, 3);
    }

    @Test
    @Tag("torture")
    void writersGoOnWhileHalfAGigabyteIsBackedUp() throws Exception {
        whileFourWrite(500, 2);
    }

    private void whileFourWrite(int megabytes, int times) throws Exception {
        Store store = Fixture.large(dir.resolve("s"), megabytes);
        List<Agent> agents = new ArrayList<>();
        for (int n = 0; n < 4; n++) agents.add(Agent.writing(store, "agent-" + n, 20));
        Thread.sleep(1_000);
        List<Integer> said = agents.stream().map(Agent::said).toList();
        long usual = agents.stream().mapToLong(agent -> agent.longestAfter(1).toMillis()).max().orElseThrow();
        try {
            for (int n = 0; n < times; n++) {
                Set<String> before = acknowledged(agents);
                Script made = Script.runProcess(Map.of(), "backup", "--store", store.base());
                assertEquals(0, made.exit(), made.err());
                Backup backup = BackupTest.backups(store).list().get(0);
                assertEquals(0, BackupTest.backup(Instant.now(), store, "verify", backup.file()).exit());
                try (Database copy = Database.openFrozen(backup.file())) {
                    assertEquals(backup.runs(), copy.number("SELECT count(*) FROM agent_runs"), "the counts of the moment that was copied");
                    assertTrue(RestoreTest.ids(copy).containsAll(before));
                }
            }
        } finally {
            agents.forEach(Agent::close);
        }
        for (int n = 0; n < 4; n++) {
            assertEquals(List.of(), agents.get(n).errors());
            long longest = agents.get(n).longestAfter(said.get(n)).toMillis();
            assertTrue(longest <= Math.max(1_000, 3 * usual), "a writer waited " + longest
                    + " ms, before the backup " + usual + " ms at the most");
        }
    }

    @Test
    void aKilledOneLeavesNothingThatLooksLikeABackup() throws Exception {
        killed(6, 12);
    }

    @Test
    @Tag("torture")
    void fiftyKilledOnesLeaveNothingThatLooksLikeABackup() throws Exception {
        killed(50, 60);
    }

    private void killed(int times, int megabytes) throws Exception {
        Store store = Fixture.large(dir.resolve("s"), megabytes);
        var random = new Random();
        for (int n = 0; n < times; n++) {
            Process process = Script.processBuilder(Map.of(), "backup", "--store", store.base(), n % 3 == 2 ? "--compress" : "--check=full")
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            while (process.isAlive() && BackupTest.names(store.backups()).stream().noneMatch(name -> name.contains(".tmp")))
                Thread.sleep(1);
            Thread.sleep(random.nextInt(20 * megabytes));
            process.destroyForcibly().waitFor();
            for (Backup backup : BackupTest.backups(store).list()) {
                assertTrue(backup.isVerified(), backup.toString());
                BackupTest.backups(store).verify(backup);
            }
        }
        try (Database live = Database.openToRead(store.database())) {
            assertEquals("ok", live.pragma("integrity_check"));
        }
        assertEquals(0, Script.runProcess(Map.of(), "backup", "--store", store.base()).exit());
        assertEquals(Set.of(), BackupTest.names(store.backups()).stream().filter(name -> name.contains(".tmp"))
                .collect(java.util.stream.Collectors.toSet()), "the next call has cleared up");
    }

    @Test
    void onlyTheOwnerMayReadWhatIsMadeWhateverTheUmask() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, NOON);
        Assumptions.assumeTrue(Files.getFileStore(dir).supportsFileAttributeView("posix"), "no owners here");
        Files.delete(store.backups());
        List<String> command = Script.processBuilder(Map.of(), "backup", "--store", store.base()).command();
        String quoted = String.join(" ", command.stream().map(word -> "'" + word + "'").toList());
        String shell = "umask 000; " + quoted + " && " + quoted + " --compress && "
                + quoted + " --to '" + dir.resolve("second") + "' && " + quoted + " --restore latest --yes";
        Process process = new ProcessBuilder("sh", "-c", shell).inheritIO().redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertEquals(0, process.waitFor());
        for (Path folder : new Path[] {store.backups(), dir.resolve("second"), store.quarantine()}) assertOwnerOnly(folder);
        Files.writeString(store.database(), "garbage ".repeat(3_000));
        String recover = String.join(" ", Script.processBuilder(Map.of(), "recover", "--store", store.base(), "--yes")
                .command().stream().map(word -> "'" + word + "'").toList());
        assertEquals(1, new ProcessBuilder("sh", "-c", "umask 000; " + recover).inheritIO()
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor());
        assertEquals(2, BackupTest.names(store.quarantine()).size());
        for (String name : BackupTest.names(store.quarantine()))
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(store.quarantine().resolve(name))), name);
    }

    static void assertOwnerOnly(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.toList())
                assertEquals(Files.isDirectory(path) ? "rwx------" : "rw-------",
                        PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS)), path.toString());
        }
        assertTrue(BackupTest.names(folder).size() > 0, folder + " is empty");
    }

    @Test
    void aFullDiskLeavesWhatWasThere() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Assumptions.assumeTrue(Mounts.tmpfs(disk, "3m"), "needs root and mount");
        try {
            Store store = Fixture.V3.filled(disk.resolve("s"), 60, NOON);
            assertEquals(0, BackupTest.backup(NOON, store).exit());
            Set<String> before = BackupTest.tree(store.backups());
            Files.write(disk.resolve("filler"), new byte[(int) Files.getFileStore(disk).getUsableSpace() - 64 * 1024]);
            Script full = BackupTest.backup(NOON.plusSeconds(60), store);
            assertEquals(2, full.exit());
            assertTrue(full.err()
                    .matches("(?s)backup: cannot back up to .*: it takes .* are free; make room, or make a backup on another disk "
                    + "\\(backup --to DIR\\)\\Rnext: jbang archive@telemetry --dry-run --store \\S+\\R"), full.err());
            assertEquals(before, BackupTest.tree(store.backups()));
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void aDiskThatFillsUpOnTheWayLeavesNothingBehind() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Store store = Fixture.large(dir.resolve("s"), 8);
        Assumptions.assumeTrue(Mounts.tmpfs(disk, Files.size(store.database()) / 1024 + 2_000 + "k"), "needs root and mount");
        try {
            Script full = BackupTest.backup(NOON, store, "--to", disk.resolve("b"), "--compress");
            assertEquals(2, full.exit(), full.err());
            assertTrue(full.err().contains("no space left on the disk" + System.lineSeparator()
                    + "next: jbang archive@telemetry --dry-run --store " + store.base()), full.err());
            assertEquals(Set.of(), BackupTest.names(disk.resolve("b")));
            assertEquals(0, BackupTest.backup(NOON, store, "--to", disk.resolve("b")).exit());
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void aLockedDatabaseIsNamedWithWhoHoldsIt() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir.resolve("s"), 12, NOON);
        try (Agent holder = Agent.holding(store, "BEGIN EXCLUSIVE")) {
            var script = new backup();
            script.patience = Duration.ofMillis(300);
            Script locked = Script.run(script, "--store", store.base());
            assertEquals(3, locked.exit());
            assertTrue(locked.err().contains("it is locked" + (Need.OPENERS.isMet() ? " by process " + holder.pid() : "")), locked.err());
        }
        assertEquals(Set.of(), BackupTest.names(store.backups()));
    }

    @Test
    void whatAWriterThatWasKilledHasCommittedIsInIt() throws Exception {
        for (Fixture shape : new Fixture[] {Fixture.V3, Fixture.V7_PYTHON}) {
            Store store = shape.filled(dir.resolve(shape.name()), 12, NOON);
            Agent agent = Agent.writing(store, "killed", 0);
            Thread.sleep(100);
            agent.kill();
            assertTrue(shape != Fixture.V3 || Files.size(Path.of(store.database() + "-wal")) > 0);
            Script made = BackupTest.backup(NOON, store);
            assertEquals(0, made.exit(), made.err());
            try (Database copy = Database.openFrozen(store.backups().resolve(NAME))) {
                assertTrue(RestoreTest.ids(copy).containsAll(agent.acknowledged()));
            }
        }
    }

    private static Set<String> acknowledged(List<Agent> agents) {
        Set<String> all = new TreeSet<>();
        for (Agent agent : agents) all.addAll(agent.acknowledged());
        return all;
    }
}
