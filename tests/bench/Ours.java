import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import telemetry.kit.Checkout;
import telemetry.os.Attempt;
import telemetry.os.Machine;

/** The toolkit of one checkout: its commands as processes, started by its own scripts/jbangw. */
record Ours(Path checkout) {

    /** The one that measures. */
    static Ours here() {
        return new Ours(Checkout.root());
    }

    /** As an operator types it, from the second time on: the comparison's first round, which does not count, builds it. */
    List<String> command(String script, Object... arguments) {
        return with(List.of(jbangw(), script), arguments);
    }

    /** Anything else that scripts/jbangw takes. */
    List<String> throughJbang(Object... arguments) {
        return with(List.of(jbangw()), arguments);
    }

    /** A program that uses the library and lives for seconds, with the options that docs/scripting.md advises. */
    List<String> program(Class<?> main, Object... arguments) {
        return program(System.getProperty("java.class.path"), main, arguments);
    }

    private List<String> program(String classPath, Class<?> main, Object... arguments) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1"));
        command.addAll(options());
        command.addAll(List.of("-cp", classPath, main.getName()));
        return with(command, arguments);
    }

    /**
     * The same program with this checkout's own library, built by JBang.
     *
     * @param folder for its source
     * @throws IOException when JBang cannot build it, with JBang's words
     */
    List<String> built(Path folder, Class<?> main, Meter meter, Object... arguments) throws IOException, InterruptedException {
        Path bench = Checkout.root().resolve("tests/bench");
        Path source = Files.createDirectories(folder).resolve(main.getName() + ".java");
        Files.writeString(source, "//JAVA 17+\n//SOURCES " + bench.resolve("Figure.java") + "\n//SOURCES "
                + checkout.resolve("lib/telemetry/package-info.java") + "\n" + Files.readString(bench.resolve(source.getFileName())));
        said(folder, meter, "build", source);
        return program(said(folder, meter, "info", "classpath", source), main, arguments);
    }

    private String said(Path folder, Meter meter, Object... arguments) throws IOException, InterruptedException {
        Path output = folder.resolve("said");
        Meter.Run run = meter.run(throughJbang(arguments), output);
        if (run.exit() != 0) throw new IOException(jbangw() + " " + arguments[0] + " ended with " + run.exit() + ": " + run.errors());
        return Files.readString(output).strip();
    }

    private String jbangw() {
        return checkout.resolve(Machine.isWindows() ? "scripts/jbangw.cmd" : "scripts/jbangw").toString();
    }

    private static List<String> with(List<String> command, Object... arguments) {
        List<String> all = new ArrayList<>(command);
        for (Object argument : arguments) all.add(argument.toString());
        return all;
    }

    /** Of the library, in whichever of its folders they stand. */
    private List<String> options() {
        List<String> options = new ArrayList<>();
        try (Stream<Path> library = Files.walk(checkout.resolve("lib"))) {
            for (Path file : library.filter(path -> path.endsWith("package-info.java")).toList())
                for (String line : Files.readAllLines(file))
                    if (line.startsWith("//RUNTIME_OPTIONS ")) options.addAll(List.of(line.substring(18).strip().split("\\s+")));
        } catch (IOException e) {
            throw Attempt.refused("read the options in", checkout.resolve("lib"), e);
        }
        return options;
    }
}
