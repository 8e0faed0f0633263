package telemetry.measure;

import java.util.List;
import java.util.StringJoiner;
import telemetry.Checks;
import telemetry.Next;
import telemetry.text.Words;

/**
 * Something that would make a store faster or smaller; nothing requires it.
 *
 * @param about   a word: {@code "index"}
 * @param why     what was measured, and what the change would bring
 * @param command what makes the change
 */
public record Advice(String about, String why, Next command) {
    private static final String WORD = "advice   ";

    /** One below the other, in the form of {@link Checks}. The command stands below the last of those that it carries out. */
    public static String report(List<Advice> list) {
        int width = list.stream().mapToInt(advice -> advice.about.length()).max().orElse(0);
        var lines = new StringJoiner(System.lineSeparator());
        for (int i = 0; i < list.size(); i++) {
            Advice advice = list.get(i);
            boolean isLast = i + 1 == list.size() || !advice.command.equals(list.get(i + 1).command);
            lines.add(Words.item(WORD + Words.padded(advice.about, width) + "  ", advice.why, isLast ? advice.command : null));
        }
        return lines.toString();
    }
}
