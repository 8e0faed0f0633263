package telemetry.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final StringWriter said = new StringWriter();
    private long now;

    @Test
    void saysNothingInTheFirstSecondAndThenFiveTimesASecondAtTheMost() {
        try (var progress = new Progress(new PrintWriter(said), "MB", 600, () -> now)) {
            at(progress, 999, 90);
            assertEquals("", said.toString());
            at(progress, 1_000, 100);
            assertEquals("\r100 of 600 MB, 100 a second, 5.0 s left", said.toString());
            at(progress, 1_150, 115);
            at(progress, 2_000, 599);
            assertEquals("\r100 of 600 MB, 100 a second, 5.0 s left\r599 of 600 MB, 300 a second, 3 ms left ", said.toString());
        }
        String last = said.toString().substring(said.toString().lastIndexOf("left") + 4);
        assertEquals(" \r" + " ".repeat("599 of 600 MB, 300 a second, 3 ms left".length()) + "\r", last, "the line is taken away");
    }

    @Test
    void withoutATotalItSaysHowFarItIs() {
        try (var progress = new Progress(new PrintWriter(said), "lines", 0, () -> now)) {
            at(progress, 2_000, 5_000);
            assertEquals("\r5,000 lines, 2,500 a second", said.toString());
        }
    }

    @Test
    void isSilentWhereThereIsNoTerminal() {
        try (var progress = new Progress(null, "lines", 0, () -> now)) {
            at(progress, 5_000, 1);
        }
        assertEquals("", said.toString());
    }

    private void at(Progress progress, long ms, long done) {
        now = ms * 1_000_000;
        progress.at(done);
    }
}
