package telemetry.os;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import telemetry.StoreException;

/**
 * The answer of another program to a question that only it can answer.
 *
 * @param exit its exit code
 * @param text all that it printed to stdout, its bytes as ISO 8859-1
 */
public record Answer(int exit, String text) {

    /**
     * Starts the program with an empty stdin; its stderr is discarded. The output goes through a file, because whatever the program has
     * started would keep a pipe open. It runs in a folder of its own: Python, for one, takes what it needs from the folder that it runs in.
     *
     * @return empty when the program cannot be started, or has not ended in time and was ended
     */
    public static Optional<Answer> of(Program program, Duration patience) {
        try (var folder = new ScratchFolder("telemetry-answer-")) {
            Path output = folder.path().resolve("stdout");
            Process process = program.builder().directory(folder.path().toFile()).redirectInput(Redirect.from(Machine.nothing()))
                    .redirectOutput(output.toFile()).redirectError(Redirect.DISCARD).start();
            if (process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS))
                return Optional.of(new Answer(process.exitValue(), Files.readString(output, StandardCharsets.ISO_8859_1)));
            process.destroyForcibly();
        } catch (IOException | StoreException e) {
            // it is missing or cannot be started, so there is no answer
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Optional.empty();
    }
}
