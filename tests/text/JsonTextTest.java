package telemetry.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class JsonTextTest {
    private record Counts(long runs, Duration tookMs) implements JsonText.Inline { }

    private record Made(Path file, Counts counts, boolean isVerified, String issue) { }

    @Test
    void aRecordsComponentsAreTheMembersAndThoseOfAnInlineOneStandAmongThem() {
        assertEquals("{\"file\":\"a\",\"runs\":2,\"took_ms\":1500,\"verified\":true,\"issue\":null}",
                JsonText.line(new Made(Path.of("a"), new Counts(2, Duration.ofMillis(1500)), true, null)));
    }
}
