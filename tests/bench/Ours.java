import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import telemetry.kit.Checkout;
import telemetry.os.Disk;
import telemetry.os.Machine;

/** The toolkit's commands as processes. */
final class Ours {
    private Ours() { }

    /** As an operator types it, from the second time on: the comparison's first round, which does not count, builds it. */
    static List<String> command(String script, Object... arguments) {
        return with(List.of(jbangw(), script), arguments);
    }

    /** Anything else that scripts/jbangw takes. */
    static List<String> throughJbang(Object... arguments) {
        return with(List.of(jbangw()), arguments);
    }

    /** A program that uses the library and lives for seconds, as {@code //SOURCES} of it would start with what docs/scripting.md advises. */
    static List<String> program(Class<?> main, Object... arguments) {
        List<String> options = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1"));
        options.addAll(options("lib/telemetry/text/package-info.java"));
        return java(options, main.getName(), arguments);
    }

    private static String jbangw() {
        return Checkout.root().resolve(Machine.isWindows() ? "scripts/jbangw.cmd" : "scripts/jbangw").toString();
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
