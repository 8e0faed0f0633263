import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import telemetry.Disk;

/**
 * The toolkit's commands as processes: on this JVM's class path with the options that JBang would start them with, in its order, but
 * without JBang's own start.
 */
final class Ours {
    private Ours() { }

    /** @param script {@code "health"} */
    static List<String> command(String script, Object... arguments) {
        List<String> options = options("scripts/" + script + ".java");
        options.addAll(options("lib/telemetry/package-info.java"));
        return java(options, script, arguments);
    }

    /** A program that uses the library and lives for seconds, as {@code //SOURCES} of it would start with what docs/scripting.md advises. */
    static List<String> program(Class<?> main, Object... arguments) {
        List<String> options = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1"));
        options.addAll(options("lib/telemetry/package-info.java"));
        return java(options, main.getName(), arguments);
    }

    /** As an operator types it. */
    static List<String> throughJbang(Object... arguments) {
        return with(List.of(Checkout.root().resolve(Disk.isWindows() ? "scripts/jbangw.cmd" : "scripts/jbangw").toString()), arguments);
    }

    private static List<String> java(List<String> options, String main, Object... arguments) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        return with(command, arguments);
    }

    private static List<String> with(List<String> command, Object... arguments) {
        List<String> all = new ArrayList<>(command);
        for (Object argument : arguments) all.add(argument.toString());
        return all;
    }

    private static List<String> options(String source) {
        Path file = Checkout.root().resolve(source);
        List<String> options = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file))
                if (line.startsWith("//RUNTIME_OPTIONS ")) options.addAll(List.of(line.substring(18).strip().split("\\s+")));
        } catch (IOException e) {
            throw Disk.refused("read the options in", file, e);
        }
        return options;
    }
}
