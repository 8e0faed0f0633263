import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** The programs of others that a command is compared with, as far as they are on the PATH. */
final class Programs {
    private Programs() { }

    static boolean has(String name) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            if (Files.isExecutable(Path.of(folder, name)) || Files.isRegularFile(Path.of(folder, name + ".exe"))) return true;
        return false;
    }

    /** The interpreter itself: a start through the shim of a version manager takes twice the time. Null when there is none. */
    static String python() {
        String found = has("python3") ? said("python3", "-c", "import sys; print(sys.executable)") : null;
        return found == null || found.isBlank() ? null : found;
    }

    /** A contender of this program, or the word that it is missing. @param made is given the program's name */
    static Contender contender(String program, String name, Function<String, Contender> made) {
        String path = program.equals("python3") ? python() : has(program) ? program : null;
        if (path == null) return Contender.missing(name, program + " is not on the PATH");
        Contender contender = made.apply(path);
        return contender.command().contains("sh") && !has("sh") ? Contender.missing(name, "sh is not on the PATH") : contender;
    }

    /** The first line that a program prints, null when it cannot be started. */
    static String said(String... command) {
        try {
            Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? text.lines().findFirst().orElse("").strip() : null;
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
