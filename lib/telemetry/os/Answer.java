package telemetry.os;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What another program answers to a question that only it can answer.
 *
 * @param exit its exit code
 * @param text all that it printed to stdout, its bytes as ISO 8859-1
 */
public record Answer(int exit, String text) {

    /**
     * Starts it with nothing to read, and what it says on stderr goes nowhere. The output goes through a file: a pipe would be kept open by
     * whatever the program has started.
     *
     * @return empty when it cannot be started, or has not ended in this time, and then it is ended
     */
    public static Optional<Answer> of(ProcessBuilder program, Duration patience) {
        Path output = null;
        try {
            output = Files.createTempFile("answer", ".txt");
            Process process = program.redirectInput(Redirect.from(Machine.nothing())).redirectOutput(output.toFile())
                    .redirectError(Redirect.DISCARD).start();
            if (process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS))
                return Optional.of(new Answer(process.exitValue(), Files.readString(output, StandardCharsets.ISO_8859_1)));
            process.destroyForcibly();
        } catch (IOException e) {
            // it is not there, or there and cannot be started: it answers nothing
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (output != null) output.toFile().delete();
        }
        return Optional.empty();
    }
}
