package telemetry.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Store;

/**
 * A tired operator with nothing but the commands' own words: types health, pastes the hint into a shell as it was printed, follows what
 * that prints, and looks at health again.
 */
public final class Operator {

    /** What a command in a shell came to. */
    public record Typed(String line, int exit, String said) {
        private static final Pattern NEXT = Pattern.compile("(?m)^\\s*next: (.+)$");

        /** The first hint; null when none is printed. */
        public String next() {
            Matcher next = NEXT.matcher(said);
            return next.find() ? next.group(1) : null;
        }

        /** The last hint, which is about what was just done. */
        private String last() {
            String last = null;
            for (Matcher next = NEXT.matcher(said); next.find(); ) last = next.group(1);
            return last;
        }

        /** The line of health's check of this name, with the lines that belong to it. */
        public String check(String name) {
            Matcher line = Pattern.compile("(?m)^(?:ok|warning|failed) +" + name + "  .*(?:\\R {10,}.*)*").matcher(said);
            assertTrue(line.find(), () -> "no check " + name + " in\n" + said);
            return line.group().replaceAll("\\s+", " ");
        }

        @Override
        public String toString() {
            return "$ " + line + "\n" + said + "# exit " + exit;
        }
    }

    private final Path folder;
    private final ProcessBuilder shell = new ProcessBuilder();
    private final String health;
    private final List<Typed> typed = new ArrayList<>();

    /**
     * @param folder where the shell is
     * @param health how this operator types health, with the store's option where it needs one
     */
    public Operator(Path folder, String health) {
        this.folder = folder;
        this.health = health;
        for (String variable : Store.ALL_VARIABLES) shell.environment().remove(variable);
        shell.environment().put("JAVA_HOME", System.getProperty("java.home"));
    }

    public Operator with(String variable, Object value) {
        shell.environment().put(variable, value.toString());
        return this;
    }

    /** A line as a shell reads it. */
    public Typed type(String line) throws IOException, InterruptedException {
        Path said = Files.createTempFile("typed", ".txt");
        try {
            Process process = shell.command("sh", "-c", line).directory(folder.toFile()).redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).redirectOutput(said.toFile()).start();
            if (!process.waitFor(3, TimeUnit.MINUTES)) throw new AssertionError(line + " did not end");
            var done = new Typed(line, process.exitValue(), Files.readString(said, StandardCharsets.UTF_8));
            typed.add(done);
            return done;
        } finally {
            PatientDeletion.delete(said);
        }
    }

    public Typed health() throws IOException, InterruptedException {
        return type(health);
    }

    /** Health, which is to be well. */
    public void isWell() throws IOException, InterruptedException {
        Typed found = health();
        assertEquals(0, found.exit, this::toString);
        assertTrue(found.said.lines().toList().contains("ok: all " + found.said.lines().filter(line -> line.startsWith("ok  ")).count()
                + " checks are ok"), this::toString);
    }

    /**
     * Follows the hints of health, and those of the commands that it names, until health is well.
     *
     * @param most so many commands, health not counted
     * @return the last health, when it does not print a command any more
     */
    public Typed follow(int most) throws IOException, InterruptedException {
        Typed at = health();
        int count = 0;
        while (at.exit != 0) {
            String next = at.next();
            if (next == null) return at;
            for (Set<String> pasted = new HashSet<>(); next != null && pasted.add(next); ) {
                assertTrue(++count <= most, () -> "more than " + most + " commands:\n" + this);
                Typed done = type(next);
                assertFalse(Set.of(64, 70, 126, 127).contains(done.exit), this::toString);
                assertFalse(done.said.contains("not found"), this::toString);
                next = done.last();
            }
            at = health();
        }
        return at;
    }

    /** All that was typed, for a message. */
    @Override
    public String toString() {
        return String.join("\n", typed.stream().map(Typed::toString).toList());
    }
}
