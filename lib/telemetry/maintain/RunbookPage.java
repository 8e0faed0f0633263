package telemetry.maintain;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Check;
import telemetry.DayFile;
import telemetry.Next;

/**
 * The runbook's line below its title: {@code Version 1.0 · last checked 2026-11-25}.
 *
 * @param checked when the page was last read through and found right
 */
public record RunbookPage(String version, LocalDate checked) {

    /** After this time it should be read again before anyone relies on it. */
    private static final int OLD_DAYS = 180;

    private static final Pattern HEADER = Pattern.compile("(?m)^Version (\\S+) · last checked (\\d{4}-\\d{2}-\\d{2})\\b");

    /** The page that this program was built with; a script names it among its {@code //FILES}. */
    public static RunbookPage ofThisProgram() {
        try (InputStream page = RunbookPage.class.getResourceAsStream("/runbook.md")) {
            return of(new String(page.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException("the runbook is part of this program", e);
        }
    }

    /** @throws IllegalArgumentException when the page lacks the line */
    public static RunbookPage of(String page) {
        Matcher header = HEADER.matcher(page);
        if (!header.find()) throw new IllegalArgumentException("the runbook lacks its line 'Version … · last checked …'");
        return new RunbookPage(header.group(1), LocalDate.parse(header.group(2)));
    }

    /** Whether it has to be read again. */
    public Task task(Instant now) {
        String detail = "runbook version " + version + ", last checked on " + checked;
        long age = ChronoUnit.DAYS.between(checked, DayFile.dayOf(now));
        if (age <= OLD_DAYS) return Task.done("documentation", detail);
        return Task.open("documentation", Check.Status.WARNING, detail + ", " + age + " d ago",
                Next.words("read docs/runbook.md through, correct it, and set the date below its title"));
    }
}
