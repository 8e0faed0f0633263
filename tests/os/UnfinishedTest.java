package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import telemetry.StoreException;
import telemetry.kit.Folder;
import telemetry.kit.Need;
import telemetry.kit.Needs;

/** Files that an operator names for a report: what is there under the name is not always a file. */
@Tag("system")
class UnfinishedTest {

    @TempDir
    Path dir;

    @Test
    @Needs(Need.LINKS)
    void aLinkStaysAndItsFileIsWritten() throws Exception {
        Path file = Files.writeString(Files.createDirectory(dir.resolve("away")).resolve("report.prom"), "old");
        Path link = Files.createSymbolicLink(dir.resolve("report.prom"), Path.of("away/report.prom"));
        Unfinished.write("a report", link, "new");
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new", Files.readString(file));
        Files.delete(file);
        Unfinished.write("a report", link, "again");
        assertTrue(Files.isSymbolicLink(link), "also when nothing was there");
        assertEquals("again", Files.readString(file));
        assertEquals(List.of("report.prom"), Folder.names(file.getParent()));
    }

    @Test
    void whatADeadProcessLeftGoesWithTheNextWriting() throws Exception {
        for (String left : List.of("report.prom.999999999-7.tmp", "report.prom.999999999-7.tmp-wal", "day.999999999-8.tmp"))
            Files.createFile(dir.resolve(left));
        Path living = Files.createFile(dir.resolve("report.prom." + ProcessHandle.current().pid() + "-7.tmp"));
        Unfinished.write("a report", dir.resolve("report.prom"), "new");
        NewFile.appear(dir.resolve("day"), null);
        assertEquals(List.of("day", "report.prom", living.getFileName().toString()), Folder.names(dir));
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.SECONDS)
    @Needs(Need.FIFOS)
    void whatIsNoFileIsNeverReplaced() throws Exception {
        Unfinished.write("a report", Path.of("/dev/null"), "nothing");
        assertFalse(Files.isRegularFile(Path.of("/dev/null")));
        Path pipe = dir.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no named pipes here");
        for (Path other : List.of(pipe, Files.createDirectory(dir.resolve("folder")))) {
            var refused = assertThrows(StoreException.class, () -> Unfinished.write("a report", other, "text"));
            assertTrue(refused.getMessage().contains(other.getFileName() + " is a "), refused.getMessage());
        }
        assertEquals(List.of("folder", "pipe"), Folder.names(dir).stream().sorted().toList());
        assertEquals(StoreException.Reason.FULL,
                assertThrows(StoreException.class, () -> Unfinished.write("a report", Path.of("/dev/full"), "text")).reason());
    }
}
