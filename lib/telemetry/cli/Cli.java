//DEPS info.picocli:picocli:4.7.7
package telemetry.cli;

import java.io.FileDescriptor;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import telemetry.Database;
import telemetry.RunStatus;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Arguments;
import telemetry.os.KeptFree;
import telemetry.os.LegalPath;
import telemetry.os.Machine;
import telemetry.text.Notes;
import telemetry.text.Terminal;
import telemetry.text.Escaped;

/** Runs a command: its options, its help and its exit code. What becomes of an exception, {@link Failures} says. */
public final class Cli {
    public static final int OK = 0;
    /** It worked; look at it. */
    public static final int WARNING = 1;
    /** A check or the operation failed. */
    public static final int FAILED = 2;
    /** Cannot tell: no store, no permission, locked. */
    public static final int UNKNOWN = 3;
    /** Source of this and the next: sysexits.h, EX_USAGE and EX_SOFTWARE. */
    public static final int USAGE = 64;
    static final int BUG = 70;

    /** Types that no option has. picocli finds their converters by reflection, which would slow down the reading of a command line. */
    private static final String UNUSED_TYPES = "java\\.sql\\..*,java\\.time\\.(?!LocalDate$).*";

    static {
        System.setProperty("picocli.converters.excludes", UNUSED_TYPES);
        System.setProperty("picocli.disable.closures", "true");
        if (Machine.isWindows() && !Terminal.isThere()) System.setProperty("picocli.ansi", "false");
    }

    /** Also the runbook's version: its page describes these commands. */
    private static final String VERSION = "1.0";

    private static final Map<String, String> EXIT_CODES = UsageMessageSpec.keyValuesMap("0:all well",
            "1:warning: it worked, look at it", "2:failed: a check or the operation", "3:cannot tell: no store, no permission, locked",
            "64:bad arguments", "70:a bug in this toolkit");

    /** By position among the arguments of this program: what could not be decoded. Null when the arguments are no program's. */
    private static String[] undecoded;

    private Cli() { }

    /** The main of every script: runs the command and ends the JVM with its exit code. */
    public static void main(Callable<Integer> command, String... args) {
        undecoded = Arguments.undecoded(args);
        System.exit(run(command, Output.console(FileDescriptor.out), Output.console(FileDescriptor.err), args));
    }

    /**
     * The main of a script that was started as a monitoring plugin. It prints exactly one line to stdout, and ends with 0 to 3, whatever
     * happens; also bad arguments are "cannot tell" then.
     *
     * @param name that the line begins with, in capitals
     */
    public static void plugin(String name, Callable<Integer> command, String... args) {
        undecoded = Arguments.undecoded(args);
        var out = new StringWriter();
        var err = new StringWriter();
        int code = run(command, new PrintWriter(out), new PrintWriter(err), args);
        boolean isAnswer = code <= UNKNOWN && !out.toString().isBlank();
        String line = isAnswer ? out.toString() : name + " UNKNOWN - " + err;
        PrintWriter console = Output.console(FileDescriptor.out);
        console.println(line.lines().findFirst().orElseThrow());
        console.flush();
        PrintWriter errors = Output.console(FileDescriptor.err);
        errors.print(err);
        errors.flush();
        System.exit(Output.lost(console) != null ? FAILED : !isAnswer ? UNKNOWN : code == WARNING ? saidWarning() : code);
    }

    /** scripts/in-front asks for another code, because a JVM that cannot start ends with 1 too. */
    private static int saidWarning() {
        return Integer.getInteger("telemetry.warning", WARNING);
    }

    /** As {@link #main}, but the output goes elsewhere and the exit code is the result: for tests and JShell. */
    public static int run(Callable<Integer> command, PrintWriter out, PrintWriter err, String... args) {
        KeptFree.ask(null);
        var line = new CommandLine(command);
        if (line.getSubcommands().isEmpty()) addWords(line, args);
        line.setOut(out).setErr(err).setCaseInsensitiveEnumValuesAllowed(true).setSubcommandsCaseInsensitive(true);
        line.registerConverter(Path.class, converter(Cli::path));
        line.registerConverter(Duration.class, converter(Times::duration));
        line.registerConverter(Size.class, converter(Size::parse));
        line.registerConverter(Times.Since.class, converter(Times.Since::parse));
        line.registerConverter(LocalDate.class, converter(Times::day));
        line.registerConverter(RunStatus.class, converter(RunStatus::parse));
        line.setExpandAtFiles(false).setExecutionStrategy(Cli::execute);
        line.setExecutionExceptionHandler(Failures.told(err));
        line.setParameterExceptionHandler((e, arguments) -> Failures.usage(e.getCommandLine(), e.getMessage()));
        tellOfTheToolkit(line);
        Notes.begin(note -> {
            err.println(Failures.name(Procedure.said(line)) + ": " + note);
            err.flush();
        });
        int code = execute(line, args);
        if (code == OK && Notes.isWarned()) code = WARNING;
        out.flush();
        String lost = Output.lost(out);
        if (lost != null) err.println(Failures.name(line) + ": cannot write to stdout: " + Escaped.line(lost));
        err.flush();
        return lost == null || code == USAGE || code == BUG ? code : FAILED;
    }

    /** Without this a command that ran out of memory would end with the JVM's exit code 1, which means that it worked. */
    private static int execute(CommandLine line, String... args) {
        try {
            return line.execute(args);
        } catch (OutOfMemoryError e) {
            return Failures.outOfMemory(line);
        } catch (Error e) {
            return Failures.bug(line, e);
        }
    }

    /**
     * Adds a command's words that are methods, for a command that does not add them by itself ({@code addMethodSubcommands = false}). Only
     * the words among the arguments are added, or all of them for the command's help: each has a dozen options, which take time.
     */
    private static void addWords(CommandLine line, String... args) {
        List<Method> words = CommandLine.getCommandMethods(line.getCommand().getClass(), null);
        List<Method> said = words.stream().filter(word -> Stream.of(args).anyMatch(word(word)::equalsIgnoreCase)).toList();
        boolean isHelp = Stream.of(args).anyMatch(arg -> arg.equals("--help") || arg.startsWith("-h"));
        for (Method word : said.isEmpty() && isHelp ? words : said) line.addSubcommand(word(word), word);
    }

    static String word(Method method) {
        return method.getAnnotation(CommandLine.Command.class).name();
    }

    /** The exit codes in --help and what --version says: the same for each command and its words. */
    private static void tellOfTheToolkit(CommandLine line) {
        line.getCommandSpec().versionProvider(Cli::versions).usageMessage().width(Terminal.columns())
                .exitCodeListHeading("%nExit codes:%n").exitCodeList(EXIT_CODES);
        line.getSubcommands().values().forEach(Cli::tellOfTheToolkit);
    }

    /** The versions of the toolkit, of Java, and of SQLite (or why it cannot be loaded), one a line. */
    private static String[] versions() {
        String sqlite;
        try {
            sqlite = Database.libraryVersion();
        } catch (StoreException e) {
            sqlite = "unknown: " + e.why();
        }
        return new String[] {"Telemetry Toolkit " + VERSION,
            "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vendor"), "SQLite " + sqlite};
    }

    /**
     * An option before the subcommand's name, --dry-run for instance, is the subcommand's when that one has it, and never goes unheeded.
     */
    private static int execute(ParseResult parsed) {
        requireDecoded(parsed);
        for (ParseResult part = parsed; part != null; part = part.subcommand()) part.matchedArgs().forEach(Cli::requireSaid);
        if (parsed.hasSubcommand())
            for (OptionSpec option : parsed.matchedOptions())
                if (option.scopeType() != ScopeType.INHERIT) handDown(option, parsed.subcommand());
        return new CommandLine.RunLast().execute(parsed);
    }

    /** A variable that is not set must not ask for all runs, or for none. */
    private static void requireSaid(ArgSpec arg) {
        boolean isText = arg.type() == String.class && arg.arity().min() > 0;
        if (!isText || arg.originalStringValues().stream().noneMatch(String::isEmpty)) return;
        String name = arg instanceof OptionSpec option ? option.longestName() : arg.paramLabel();
        throw new ParameterException(arg.command().commandLine(), name + ": '' says nothing: is a variable not set?");
    }

    /** A name with substitutes would be recorded for good, and a path leads elsewhere. Words of another program are its own. */
    private static void requireDecoded(ParseResult parsed) {
        if (undecoded == null || !(parsed.commandSpec().userObject() instanceof Procedure procedure)) return;
        for (int i = 0; i < undecoded.length - procedure.foreignWords().size(); i++)
            if (undecoded[i] != null)
                throw new ParameterException(parsed.commandSpec().commandLine(), "'" + undecoded[i] + "' cannot be decoded as "
                        + Arguments.encoding() + (Arguments.encoding().equalsIgnoreCase("UTF-8") ? "" : "; set LC_ALL=C.UTF-8"));
    }

    /** A word of this program's arguments for a message. @param fromEnd 1 for the last */
    static String shown(String word, int fromEnd) {
        String bytes = undecoded == null ? null : undecoded[undecoded.length - fromEnd];
        return bytes == null ? word : bytes;
    }

    /** @param last how many of the last arguments to look at */
    static boolean isAnyUndecoded(int last) {
        return undecoded != null && Stream.of(undecoded).skip(undecoded.length - last).anyMatch(Objects::nonNull);
    }

    private static void handDown(OptionSpec option, ParseResult subcommand) {
        OptionSpec own = subcommand.commandSpec().findOption(option.longestName());
        if (own == null) throw new ParameterException(subcommand.commandSpec().commandLine(),
                "the word " + subcommand.commandSpec().name() + " knows no " + option.longestName());
        if (!subcommand.hasMatchedOption(own)) own.setValue(option.getValue());
    }

    /** A variable that is not set must not become the folder where the command happens to run. */
    private static Path path(String text) {
        if (text.isBlank()) throw new IllegalArgumentException("'" + text + "' is no path: is a variable not set?");
        return LegalPath.of(text);
    }

    private static <T> ITypeConverter<T> converter(Function<String, T> parse) {
        return text -> parsed(parse, text);
    }

    /** The value of an option, for its own converter. A message of {@code parse} is shown unchanged. */
    public static <T> T parsed(Function<String, T> parse, String text) {
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
