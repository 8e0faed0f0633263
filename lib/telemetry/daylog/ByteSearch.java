package telemetry.daylog;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Searches bytes for texts without decoding them. The method is Horspool's for several texts; the shortest one limits how far a mismatch
 * may skip. Source: R. N. Horspool, Practical fast searching in strings, 1980.
 */
public final class ByteSearch {
    private final byte[][] texts;
    private final int shortest;

    /** How far to skip, for each value of the last byte of a window as long as the shortest text. */
    private final int[] step = new int[256];

    /** Whether any text has that byte at the end of the window. */
    private final boolean[] ends = new boolean[256];

    private ByteSearch(byte[][] texts) {
        this.texts = texts;
        this.shortest = Arrays.stream(texts).mapToInt(text -> text.length).min().orElseThrow();
        if (shortest == 0) throw new IllegalArgumentException("an empty text is everywhere");
        Arrays.fill(step, shortest);
        for (byte[] text : texts) {
            for (int i = 0; i < shortest - 1; i++) step[text[i] & 0xff] = Math.min(step[text[i] & 0xff], shortest - 1 - i);
            ends[text[shortest - 1] & 0xff] = true;
        }
    }

    /** A search for any of these texts. @throws IllegalArgumentException when one is empty */
    public static ByteSearch forAny(String... texts) {
        return new ByteSearch(Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new));
    }

    /** The first place at or after {@code from} where one of the texts begins and ends by {@code to}; -1 without one. */
    int find(byte[] bytes, int from, int to) {
        for (int at = from; at + shortest <= to;) {
            int last = bytes[at + shortest - 1] & 0xff;
            if (ends[last] && isAt(bytes, at, to)) return at;
            at += step[last];
        }
        return -1;
    }

    private boolean isAt(byte[] bytes, int at, int to) {
        for (byte[] text : texts)
            if (at + text.length <= to && Arrays.equals(bytes, at, at + text.length, text, 0, text.length)) return true;
        return false;
    }

    public boolean isIn(byte[] bytes) {
        return find(bytes, 0, bytes.length) >= 0;
    }
}
