package telemetry.daylog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;

/** Which parts of an archived day hold what a plain file has. */
class HeldTest {
    private static final int LENGTH = 40;

    @TempDir
    Path dir;

    @Test
    void partsAreFoundInAnyOrderOfTheirNumbers() throws IOException {
        byte[] plain = lines(6);
        List<DayFile> parts = List.of(part(1, plain, 3, 4), part(2, plain, 0, 1), part(3, plain, 4, 6), part(4, plain, 1, 3),
                part(5, lines(2), 0, 1));
        Held held = Held.of(plain(plain), parts);
        assertEquals(plain.length, held.bytes());
        assertEquals(List.of(2, 4, 1, 3), held.parts().stream().map(DayFile::part).toList());
    }

    @Test
    void theFirstOfSeveralThatFitCounts() throws IOException {
        byte[] plain = lines(4);
        Held held = Held.of(plain(plain), List.of(part(2, plain, 0, 1), part(1, plain, 0, 3), part(3, plain, 3, 4)));
        assertEquals(plain.length, held.bytes());
    }

    /** Parts that hold nothing of it stand before those that do: each look at all of them is counted, not the time it takes. */
    @Test
    void aDayOfManyPartsIsLookedThroughALimitedNumberOfTimes() throws IOException {
        byte[] plain = lines(300);
        Path file = plain(plain);
        List<DayFile> inOrder = new ArrayList<>();
        List<DayFile> backwards = new ArrayList<>();
        for (int n = 0; n < 300; n++) inOrder.add(part(n + 1, plain, n, n + 1));
        assertEquals(plain.length, Held.of(file, inOrder).bytes());
        for (int n = 0; n < 300; n++) backwards.add(part(1_000 - n, plain, n, n + 1));
        assertEquals(100 * LENGTH, Held.of(file, backwards).bytes());
    }

    @Test
    void eachLineOfADayInBothPlacesComesOnce() throws IOException {
        byte[] plain = lines(3);
        DayFile first = part(1, plain, 0, 2);
        DayFile late = part(2, lines(9), 5, 6);
        DayFile file = DayFile.of(plain(plain)).orElseThrow();
        assertEquals(List.of(late, file), Held.withoutDoubles(List.of(first, late, file)));
        assertEquals(List.of(first, late), Held.withoutDoubles(List.of(first, late)));
    }

    private static byte[] lines(int number) {
        byte[] lines = new byte[number * LENGTH];
        for (int n = 0; n < number; n++) {
            byte[] line = String.format("{\"run_id\": \"%d-%d\"}%40s", number > 6 ? 7 : number > 2 ? 3 : 2, n, "").substring(0, LENGTH - 1).getBytes();
            System.arraycopy(line, 0, lines, n * LENGTH, line.length);
            lines[(n + 1) * LENGTH - 1] = '\n';
        }
        return lines;
    }

    private Path plain(byte[] content) throws IOException {
        return Files.write(dir.resolve("events_20251211.ndjson"), content);
    }

    private DayFile part(int number, byte[] plain, int from, int to) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(Arrays.copyOfRange(plain, from * LENGTH, to * LENGTH));
        }
        Path file = dir.resolve("events_20251211" + (number == 1 ? "" : "." + number) + ".ndjson.gz");
        return DayFile.of(Files.write(file, bytes.toByteArray())).orElseThrow();
    }
}
