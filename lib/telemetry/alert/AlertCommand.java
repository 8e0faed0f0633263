package telemetry.alert;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Machine;
import telemetry.os.Program;

/**
 * An alert that the operator's command reads on its standard input. A command that takes too long is ended with everything that it has
 * started. Its output is discarded, because stdout is health's own.
 *
 * @param text the command for the system's shell
 */
record AlertCommand(String text) implements AlertTarget {

    /** The program's name only: its arguments may contain a secret address, and so may a variable before it. */
    @Override
    public String name() {
        String[] words = text.strip().split("\\s+", 2);
        if (words[0].contains("=") || words[0].contains("://")) return "by a command";
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
            ProcessBuilder command = Program.shell(text, AlertTarget.VARIABLE).redirectOutput(Redirect.DISCARD)
                    .redirectError(Redirect.DISCARD);
            Machine.restoreLocale(command.environment());
            return command.start();
        } catch (IOException e) {
            throw refused(e.getMessage(), e);
        }
    }

    /** Writes from a thread of its own: a command that does not read must not block this one. */
    private static void hand(AlertMessage message, Process process) {
        var writing = new Thread(() -> {
            try (OutputStream in = process.getOutputStream()) {
                in.write(message.whole().getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // the command did not read everything; its exit code says whether that is all right
            }
        }, "alert");
        writing.setDaemon(true);
        writing.start();
    }

    private StoreException refused(String why, Exception cause) {
        return new StoreException(StoreException.Reason.FAILED, "alert " + name(), null, why, null, cause);
    }
}
