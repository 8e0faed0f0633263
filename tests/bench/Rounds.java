import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import telemetry.text.JsonText;

/**
 * Runs a comparison: one round in which what was done is compared and nothing is counted, then so many in which each has its turn: A B A B.
 */
final class Rounds {

    /**
     * What is made anew may differ in size by so much (a time in a text, a page in a database); what did not do its work differs by more.
     */
    private static final double SAME_SIZE = 0.05;
    private static final int LONGEST_ACCOUNT = 4_096;

    /** What keeps a comparison from being one; its message is for the report. */
    private static final class NoComparison extends Exception {
        NoComparison(String why) {
            super(why);
        }
    }

    private final Comparison comparison;
    private final Meter meter;
    private final Path output;
    private final Map<Contender, List<Map<Figure, Double>>> readings = new LinkedHashMap<>();
    private final Map<Contender, Long> sizes = new LinkedHashMap<>();
    private Work work;

    /** @param scratch a folder for their standard output */
    Rounds(Comparison comparison, Meter meter, Path scratch) {
        this.comparison = comparison;
        this.meter = meter;
        this.output = scratch.resolve("output");
        for (Contender contender : comparison.all())
            if (!contender.isMissing()) readings.put(contender, new ArrayList<>());
    }

    Outcome run(int counted) throws Exception {
        try {
            if (!comparison.ours().isMissing()) {
                compareWork();
                for (int round = 0; round < counted; round++)
                    for (Contender contender : readings.keySet()) readings.get(contender).add(again(contender));
            }
            return new Outcome(comparison, readings, work, null);
        } catch (NoComparison e) {
            return new Outcome(comparison, Map.of(), null, e.getMessage());
        }
    }

    private void compareWork() throws Exception {
        for (Contender contender : readings.keySet()) {
            turn(contender);
            sizes.put(contender, size(contender));
            Work done = contender.proof().of(output);
            if (done == null) continue;
            if (work == null) work = done;
            if (!work.equals(done))
                throw new NoComparison("not the same work: ours " + work + ", " + contender.name() + " " + done);
        }
    }

    private Map<Figure, Double> again(Contender contender) throws Exception {
        Map<Figure, Double> figures = turn(contender);
        long size = size(contender);
        long first = sizes.get(contender);
        if (Math.abs(size - first) > first * SAME_SIZE)
            throw new NoComparison("not the same work: " + contender.name() + " made " + size + " bytes where it had made " + first);
        return figures;
    }

    private Map<Figure, Double> turn(Contender contender) throws Exception {
        Files.deleteIfExists(output);
        contender.before().run();
        Meter.Run run = meter.run(contender.command(), output);
        if (!contender.exits().contains(run.exit()))
            throw new NoComparison(contender.name() + " failed with exit code " + run.exit() + ": " + run.errors());
        Map<Figure, Double> figures = new EnumMap<>(Figure.class);
        figures.putAll(run.figures());
        figures.putAll(told());
        return figures;
    }

    /** A program that tracks runs prints an object with its own figures. */
    private Map<Figure, Double> told() throws IOException {
        Map<Figure, Double> figures = new EnumMap<>(Figure.class);
        if (Files.size(output) > LONGEST_ACCOUNT) return figures;
        String text = Files.readString(output);
        if (!text.startsWith("{\"" + Figure.RATE.key())) return figures;
        JsonText.object(text).forEach((name, value) -> {
            for (Figure figure : Figure.values())
                if (figure.key().equals(name)) figures.put(figure, ((Number) value).doubleValue());
        });
        return figures;
    }

    private long size(Contender contender) throws IOException {
        try (Stream<Path> files = Files.walk(contender.product() == null ? output : contender.product())) {
            return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
        }
    }
}
