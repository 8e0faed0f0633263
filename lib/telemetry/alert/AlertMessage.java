package telemetry.alert;

import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Health;
import telemetry.Next;
import telemetry.Times;
import telemetry.os.Machine;
import telemetry.text.Escaped;

/** The text of an alert. @param before the health that was last reported */
record AlertMessage(Health health, Check.Status before) {

    /** In UTF-16 units. Source: Mattermost cuts a post at 16,383 characters, the lowest of the limits. */
    private static final int LONGEST = 16_000;

    /** For a chat: what is wrong and what to do. The lists read well with Markdown and without. */
    String brief() {
        var text = new StringJoiner("\n").add(headline()).add("");
        for (Check check : health.troubles()) {
            Next next = check.hint();
            text.add("- " + check.status() + ": " + check.name() + ": " + Escaped.line(Next.hinted(check.detail(), next)));
            if (next != null) next.lines().forEach(line -> text.add("  " + Escaped.line(line)));
        }
        if (!health.troubles().isEmpty()) text.add("");
        text.add("store " + Escaped.line(health.store().base().toString()) + ", " + Times.seconds(health.at()) + " UTC");
        String whole = text.toString();
        return whole.length() <= LONGEST ? whole : whole.substring(0, LONGEST - 1) + "…";
    }

    /** The whole report, with the same first line. */
    String whole() {
        return headline() + "\n\n" + Escaped.lines(health.toString()).replace(System.lineSeparator(), "\n") + "\n";
    }

    /** {@code telemetry failed on ws-0: 2 failed, 10 ok; before: ok} */
    private String headline() {
        return "telemetry " + health.status() + " on " + Escaped.line(Machine.name()) + ": " + health.sum() + "; before: " + before;
    }
}
