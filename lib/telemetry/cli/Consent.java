package telemetry.cli;

import java.io.Console;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Mixin of every command that deletes or overwrites: it shows, asks, or is told to go ahead. */
public final class Consent {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--dry-run", description = "Show what would be done and change nothing.")
    private boolean dryRun;

    @Option(names = "--yes", description = "Do not ask. Required where there is no terminal.")
    private boolean yes;

    public boolean isDryRun() {
        return dryRun;
    }

    /** True with --yes alone: for a command that only shows what it would do unless it is told to. */
    public boolean isGiven() {
        return yes && !dryRun;
    }

    /**
     * Asks on a terminal: {@code question} and "[y/N]".
     *
     * @return true when told to go ahead, false when the person said no
     * @throws ParameterException (exit code 64) when there is nobody to ask and --yes was not given
     */
    public boolean to(String question) {
        if (yes) return true;
        Console console = System.console();
        if (console == null) throw new ParameterException(command.commandLine(),
                question + " There is no terminal to ask on: add --yes to go ahead, or --dry-run to look first");
        String answer = console.readLine("%s [y/N] ", question);
        return answer != null && answer.strip().toLowerCase(java.util.Locale.ROOT).startsWith("y");
    }
}
