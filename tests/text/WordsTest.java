package telemetry.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Lists for people: never too wide to break, never too long to read. */
class WordsTest {

    /** A path can be longer than a terminal is wide. */
    @Test
    void aHeadThatIsWiderThanTheLineLeavesRoomForWords() {
        String item = Words.item("x".repeat(120) + "  ", "several words that are broken between words as ever and go on for a while", null);
        assertTrue(item.startsWith("x".repeat(120) + "  several words that"), item);
        assertEquals(4, item.lines().count(), item);
    }

    @Test
    void ofALongListTheFirstAreShownAndTheOthersCounted() {
        List<Integer> all = IntStream.range(0, 45).boxed().toList();
        List<String> lines = Words.listed("45 numbers", all, 45, some -> String.join("\n", some.stream().map(String::valueOf).toList()))
                .lines().toList();
        assertEquals("45 numbers", lines.get(0));
        assertEquals(22, lines.size());
        assertEquals("… and 25 more; --json lists all", lines.get(21));
        assertEquals("none", Words.listed("none", List.of(), 0, some -> "unused"));
        assertEquals(List.of("one", "1"), Words.listed("one", List.of(1), 1, some -> "1").lines().toList());
    }
}
