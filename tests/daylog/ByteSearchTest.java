package telemetry.daylog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ByteSearchTest {

    /** Few letters, so that texts overlap, repeat and contain each other. */
    @Test
    void findsTheFirstPlaceOfAnyTextAsALookAtEachPlaceDoes() {
        var random = new Random(7);
        for (int n = 0; n < 20_000; n++) {
            String[] texts = Stream.generate(() -> word(random, 1 + random.nextInt(5))).limit(1 + random.nextInt(4)).toArray(String[]::new);
            String all = word(random, random.nextInt(40));
            byte[] bytes = all.getBytes(StandardCharsets.UTF_8);
            int from = random.nextInt(bytes.length + 1);
            int to = from + random.nextInt(bytes.length + 1 - from);
            String piece = new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
            int expected = Arrays.stream(texts).map(ByteSearchTest::asBytes).mapToInt(piece::indexOf).filter(at -> at >= 0)
                    .min().orElse(-1);
            assertEquals(expected < 0 ? -1 : from + expected, ByteSearch.forAny(texts).find(bytes, from, to),
                    List.of(texts) + " in " + all + " from " + from + " to " + to);
        }
    }

    @Test
    void anEmptyTextIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> ByteSearch.forAny("a", ""));
    }

    private static String word(Random random, int length) {
        return IntStream.range(0, length).mapToObj(i -> List.of("a", "b", "ö").get(random.nextInt(3))).reduce("", String::concat);
    }

    /** A character for each byte. */
    private static String asBytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }
}
