import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.kit.Script;
import telemetry.text.Runbook;

/** The command that prints the runbook's sections. */
class PrintedRunbookTest {

    private static Script runbook(Object... args) {
        return Script.run(new runbook(), args);
    }

    @Test
    void theListNamesEverySectionThatAHintNames() {
        List<String> listed = runbook("--list").out().lines().map(line -> line.strip().replaceFirst("^\\d+ ", "")).toList();
        for (Runbook section : Runbook.values()) assertTrue(listed.contains(section.toString()), section + " in " + listed);
        assertEquals(listed.size(), Json.parse(runbook("--list", "--json").out()).asArray().size());
    }

    @Test
    void everySectionOfAHintIsPrintedWithItsCommandsAsTheyAreTyped() {
        for (Runbook section : Runbook.values()) {
            Script printed = runbook((Object[]) section.toString().split(" "));
            assertEquals(0, printed.exit(), printed.err());
            assertTrue(printed.out().matches("(?s)#{2,3} (\\d+ )?" + section + "\\R.*"), printed.out());
            assertTrue(printed.out().matches("(?s).*\\$ jbang [a-z_]+@telemetry.*"), section + ": " + printed.out());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Disk Full", "disk full", "disk"})
    void aSectionIsFoundByItsNameInAnyCaseOrTheBeginningOfIt(String asked) {
        Script printed = runbook((Object[]) asked.split(" "));
        assertTrue(printed.out().startsWith("### Disk Full"), printed.out());
        assertFalse(printed.out().contains("\n## "), "it ends where the next one begins");
    }

    @Test
    void aChapterIsFoundByItsNumberAndHasItsSections() {
        Script printed = runbook("4");
        assertTrue(printed.out().startsWith("## 4 Recovery Procedures") && printed.out().contains("### Disk Full"), printed.out());
        assertFalse(printed.out().contains("## 5 "), printed.out());
    }

    @Test
    void anUnknownSectionIsRefusedWithTheCommandThatListsThem() {
        Script refused = runbook("nothing");
        assertEquals(64, refused.exit());
        assertTrue(refused.err().endsWith("next: jbang runbook@telemetry --list" + System.lineSeparator()), refused.err());
    }
}
