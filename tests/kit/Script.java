package telemetry.kit;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import telemetry.Store;
import telemetry.cli.Cli;
import telemetry.os.Machine;

/** Runs a script as its user would and keeps what came of it. */
public record Script(int exit, String out, String err) {

    /** In this JVM: {@code Script.run(new health(), "--store", dir)}. */
    public static Script run(Callable<Integer> script, Object... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int exit = Cli.run(script, new PrintWriter(out), new PrintWriter(err), text(args).toArray(String[]::new));
        return new Script(exit, out.toString(), err.toString());
    }

    /** The same on this store. */
    @SuppressWarnings("unchecked")
    public static Script on(Store store, Callable<?> script, Object... args) {
        List<Object> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--store", store.base()));
        return run((Callable<Integer>) script, all.toArray());
    }

    /** A text with blanks as it is printed to be pasted into the shell of this system. */
    public static String quoted(Object text) {
        return Machine.isWindows() ? "\"" + text + "\"" : "'" + text + "'";
    }

    /** All that it said, on one line. */
    public String said() {
        return (out + " " + err).replaceAll("\\s+", " ");
    }

    /** With the line ends of Linux. */
    public Script plain() {
        return new Script(exit, out.replace(System.lineSeparator(), "\n"), err.replace(System.lineSeparator(), "\n"));
    }

    /** As a process of its own, on this JVM's class path, to its end. */
    public static Script runProcess(Map<String, String> env, String script, Object... args) throws IOException, InterruptedException {
        Path out = Files.createTempFile("out", ".txt");
        Path err = Files.createTempFile("err", ".txt");
        Process process = processBuilder(env, script, args).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        process.getOutputStream().close();
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError(script + " did not end within 5 minutes");
        }
        var result = new Script(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
        PatientDeletion.delete(out);
        PatientDeletion.delete(err);
        return result;
    }

    /** As {@link #runProcess}, without the right of root to read and write everywhere. */
    public static Script runWithoutRights(String script, Object... args) throws IOException, InterruptedException {
        return runWithoutRights(Map.of(), script, args);
    }

    public static Script runWithoutRights(Map<String, String> env, String script, Object... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root"))
            command.addAll(List.of("setpriv", "--bounding-set", "-dac_override,-dac_read_search"));
        ProcessBuilder builder = processBuilder(env, script, args);
        command.addAll(builder.command());
        Process process = builder.command(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Script(process.waitFor(), said, said);
    }

    /** The process, not started: for tests that talk to it or kill it. */
    public static ProcessBuilder processBuilder(Map<String, String> env, String script, Object... args) {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djdk.console=java.base",
                "-cp", System.getProperty("java.class.path"), script));
        command.addAll(text(args));
        var builder = new ProcessBuilder(command);
        for (String variable : List.of("TELEMETRY_DB_PATH", "TELEMETRY_BASE_DIR", "AGENT_METRICS_DIR",
                "TELEMETRY_NDJSON_DIR", "AGENT_OWNER")) builder.environment().remove(variable);
        builder.environment().putAll(env);
        return builder;
    }

    /** A line as the shell of this system reads it, not started. */
    public static ProcessBuilder shell(String line) {
        return Machine.isWindows() ? new ProcessBuilder("cmd", "/d", "/s", "/c", "\"" + line + "\"") : new ProcessBuilder("sh", "-c", line);
    }

    private static List<String> text(Object... args) {
        List<String> text = new ArrayList<>();
        for (Object arg : args) text.add(arg.toString());
        return text;
    }
}
