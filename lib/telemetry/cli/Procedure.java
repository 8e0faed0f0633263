package telemetry.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import telemetry.Store;
import telemetry.store.CutShort;
import telemetry.text.Progress;
import telemetry.text.Result;

/**
 * A procedure of the runbook: what all scripts share, among it {@code --store} and {@code --json}, and how they report. A script extends
 * it, declares its options, and tells its story in {@code call()}. Its words are methods with picocli's {@code @Command}; they share the
 * script's inherited options.
 */
public abstract class Procedure implements Callable<Integer> {

    /** Ages and periods are measured by it. */
    public Clock clock = Clock.systemUTC();

    @Mixin
    protected StoreOption store;

    @Mixin
    protected Output output;

    @Spec
    protected CommandSpec spec;

    /** The option that names the store. */
    public static final class StoreOption {

        @Option(names = "--store", paramLabel = "DIR", scope = ScopeType.INHERIT,
                description = "The store's folder. Default: $TELEMETRY_DB_PATH's store, $TELEMETRY_BASE_DIR, "
                + "$AGENT_METRICS_DIR, the first usual place that exists, ~/.telemetry.")
        private Path folder;

        /** The store, whether it exists or not, for who only looks at it. */
        public Store store() {
            return folder == null ? Store.fromEnv() : Store.at(folder);
        }

        /** The store, or the place where it can be made. @throws StoreException {@code MISSING} when a file is in the way */
        public Store orNew() {
            return settled(store().orNew());
        }

        /** The store, whatever is wrong with it. */
        public Store anyhow() {
            return settled(store());
        }

        /** No command goes on with what a killed one has left. */
        private static Store settled(Store store) {
            CutShort.settle(store);
            return store;
        }

        /** @throws StoreException {@code MISSING} when there is none */
        public Store existing() {
            return settled(store().orThrow());
        }
    }

    /** Prints the result: its data with {@code --json}, otherwise its text. @return the exit code for its status */
    protected int result(Result result) {
        output.result(result, result.data());
        return result.status().exitCode();
    }

    /**
     * The result of a dry run, and as the last line the command that carries it out.
     *
     * @param isAny false when there is nothing to carry out
     * @return the exit code that its status asks for
     */
    protected int preview(Result result, boolean isAny, Consent consent) {
        int exit = result(result);
        if (isAny) sayNext(consent);
        return exit;
    }

    /** The last line of a dry run: the command that carries out what was shown. With {@code --json} it goes to stderr. */
    protected void sayNext(Consent consent) {
        String next = String.join(System.lineSeparator(), consent.asTyped().lines());
        if (output.isJson()) output.note(next);
        else output.print(next);
    }

    /** Prints a line to stderr that begins with the command's name: a warning, or what remains to be done. */
    protected void note(String line) {
        output.note(said(spec.commandLine()).getCommandSpec().qualifiedName() + ": " + line);
    }

    /** For arguments that exclude each other or make no sense; exit code 64. */
    protected ParameterException wrong(String message) {
        return new ParameterException(said(spec.commandLine()), message);
    }

    /** All its words. picocli knows only the word that was typed. */
    protected List<String> words() {
        return CommandLine.getCommandMethods(getClass(), null).stream().map(Cli::word).toList();
    }

    protected PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** Progress on a terminal, for work that takes longer than a second. @param total in the same unit */
    protected Progress progress(String unit, long total) {
        return new Progress(err(), unit, total);
    }

    /**
     * The arguments of a frequent call. {@link Rehearsal} plays it on a store with one old run, so that the JVM can archive the classes of
     * a start. Its output is discarded, and nobody can be asked.
     */
    protected List<String> rehearsal() {
        return List.of();
    }

    /** The last arguments, where they are another program's: they may be no text. */
    protected List<String> foreignWords() {
        return List.of();
    }

    /** The first of {@link #foreignWords} for a message, with its bytes where it is no text. */
    protected String foreignName() {
        return Cli.shown(foreignWords().get(0), foreignWords().size());
    }

    /** True when one of {@link #foreignWords} could not be decoded, so that this JVM cannot hand it on. */
    protected boolean isForeignWordLost() {
        return Cli.isAnyUndecoded(foreignWords().size());
    }

    /** The command that was typed, its word included. */
    static CommandLine said(CommandLine line) {
        CommandLine.ParseResult parsed = line.getParseResult();
        return parsed == null || !parsed.hasSubcommand() ? line : said(parsed.subcommand().commandSpec().commandLine());
    }
}
