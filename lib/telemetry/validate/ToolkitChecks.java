package telemetry.validate;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import telemetry.Check;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.health.FolderChecks;
import telemetry.os.Attempt;
import telemetry.os.Machine;
import telemetry.os.ScratchFolder;
import telemetry.text.JsonText;
import telemetry.text.Runbook;

/**
 * The checks of {@link Installation} on the toolkit itself: does each alias of the catalog exist, and does it compile with the library that
 * runs now?
 */
final class ToolkitChecks {
    private static final String CATALOG = "jbang-catalog.json";

    private static final String ELSEWHERE = "not looked at: no checkout on this machine is known; perhaps a web server has the catalog";

    private final Installation.Surroundings around;

    ToolkitChecks(Installation.Surroundings around) {
        this.around = around;
    }

    Check aliases() {
        Path checkout = checkout().orElse(null);
        if (checkout == null) return Check.ok("aliases", ELSEWHERE);
        try {
            Map<String, Path> scripts = scripts(checkout);
            String missing = scripts.entrySet().stream().filter(alias -> !Files.isRegularFile(alias.getValue()))
                    .map(alias -> alias.getKey() + " (" + alias.getValue() + ")").collect(Collectors.joining(", "));
            if (missing.isEmpty()) return compiled(checkout, scripts);
            return Check.failed("aliases", "without a script: " + missing, restore(checkout));
        } catch (IllegalArgumentException e) {
            return Check.failed("aliases", checkout.resolve(CATALOG) + ": " + e.getMessage(), restore(checkout));
        } catch (StoreException e) {
            return Check.unknown("aliases", e.what(), Next.words("make room in the temporary folder").in(Runbook.DISK_FULL));
        } catch (IOException e) {
            return Check.unknown("aliases", Attempt.refused("read", checkout.resolve(CATALOG), e).what(), FolderChecks.OTHER_ACCOUNT);
        }
    }

    private static Next restore(Path checkout) {
        return Next.words("make the checkout whole again").then(Next.program("git", "-C", checkout.toString(), "status"))
                .in(Runbook.SYSTEM_OVERVIEW);
    }

    /** The checkout that the launcher names, or the one whose catalog JBang knows as telemetry, or the one around the working folder. */
    private Optional<Path> checkout() {
        return Optional.ofNullable(around.named()).or(this::registered).or(this::surrounding);
    }

    private Optional<Path> surrounding() {
        for (Path folder = around.working(); folder != null; folder = folder.getParent())
            if (Files.isRegularFile(folder.resolve(CATALOG)) && Files.isDirectory(folder.resolve("lib/telemetry")))
                return Optional.of(folder);
        return Optional.empty();
    }

    /** Source of the form: jbang.dev, Alias & Catalogs. An address that is not a path is no checkout. */
    private Optional<Path> registered() {
        String folder = around.env().get("JBANG_DIR");
        try {
            Path list = (folder == null || folder.isBlank() ? Machine.home().resolve(".jbang") : Path.of(folder)).resolve(CATALOG);
            Object ref = member(member(member(Files.readString(list), "catalogs"), "telemetry"), "catalog-ref");
            return ref == null ? Optional.empty() : Optional.of(Path.of(ref.toString())).filter(Files::isRegularFile).map(Path::getParent);
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Object member(Object json, String name) {
        return json == null ? null : JsonText.object(json.toString()).get(name);
    }

    private static Map<String, Path> scripts(Path checkout) throws IOException {
        Object aliases = member(Files.readString(checkout.resolve(CATALOG)), "aliases");
        if (aliases == null) throw new IllegalArgumentException("it has no aliases");
        Map<String, Path> scripts = new TreeMap<>();
        JsonText.object(aliases.toString())
                .forEach((alias, said) -> scripts.put(alias, checkout.resolve(String.valueOf(member(said, "script-ref")))));
        return scripts;
    }

    /** For JShell's file and the tests, which need JUnit, it is enough to exist. */
    private static Check compiled(Path checkout, Map<String, Path> scripts) {
        Path folder = checkout.resolve("scripts");
        List<Path> sources = new ArrayList<>(scripts.values());
        sources.removeIf(script -> !script.startsWith(folder) || !script.toString().endsWith(".java"));
        String found = scripts.size() + " in " + checkout;
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) return Check.ok("aliases", found + ", all there; this Java cannot compile them");
        long began = System.nanoTime();
        List<String> errors = errors(compiler, sources);
        if (!errors.isEmpty()) return Check.failed("aliases", found + "; do not compile: " + String.join("; ", errors), restore(checkout));
        String took = Times.words(Duration.ofNanos(System.nanoTime() - began));
        return Check.ok("aliases", found + ", all there, " + sources.size() + " compiled in " + took);
    }

    /** The first error of each file. */
    private static List<String> errors(JavaCompiler compiler, List<Path> sources) {
        var diagnostics = new DiagnosticCollector<JavaFileObject>();
        Attempt.of("compile into", ScratchFolder.TEMPORARY, () -> compile(compiler, sources, diagnostics));
        Map<String, String> first = new TreeMap<>();
        for (Diagnostic<? extends JavaFileObject> found : diagnostics.getDiagnostics()) {
            if (found.getKind() != Diagnostic.Kind.ERROR) continue;
            String file = found.getSource() == null ? "javac" : new File(found.getSource().getName()).getName();
            String message = found.getMessage(Locale.ROOT).lines().findFirst().orElse("");
            first.putIfAbsent(file, file + " line " + found.getLineNumber() + ": " + message);
        }
        return new ArrayList<>(first.values());
    }

    private static void compile(JavaCompiler compiler, List<Path> sources, DiagnosticCollector<JavaFileObject> diagnostics)
            throws IOException {
        try (var classes = new ScratchFolder("telemetry-aliases");
                StandardJavaFileManager files = compiler.getStandardFileManager(diagnostics, Locale.ROOT, StandardCharsets.UTF_8)) {
            List<String> options = List.of("-proc:none", "-implicit:none", "-nowarn", "-d", classes.path().toString(),
                    "-classpath", System.getProperty("java.class.path"));
            compiler.getTask(null, files, diagnostics, options, null, files.getJavaFileObjectsFromPaths(sources)).call();
        }
    }
}
