package telemetry.kit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The agents' own language. A test that needs it is skipped where it is missing. */
public final class Python {
    private Python() { }

    /** Runs a program with these arguments. @return all that it says */
    public static String run(String program, Object... arguments) {
        List<String> command = new ArrayList<>(List.of("python3", "-c", program));
        for (Object argument : arguments) command.add(argument.toString());
        try {
            Process python = new ProcessBuilder(command).redirectErrorStream(true).start();
            return new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            assumeTrue(false, "there is no python3: " + e.getMessage());
            throw new UncheckedIOException(e);
        }
    }
}
