package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Need;
import telemetry.kit.Needs;

@Tag("system")
class OpenersTest {
    @TempDir Path dir;

    @Test
    @Needs(Need.OPENERS)
    void aWriterIsFoundBesideAProcessThatHasTheRootFolderOpen() throws IOException {
        Path file = Files.createFile(dir.resolve("events_20251211.ndjson"));
        try (FileChannel root = FileChannel.open(Path.of("/"), StandardOpenOption.READ);
                FileChannel writer = FileChannel.open(file, StandardOpenOption.APPEND)) {
            List<Long> expected = Openers.areKnown() ? List.of(ProcessHandle.current().pid()) : List.of();
            assertEquals(expected, Openers.writingDayFiles().writersOf(file));
        }
    }
}
