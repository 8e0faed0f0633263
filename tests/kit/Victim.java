package telemetry.kit;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** A process that runs one command after another: thousands of them would take hours if each started a JVM. */
public final class Victim implements AutoCloseable {
    private final Process process;
    private final BufferedWriter in;
    private final BufferedReader out;

    /** @param env variables of the process, those of {@link Faults} for example */
    public Victim(Map<String, String> env) throws IOException {
        process = Script.processBuilder(env, Victim.class.getName()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        in = process.outputWriter(StandardCharsets.UTF_8);
        out = process.inputReader(StandardCharsets.UTF_8);
    }

    public long pid() {
        return process.pid();
    }

    public Script run(String script, List<String> args) throws IOException {
        begin(script, args);
        return end();
    }

    /** Begins a command and does not wait for its end. */
    public void begin(String script, List<String> args) throws IOException {
        JsonArray words = new JsonArray().add(script);
        args.forEach(words::add);
        in.write(words.toString());
        in.newLine();
        in.flush();
    }

    public boolean hasEnded() throws IOException {
        return out.ready() || !process.isAlive();
    }

    public Script end() throws IOException {
        String line = out.readLine();
        if (line == null) throw new IOException("the process has ended with " + process.onExit().join().exitValue());
        JsonObject said = Json.parse(line).asObject();
        return new Script(said.getInt("exit", -1), said.getString("out", ""), said.getString("err", ""));
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }

    public static void main(String... none) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err);
        var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            List<String> words = new ArrayList<>();
            Json.parse(line).asArray().forEach(word -> words.add(word.asString()));
            Script done = Script.run(script(words.remove(0)), words.toArray());
            answers.println(Json.object().add("exit", done.exit()).add("out", done.out()).add("err", done.err()));
            answers.flush();
        }
    }

    /** A script of the folder scripts/, by its name. */
    @SuppressWarnings("unchecked")
    static Callable<Integer> script(String name) {
        try {
            Constructor<?> script = Class.forName(name).getDeclaredConstructor();
            script.setAccessible(true);
            return (Callable<Integer>) script.newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
