package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What tells a file from another that takes its name, where files have no number. */
@Tag("system")
class BirthTest {
    private static final Path FILE = Path.of("events.ndjson");
    private static final Path MOVED = Path.of("aside.ndjson");
    private static final FileTime THEN = FileTime.fromMillis(1_000);
    private static final FileTime LATER = FileTime.fromMillis(2_000);

    @Test
    void aFileIsKnownByTheTimeAtWhichItWasMade() {
        assertEquals(new Birth(FILE, THEN, true), new Birth(MOVED, THEN, true));
        assertNotEquals(new Birth(FILE, THEN, true), new Birth(FILE, LATER, true));
    }

    /** A share that knows no such time gives that of the last change. */
    @Test
    void aTimeThatMovesWithEachChangeTellsNothingAndTheNameCounts() {
        Birth before = new Birth(FILE, THEN, false);
        assertEquals(before, new Birth(FILE, LATER, false));
        assertEquals(before, new Birth(FILE, LATER, true));
        assertEquals(before.hashCode(), new Birth(FILE, LATER, true).hashCode());
        assertNotEquals(before, new Birth(MOVED, THEN, false));
    }
}
