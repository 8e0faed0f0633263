package telemetry.alert;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Machine;

/**
 * An alert that a command of the operator's reads on its standard input. One that takes too long is ended with all that it has started.
 * What it prints goes nowhere: stdout is health's own.
 *
 * @param text the command as the system's shell takes it
 */
record AlertCommand(String text) implements AlertTarget {

    /** The program alone: what follows may be an address that nobody else should see. */
    @Override
    public String name() {
        String[] words = text.strip().split("\\s+", 2);
        return "by '" + words[0] + (words.length == 1 ? "'" : " …'");
    }

    @Override
    public void tell(AlertMessage message, Duration patience) {
        Process process = start();
        try {
            hand(message, process);
            boolean isOver = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (!isOver) throw refused("it had not ended after " + Times.words(patience), null);
            if (process.exitValue() != 0) throw refused("exit code " + process.exitValue(), null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw refused("interrupted", e);
        } finally {
            if (process.isAlive()) end(process);
        }
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private Process start() {
        try {
            return new ProcessBuilder(words()).redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD).start();
        } catch (IOException e) {
            throw refused(e.getMessage(), e);
        }
    }

    /** Source of /s: cmd /?, which then takes away the outer quotation marks and no others. */
    private List<String> words() {
        return Machine.isWindows() ? List.of("cmd", "/d", "/s", "/c", '"' + text + '"') : List.of("sh", "-c", text);
    }

    /** From a thread of its own: a command that does not read must not hold up anybody. */
    private static void hand(AlertMessage message, Process process) {
        var writing = new Thread(() -> {
            try (OutputStream in = process.getOutputStream()) {
                in.write(message.whole().getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // it did not want to read all of it; its exit code says whether that was well
            }
        }, "alert");
        writing.setDaemon(true);
        writing.start();
    }

    private StoreException refused(String why, Exception cause) {
        return new StoreException(StoreException.Reason.FAILED, "alert " + name(), null, why, null, cause);
    }
}
