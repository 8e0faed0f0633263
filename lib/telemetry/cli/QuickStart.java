package telemetry.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import telemetry.os.InUse;
import telemetry.os.Machine;
import telemetry.os.Program;

/**
 * Prepares what {@code scripts/launch} needs to start a script by java alone. That is a file with the options of JBang's JVM, which java
 * takes as {@code @file}, and an archive of the classes it loads. JBang runs this class in place of the script, so it sees the same JVM.
 *
 * <p>The file's first lines are for the launcher: {@code # java PROGRAM}, then {@code # for PROGRAM}, the java that was there when JBang
 * was asked, and {@code # uses FILE} for each file that went into this, except the sources.
 */
final class QuickStart {

    /** Far more than a rehearsal takes, and less than an operator would wait for. */
    private static final long PATIENCE_SECONDS = 60;

    /** The first version whose JVM writes an ahead-of-time cache in one step. Source: openjdk.org, JEP 514. */
    private static final int ONE_STEP_CACHE = 25;

    /**
     * SQLite's driver prepares for dates as soon as it is loaded, although nobody here uses them. A start is faster without the large
     * locale data (bench row {@code start}).
     */
    private static final String SMALL_LOCALES = "-Djava.locale.providers=COMPAT";
    private static final int WARNING_OF_SMALL_LOCALES = 21;

    private static final String UNFINISHED = ".tmp";

    /** Options that a JVM takes from its environment, whatever its command is. */
    private static final List<String> OF_THE_SHELL = List.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS");

    private final String script;
    private final Path checkout;
    private final Path file;
    private final Path archive;
    private final Path java;

    private QuickStart(String script, Path checkout, Path file, Path java) {
        this.script = script;
        this.checkout = checkout;
        this.file = file;
        this.java = java;
        this.archive = file.resolveSibling(file.getFileName() + ".archive");
    }

    /**
     * Writes the file, unless a source has changed since JBang began to build.
     *
     * @param args the script's name, the checkout, the file to write, a file that was written just before JBang began, the launcher's java
     */
    public static void main(String... args) throws IOException, InterruptedException {
        var start = new QuickStart(args[0], Path.of(args[1]), Path.of(args[2]), Path.of(args[4]));
        System.exit(start.write(Path.of(args[3])) ? Cli.OK : Cli.FAILED);
    }

    private boolean write(Path began) throws IOException, InterruptedException {
        if (!isWhole()) return false;
        removeUnfinished();
        boolean isArchived = rehearse();
        Path unfinished = Files.createTempFile(file.getParent(), file.getFileName().toString(), UNFINISHED);
        Files.write(unfinished, lines(isArchived), Charset.forName(System.getProperty("sun.jnu.encoding")));
        boolean isCurrent = !isAnySourceSince(Files.getLastModifiedTime(began));
        if (isCurrent) InUse.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        else Files.delete(unfinished);
        return isCurrent;
    }

    /** Two simultaneous builds by JBang may leave a jar without the script's class. */
    private boolean isWhole() {
        return QuickStart.class.getResource("/" + script + ".class") != null;
    }

    /** The caller holds the lock, so these files are from a start that was killed. */
    private void removeUnfinished() throws IOException {
        try (DirectoryStream<Path> kept = Files.newDirectoryStream(file.getParent())) {
            for (Path path : kept) if (isUnfinished(path.getFileName().toString())) Files.delete(path);
        }
    }

    private boolean isUnfinished(String name) {
        return name.startsWith(file.getFileName().toString()) && name.endsWith(UNFINISHED);
    }

    /**
     * Before Java's one-step cache, the classes are listed first, and a second JVM archives them. An archive made at exit would leave out
     * picocli's classes, whose form is too old for it.
     *
     * @return false when this JVM makes no archive; the script then starts without one
     */
    private boolean rehearse() throws IOException, InterruptedException {
        Path unfinished = archive.resolveSibling(archive.getFileName() + UNFINISHED);
        Path classes = archive.resolveSibling(archive.getFileName() + ".classes" + UNFINISHED);
        boolean isArchived = hasOneStepCache() ? java("-XX:AOTCacheOutput=" + unfinished, Rehearsal.class.getName(), script)
                : java("-XX:DumpLoadedClassList=" + classes, Rehearsal.class.getName(), script)
                && java("-XX:SharedClassListFile=" + classes, "-XX:SharedArchiveFile=" + unfinished, "-Xshare:dump");
        Files.deleteIfExists(classes);
        if (!isArchived || !Files.exists(unfinished)) return false;
        InUse.move(unfinished, archive, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return true;
    }

    private static boolean java(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program()));
        command.addAll(options());
        command.addAll(List.of("-Xlog:disable", "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(arguments));
        var builder = Program.own(command).builder().redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD);
        builder.environment().keySet().removeAll(OF_THE_SHELL);
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
        return process.exitValue() == 0;
    }

    private List<String> lines(boolean isArchived) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("# java " + program());
        lines.add("# for " + java.toRealPath());
        lines.add("# uses " + Path.of(System.getProperty("java.home"), "release"));
        for (String jar : System.getProperty("java.class.path").split(System.getProperty("path.separator"))) lines.add("# uses " + jar);
        if (isArchived) lines.add("# uses " + archive);
        for (String option : options()) lines.add(quoted(option));
        if (isArchived) lines.add(quoted((hasOneStepCache() ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + archive));
        lines.addAll(List.of("-Xlog:disable", "-cp", quoted(System.getProperty("java.class.path"))));
        return lines;
    }

    /** Source of the form: the java command's manual, "java Command-Line Argument Files". */
    private static String quoted(String option) {
        return '"' + option.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String program() {
        return ProcessHandle.current().info().command().orElse(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    }

    /** The options of this JVM, which JBang took from the script; not those that a shell has for every JVM. */
    private static List<String> options() {
        List<String> options = new ArrayList<>(ManagementFactory.getRuntimeMXBean().getInputArguments());
        for (String variable : OF_THE_SHELL) for (String option : words(Machine.environment().getOrDefault(variable, "")))
            options.remove(option);
        if (Runtime.version().feature() < WARNING_OF_SMALL_LOCALES) options.add(SMALL_LOCALES);
        return options;
    }

    /** A variable's options, quoted as the JVM has it: in {@code '} or {@code "}, in the middle of a word too. */
    private static List<String> words(String options) {
        return Pattern.compile("(?:[^\\s'\"]|'[^']*'|\"[^\"]*\")+").matcher(options).results()
                .map(word -> word.group().replaceAll("'([^']*)'|\"([^\"]*)\"", "$1$2")).toList();
    }

    private static boolean hasOneStepCache() {
        return Runtime.version().feature() >= ONE_STEP_CACHE;
    }

    /** A file that was written while JBang read it may be half in the jar. */
    private boolean isAnySourceSince(FileTime began) throws IOException {
        try (Stream<Path> library = Files.walk(checkout.resolve("lib"))) {
            for (Path source : Stream.concat(library, Stream.of(checkout.resolve("scripts").resolve(script + ".java"))).toList())
                if (Files.getLastModifiedTime(source).compareTo(began) > 0) return true;
            return false;
        }
    }
}
