package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Owners;

/** In a folder that everybody may write to, every name is used in that very folder, whatever takes its place meanwhile. */
@Tag("system")
class InsideTest {
    private static final int RACES = 300;

    @TempDir
    Path dir;

    private Path store;
    private Path victim;

    /** As root the store is the agents'; for any other account it is writable for everybody. */
    @BeforeEach
    void make() throws IOException {
        assumeTrue(dir.getFileSystem().supportedFileAttributeViews().contains("unix"), "Windows has no such accounts");
        store = Files.createDirectories(dir.resolve("store/raw")).getParent();
        victim = Files.createDirectory(dir.resolve("victim"));
        Files.writeString(victim.resolve("passwd"), "root\n");
        open(store);
        open(store.resolve("raw"));
    }

    private static void open(Path folder) throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private static boolean isRoot() {
        return Account.own().filter(Account::isRoot).isPresent();
    }

    private static void write(Path file, String content) throws IOException {
        try (FileChannel channel = NewFile.create(file)) {
            channel.write(ByteBuffer.wrap(content.getBytes()));
        }
    }

    private Set<String> left(Path folder) throws IOException {
        Set<String> names = new TreeSet<>();
        for (Path path : Inside.list(folder)) names.add(path.getFileName().toString());
        return names;
    }

    @Test
    void filesAreMadeReadMovedListedAndDeleted() throws Exception {
        Path file = store.resolve("raw/a");
        write(file, "one\n");
        assertEquals("one\n", new String(Inside.stream(file).readAllBytes()));
        assertThrows(FileAlreadyExistsException.class, () -> NewFile.create(file));
        Inside.move(file, store.resolve("b"), StandardCopyOption.ATOMIC_MOVE);
        Inside.link(store.resolve("raw/c"), store.resolve("b"));
        assertEquals(Set.of("raw", "b"), left(store));
        assertEquals(Set.of("c"), left(store.resolve("raw")));
        assertTrue(Inside.delete(store.resolve("b")));
        assertFalse(Inside.delete(store.resolve("b")));
        assertFalse(Inside.delete(store.resolve("none/b")));
        assertThrows(NoSuchFileException.class, () -> Inside.read(store.resolve("b")));
        NewFile.folder(store.resolve("reports"));
        write(store.resolve("reports/x"), "x");
        Inside.remove(store.resolve("reports"));
        assertEquals(Set.of("raw"), left(store));
        Unfinished.write("a report", store.resolve("report"), "text");
        assertEquals(Set.of("raw", "report"), left(store));
    }

    @Test
    void theFolderMayBeOpenInManyThreads() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<Integer>> all = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int thread = t;
            Callable<Integer> work = () -> {
                for (int i = 0; i < 60; i++) {
                    Path file = store.resolve("raw/" + thread + "-" + i);
                    write(file, "x");
                    Inside.move(file, store.resolve("raw/m" + thread + "-" + i));
                    Inside.list(store.resolve("raw"));
                    Disk.syncFolder(store.resolve("raw"));
                    assertTrue(Inside.delete(store.resolve("raw/m" + thread + "-" + i)));
                }
                return thread;
            };
            all.add(threads.submit(work));
        }
        for (Future<Integer> one : all) one.get(120, TimeUnit.SECONDS);
        threads.shutdown();
        assertEquals(Set.of(), left(store.resolve("raw")));
    }

    /** What stands in a name's place is an error at once. */
    @Test
    void onlyPlainFilesAreOpened() throws Exception {
        assumeTrue(new ProcessBuilder("mkfifo", store.resolve("raw/pipe").toString()).start().waitFor() == 0, "no mkfifo");
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            for (Path file : List.of(store.resolve("raw/pipe"), store.resolve("raw"))) {
                assertThrows(FileSystemException.class, () -> Inside.read(file));
                assertThrows(FileSystemException.class, () -> Inside.write(file));
            }
        });
    }

    /** A FIFO that takes the place of a file after that was looked at holds nobody up. */
    @Test
    void aFifoInARaceIsGivenUp() throws Exception {
        Path pipe = store.resolve("raw/pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no mkfifo");
        Path file = store.resolve("raw/file");
        write(file, "x");
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            IOException e = assertThrows(IOException.class, () -> Inside.open(file, there -> {
                Files.move(pipe, file, StandardCopyOption.REPLACE_EXISTING);
                return FileChannel.open(there);
            }));
            assertTrue(e.getMessage().contains("FIFO"), e.getMessage());
        });
        Files.delete(file);
    }

    /** A file that takes the place of another while that is opened. */
    @Test
    void anotherFileInARaceIsNotUsed() throws Exception {
        Path file = store.resolve("raw/file");
        write(file, "x");
        write(store.resolve("raw/other"), "y");
        assertThrows(FileSystemException.class, () -> Inside.open(file, there -> {
            Files.move(store.resolve("raw/other"), file, StandardCopyOption.REPLACE_EXISTING);
            return FileChannel.open(there);
        }));
    }

    @Test
    void aLinkOfTheAgentsLeadsNowhereElse() throws Exception {
        Owners.requireRoot();
        Files.createSymbolicLink(store.resolve("raw/link"), victim.resolve("passwd"));
        Files.createSymbolicLink(store.resolve("reports"), victim);
        Owners.give(store);
        for (Path file : List.of(store.resolve("raw/link"), store.resolve("reports/passwd"))) {
            assertThrows(FileSystemException.class, () -> Inside.read(file));
            assertThrows(FileSystemException.class, () -> Inside.write(file));
        }
        assertThrows(FileSystemException.class, () -> NewFile.create(store.resolve("reports/new")));
        assertThrows(FileSystemException.class, () -> NewFile.folder(store.resolve("reports/new")));
        assertThrows(FileSystemException.class, () -> Inside.delete(store.resolve("reports/passwd")));
        assertThrows(FileSystemException.class, () -> Inside.list(store.resolve("reports")));
        assertThrows(FileSystemException.class, () -> Inside.real(store.resolve("reports/passwd")));
        Inside.remove(store.resolve("reports"));
        assertTrue(Inside.leadsAway(store.resolve("raw/link")));
        assertEquals(List.of("passwd"), Files.list(victim).map(path -> path.getFileName().toString()).toList());
    }

    /** A link of the agents to what is theirs, and one that root has set, lead where they did. */
    @Test
    void aLinkThatGivesNobodyAnythingIsFollowed() throws Exception {
        Owners.requireRoot();
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Files.writeString(disk.resolve("a"), "there");
        Files.createSymbolicLink(store.resolve("archive"), disk);
        Files.createSymbolicLink(store.resolve("raw/a"), disk.resolve("a"));
        Owners.give(store);
        Owners.give(disk);
        Files.createSymbolicLink(store.resolve("backups"), victim);
        assertEquals("there", new String(Inside.stream(store.resolve("archive/a")).readAllBytes()));
        assertEquals("there", new String(Inside.stream(store.resolve("raw/a")).readAllBytes()));
        assertEquals("root\n", new String(Inside.stream(store.resolve("backups/passwd")).readAllBytes()));
    }

    @Test
    void aPlantedSecondNameIsRefused() throws Exception {
        Owners.requireRoot();
        Owners.give(store);
        Files.createLink(store.resolve("raw/planted"), victim.resolve("passwd"));
        assertThrows(FileSystemException.class, () -> Inside.read(store.resolve("raw/planted")));
        assertThrows(FileSystemException.class, () -> Inside.write(store.resolve("raw/planted")));
        write(store.resolve("raw/own"), "x");
        Files.createLink(store.resolve("raw/second"), store.resolve("raw/own"));
        Inside.read(store.resolve("raw/second")).close();
    }

    /** What is made belongs to the agents, and never has its name before. */
    @Test
    void newFilesAreSettledBeforeTheyHaveTheirName() throws Exception {
        Owners.requireRoot();
        Owners.give(store);
        write(store.resolve("raw/file"), "x");
        NewFile.folder(store.resolve("raw/folder"));
        assertEquals(List.of(), Owners.others(store));
        assertEquals(0700, (int) Files.getAttribute(NewFile.scratchFolder(store, ".drill-"), "unix:mode") & 07777);
    }

    /** A folder is exchanged for a link to another one, again and again. */
    @Test
    void nothingIsReachedByExchangingAFolder() throws Exception {
        assumeTrue(isRoot(), "only what root does is worth an attack");
        Path folder = store.resolve("raw");
        Path link = Files.createSymbolicLink(store.resolve("link"), victim);
        Path away = store.resolve("away");
        Owners.give(store);
        var end = new AtomicBoolean();
        var attacker = new Thread(() -> {
            while (!end.get()) try {
                Files.move(folder, away);
                Files.move(link, folder);
                Files.move(folder, link);
                Files.move(away, folder);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        attacker.start();
        for (int i = 0; i < RACES; i++) try {
            write(folder.resolve("f" + i), "x");
            Inside.write(folder.resolve("f" + i)).close();
            Inside.move(folder.resolve("f" + i), folder.resolve("passwd"), StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.ATOMIC_MOVE);
            NewFile.folder(folder.resolve("folder"));
            Inside.remove(folder.resolve("folder"));
            Inside.delete(folder.resolve("passwd"));
        } catch (AtomicMoveNotSupportedException e) {
            throw e;
        } catch (IOException e) {
            // the folder was not there, or a link was
        }
        end.set(true);
        attacker.join();
        assertEquals("root\n", Files.readString(victim.resolve("passwd")));
        assertEquals(List.of("passwd"), Files.list(victim).map(path -> path.getFileName().toString()).toList());
        assertEquals(0, Files.getAttribute(victim.resolve("passwd"), "unix:uid", LinkOption.NOFOLLOW_LINKS));
    }

    /** What others can have written in a cache is done without. */
    @Test
    void onlyACacheThatNobodyElseCanWriteToIsOurs() throws Exception {
        Path cache = Files.createDirectories(dir.resolve("cache/telemetry/x")).getParent().getParent();
        Path file = Files.writeString(cache.resolve("telemetry/x/library"), "code");
        for (Path path = file; !path.equals(dir); path = path.getParent())
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertTrue(Account.isOnlyOwn(cache, file));
        for (Path path = file; !path.equals(dir); path = path.getParent()) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxr-x"));
            assertFalse(Account.isOnlyOwn(cache, file), path.toString());
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        if (!isRoot()) return;
        for (Path path = file; !path.equals(dir); path = path.getParent()) {
            Files.setAttribute(path, "unix:uid", Owners.AGENTS);
            assertFalse(Account.isOnlyOwn(cache, file), path.toString());
            Files.setAttribute(path, "unix:uid", 0);
        }
        Files.setAttribute(dir, "unix:uid", Owners.AGENTS);
        assertFalse(Account.isOnlyOwn(cache, file), "a folder above");
    }
}
