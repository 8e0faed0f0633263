package telemetry.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.sqlite.SqliteErrors;
import telemetry.text.Escaped;

/** The one place where an exception becomes a message, the next command and an exit code. */
final class Failures {

    /** In a webhook's address all behind the host is the password, whichever argument it was. */
    private static final Pattern SECRET = Pattern.compile("(?i)(https?://[^/\\s'\"]+)/[^\\s'\"]+");

    private Failures() { }

    /** For picocli: each exception is told there. */
    static IExecutionExceptionHandler told(PrintWriter err) {
        return (e, line, arguments) -> {
            if (e instanceof Output.Unread) return Cli.OK;
            for (Throwable cause = e; cause != null; cause = cause.getCause())
                if (cause instanceof OutOfMemoryError) return outOfMemory(line);
            if (e instanceof ParameterException wrong) return usage(line, wrong.getMessage());
            if (e instanceof StoreException known) {
                err.println(name(line) + ": " + store(arguments).map(store -> store.message(known)).orElse(known.getMessage()));
                return exitCode(known);
            }
            return bug(line, e);
        };
    }

    /** 64 is for what the operator asked. When SQLite refuses a statement of our own, the tables are not what they should be. */
    private static int exitCode(StoreException e) {
        boolean isAsked = e.reason() == StoreException.Reason.REFUSED && !SqliteErrors.isAboutTheStatement(e);
        return e.isUnknown() ? Cli.UNKNOWN : isAsked ? Cli.USAGE : Cli.FAILED;
    }

    /** The store that {@code --store} named, before or after the subcommand's name. */
    private static Optional<Store> store(ParseResult parsed) {
        for (ParseResult part = parsed; part != null; part = part.subcommand())
            if (part.matchedOptionValue("--store", null) instanceof Path folder) return Optional.of(Store.at(folder));
        return Optional.empty();
    }

    static int outOfMemory(CommandLine line) {
        line.getErr().println(Next.line(name(line) + ": it ran out of memory and stopped",
                Next.words("run it again with more of it (_JAVA_OPTIONS=-Xmx2g), or ask for less with --limit where there is one")));
        return Cli.FAILED;
    }

    static int bug(CommandLine line, Throwable e) {
        line.getErr().println(name(line) + ": a bug in this toolkit. Please report it with these lines:");
        var trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace, true));
        line.getErr().print(Escaped.lines(trace.toString()));
        return Cli.BUG;
    }

    static int usage(CommandLine line, String message) {
        String[] help = (name(line) + " --help").split(" ");
        Next next = Next.command(help[0], Arrays.copyOfRange(help, 1, help.length));
        line.getErr().println(Next.line(name(line) + ": " + Escaped.line(SECRET.matcher(message).replaceAll("$1/…")), next));
        return Cli.USAGE;
    }

    static String name(CommandLine line) {
        return line.getCommandSpec().qualifiedName();
    }
}
