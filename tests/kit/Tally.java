package telemetry.kit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How often what was tried, and how often it held: {@code archive  fsync 16/16  rename 14/14}. */
public final class Tally {
    private final Map<String, Map<String, int[]>> counts = new LinkedHashMap<>();
    private final List<String> wrong = new ArrayList<>();

    /** @param told what to say when there are problems */
    public void add(Deed deed, Object kind, List<String> problems, String told) {
        Map<String, int[]> ofDeed = counts.computeIfAbsent(deed.name(), none -> new LinkedHashMap<>());
        int[] count = ofDeed.computeIfAbsent(kind.toString(), none -> new int[2]);
        count[0]++;
        if (problems.isEmpty()) count[1]++;
        else wrong.add(told);
    }

    public List<String> wrong() {
        return wrong;
    }

    @Override
    public String toString() {
        var text = new StringBuilder("held / tried\n");
        counts.forEach((deed, kinds) -> {
            text.append(String.format("%-18s", deed));
            kinds.forEach((kind, count) -> text.append("  ").append(kind).append(' ').append(count[1]).append('/').append(count[0]));
            text.append('\n');
        });
        return text.toString();
    }
}
