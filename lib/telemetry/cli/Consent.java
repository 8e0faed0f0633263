package telemetry.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import telemetry.Next;
import telemetry.text.Escaped;

/** Mixin of every command that deletes or overwrites: it shows, asks, or is told to go ahead. */
public final class Consent {

    private static final String DECLINED = "declined: nothing was changed";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--dry-run", description = "Show what would be done and change nothing.")
    private boolean dryRun;

    @Option(names = "--yes", description = "Do not ask. Required where there is no terminal.")
    private boolean yes;

    /** One of this command's questions was answered by yes: then something was changed. */
    private boolean isAgreed;

    public boolean isDryRun() {
        return dryRun;
    }

    /** True with --yes: nobody is asked. */
    public boolean isGiven() {
        return yes;
    }

    /**
     * Asks on a terminal: {@code question} and "[y/N]". After a no it prints that nothing was changed, or that only this was not done when
     * there was a yes to an earlier question; the command then ends with 0.
     *
     * @return true when told to go ahead, false when the operator said no
     * @throws ParameterException (exit code 64) when there is nobody to ask and --yes was not given
     */
    public boolean to(String question) {
        if (yes) return true;
        boolean isYes = ask(command.commandLine(), question, "--dry-run", isAgreed ? "declined: this was not done" : DECLINED);
        isAgreed |= isYes;
        return isYes;
    }

    /**
     * The same for a command that has a --yes of its own.
     *
     * @param look what shows more without changing anything
     */
    public static boolean ask(CommandLine command, String question, String look) {
        return ask(command, question, look, DECLINED);
    }

    private static boolean ask(CommandLine command, String question, String look, String declined) {
        Console console = System.console();
        if (console == null) throw new ParameterException(command,
                question + " There is no terminal to ask on: add --yes to go ahead, or " + look + " to look first");
        String answer = console.readLine("%s [y/N] ", Escaped.lines(question));
        boolean isYes = answer != null && answer.strip().toLowerCase(Locale.ROOT).startsWith("y");
        if (!isYes) {
            PrintWriter err = command.getErr();
            err.println(declined);
            err.flush();
        }
        return isYes;
    }

    /** The command that was typed, without --dry-run and with --yes: what carries out what a dry run showed. */
    public Next asTyped() {
        CommandLine root = command.root().commandLine();
        List<String> words = new ArrayList<>(root.getParseResult().originalArgs());
        words.removeIf(word -> word.matches("--(dry-run|yes|json)(=.*)?"));
        words.add("--yes");
        return Next.command(root.getCommandName(), words.toArray(String[]::new));
    }
}
