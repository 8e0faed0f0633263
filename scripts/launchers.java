///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Write launchers that start the commands by java alone, without JBang.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/prune/package-info.java ../lib/telemetry/rebuild/package-info.java
//SOURCES ../lib/telemetry/setup/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Path;
import picocli.CommandLine.*;
import telemetry.cli.*;
import telemetry.setup.*;

@Command(name = "launchers", mixinStandardHelpOptions = true,
        description = "Write launchers that start the commands by java alone, without JBang.",
        footer = {"",
            "A launcher builds its command again when a source, a jar or the JDK has changed, which takes some seconds. A second "
                    + "run of this command changes nothing. It never replaces a file that is no launcher.",
            "", "Examples:", "  launchers", "  launchers /opt/bin"})
class launchers extends Procedure {

    @Parameters(arity = "0..1", paramLabel = "DIR",
            description = "Where to write telemetry-health, telemetry-query …, one for each script of this checkout. "
            + "Default: ~/.local/bin, on Windows %%LOCALAPPDATA%%\\telemetry-toolkit\\bin.")
    private Path folder;

    public static void main(String... args) {
        Cli.main(new launchers(), args);
    }

    @Override
    public Integer call() {
        if (spec.commandLine().getParseResult().hasMatchedOption("--store")) throw wrong("launchers belong to no store: leave --store out");
        Launchers.Written written = Launchers.ofThisCheckout().write(folder);
        int exit = result(written);
        if (!written.isOnPath()) output.note("to be called by name, " + written.folder() + " must be on the PATH");
        return exit;
    }
}
