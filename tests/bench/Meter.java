import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import telemetry.kit.Checkout;
import telemetry.text.JsonText;

/**
 * Runs processes to their end and tells what they took. With Python 3 on a Unix the kernel's account of CPU and memory is asked for, of
 * children too
 * ({@code meter.py}); without, there is only the wall clock.
 */
final class Meter {

    /** One run. @param errors the end of its standard error */
    record Run(int exit, Map<Figure, Double> figures, String errors) { }

    private static final int TAIL = 2_000;

    private final String python;
    private final Path script = Checkout.root().resolve("tests/bench/meter.py");

    private Meter(String python) {
        this.python = python;
    }

    static Meter here() {
        return new Meter(telemetry.os.Machine.isWindows() ? null : Programs.python());
    }

    boolean knowsCpuAndMemory() {
        return python != null;
    }

    /** @param output gets its standard output */
    Run run(List<String> command, Path output) throws IOException, InterruptedException {
        Path account = Files.createTempFile("meter", ".json");
        Path errors = Files.createTempFile("meter", ".err");
        try {
            List<String> all = new ArrayList<>();
            if (python != null) all.addAll(List.of(python, "-I", "-S", script.toString(), account.toString()));
            all.addAll(command);
            var builder = new ProcessBuilder(all).redirectOutput(output.toFile()).redirectError(errors.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("TELEMETRY_") || name.equals("AGENT_METRICS_DIR"));
            long began = System.nanoTime();
            Process process = builder.start();
            process.getOutputStream().close();
            int exit = process.waitFor();
            double wall = (System.nanoTime() - began) / 1e9;
            String said = Files.readString(errors);
            String tail = said.substring(Math.max(0, said.length() - TAIL)).strip();
            return python == null ? new Run(exit, new EnumMap<>(Map.of(Figure.WALL, wall)), tail) : accounted(account, exit, tail);
        } finally {
            Files.delete(account);
            Files.delete(errors);
        }
    }

    private static Run accounted(Path account, int exit, String errors) throws IOException {
        if (exit != 0) return new Run(exit, Map.of(), "meter.py: " + errors);
        Map<String, Object> told = JsonText.object(Files.readString(account));
        Map<Figure, Double> figures = new EnumMap<>(Figure.class);
        figures.put(Figure.WALL, number(told, "wall"));
        figures.put(Figure.CPU, number(told, "cpu"));
        if (number(told, "peak_kib") > number(told, "floor_kib")) figures.put(Figure.PEAK, number(told, "peak_kib") * 1024 / 1e6);
        return new Run((int) number(told, "exit"), figures, errors);
    }

    private static double number(Map<String, Object> told, String name) {
        return ((Number) told.get(name)).doubleValue();
    }
}
