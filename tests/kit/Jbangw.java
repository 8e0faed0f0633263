package telemetry.kit;

import static java.util.concurrent.TimeUnit.MINUTES;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import telemetry.os.Machine;

/** One start of a scripts/jbangw as a process, on the JDK that runs the tests. */
public final class Jbangw {

    private final ProcessBuilder builder;

    public Jbangw(Path launcher, List<String> args) {
        if (Machine.isWindows()) Need.COMPILER.orSkip();
        var command = new ArrayList<>(List.of(launcher + (Machine.isWindows() ? ".cmd" : "")));
        command.addAll(args);
        builder = new ProcessBuilder(command);
        with("JAVA_HOME", System.getProperty("java.home"));
    }

    public Jbangw with(String variable, Object value) {
        builder.environment().put(variable, value.toString());
        return this;
    }

    public Jbangw in(Path folder) {
        builder.directory(folder.toFile());
        return this;
    }

    public Process start() throws IOException {
        return builder.start();
    }

    public Script run() throws IOException, InterruptedException {
        return run("");
    }

    public Script run(String input) throws IOException, InterruptedException {
        var err = Files.createTempFile("jbangw", ".err");
        try {
            var process = builder.redirectError(err.toFile()).start();
            try (var in = process.getOutputStream()) {
                in.write(input.getBytes());
            }
            var out = new String(process.getInputStream().readAllBytes());
            if (!process.waitFor(2, MINUTES)) throw new AssertionError(builder.command() + " did not end");
            return new Script(process.exitValue(), out, Files.readString(err));
        } finally {
            PatientDeletion.delete(err);
        }
    }

    /** Whoever starts programs in the background may have them ignore Ctrl-C, which they hand on. */
    public static boolean interruptsAreIgnored() throws IOException {
        var status = Path.of("/proc/self/status");
        if (!Files.exists(status)) return false;
        var ignored = Files.readString(status).replaceFirst("(?s).*\nSigIgn:\\s*(\\w+).*", "$1");
        return (Long.parseUnsignedLong(ignored, 16) & 2) != 0;
    }
}
