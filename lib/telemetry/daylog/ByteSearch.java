package telemetry.daylog;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Looks for texts in bytes without making text of them. What the texts have in common is looked for first, so that several spellings of one
 * word cost as much as one. The method is Horspool's, which on a mismatch moves on by up to the whole length; source: R. N. Horspool,
 * Practical fast searching in strings, 1980.
 */
public final class ByteSearch {

    /** A shorter piece than this in common would be found all over the place. */
    private static final int SHORTEST_CORE = 3;

    /**
     * Texts around one core.
     *
     * @param step   by which to move on, for each value of the byte at the core's end
     * @param before how many bytes each text has before the core
     */
    private record Group(byte[] core, int[] step, List<byte[]> texts, List<Integer> before) { }

    private final List<Group> groups = new ArrayList<>();

    private ByteSearch() { }

    /**
     * Any of these texts.
     *
     * @throws IllegalArgumentException when one is empty
     */
    public static ByteSearch forAny(String... texts) {
        List<byte[]> all = Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
        if (all.stream().anyMatch(text -> text.length == 0)) throw new IllegalArgumentException("an empty text is everywhere");
        var search = new ByteSearch();
        byte[] core = common(all);
        if (core.length >= Math.min(SHORTEST_CORE, all.get(0).length)) search.groups.add(group(core, all));
        else all.forEach(text -> search.groups.add(group(text, List.of(text))));
        return search;
    }

    /** The longest piece of the first that all the others have too. */
    private static byte[] common(List<byte[]> texts) {
        byte[] first = texts.get(0);
        for (int length = first.length; length > 0; length--)
            for (int from = 0; from + length <= first.length; from++) {
                byte[] piece = Arrays.copyOfRange(first, from, from + length);
                if (texts.stream().allMatch(text -> indexOf(piece, steps(piece), text, 0, text.length) >= 0)) return piece;
            }
        return new byte[0];
    }

    private static Group group(byte[] core, List<byte[]> texts) {
        int[] step = steps(core);
        return new Group(core, step, texts, texts.stream().map(text -> indexOf(core, step, text, 0, text.length)).toList());
    }

    private static int[] steps(byte[] text) {
        int[] step = new int[256];
        Arrays.fill(step, text.length);
        for (int i = 0; i < text.length - 1; i++) step[text[i] & 0xff] = text.length - 1 - i;
        return step;
    }

    /**
     * A place at or after {@code from} where one of the texts begins that ends at or before {@code to}, and none before it does; -1 when
     * there is none.
     */
    int find(byte[] bytes, int from, int to) {
        int found = -1;
        for (int i = 0; i < groups.size(); i++) {
            int at = find(groups.get(i), bytes, from, to);
            if (at >= 0 && (found < 0 || at < found)) found = at;
        }
        return found;
    }

    private static int find(Group group, byte[] bytes, int from, int to) {
        for (int at = indexOf(group.core, group.step, bytes, from, to); at >= 0; at = indexOf(group.core, group.step, bytes, at + 1, to))
            for (int i = 0; i < group.texts.size(); i++) {
                byte[] text = group.texts.get(i);
                int begin = at - group.before.get(i);
                if (begin >= from && begin + text.length <= to && Arrays.equals(bytes, begin, begin + text.length, text, 0, text.length))
                    return begin;
            }
        return -1;
    }

    private static int indexOf(byte[] text, int[] step, byte[] bytes, int from, int to) {
        int end = text.length - 1;
        byte last = text[end];
        for (int at = from; at + end < to; at += step[bytes[at + end] & 0xff])
            if (bytes[at + end] == last && Arrays.equals(bytes, at, at + end, text, 0, end)) return at;
        return -1;
    }

    public boolean isIn(byte[] bytes) {
        return find(bytes, 0, bytes.length) >= 0;
    }
}
