///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Run a program as a tracked run, or test that tracking works.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/recording/package-info.java ../lib/telemetry/track/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import picocli.CommandLine.*;
import picocli.CommandLine.Model.CommandSpec;
import telemetry.*;
import telemetry.cli.*;
import telemetry.track.*;

@Command(name = "track", mixinStandardHelpOptions = true,
        description = "Run a program as a tracked run, or test that tracking works.",
        footer = {"",
            "The input, output, errors and exit code of the program pass through: 127 means not found, 126 not runnable, 128+n "
                    + "ended by signal n. Nothing that is wrong with the store changes them. The exit codes above are those of "
                    + "--self-test and of bad arguments.",
            "",
            "A line '::metric NAME=VALUE' in the program's output sets a metric of the run; items_discovered, items_succeeded, "
                    + "items_failed, input_summary and output_summary have columns of their own. For that the program writes into a "
                    + "pipe, as with '| cat'; --terminal leaves it on the terminal.",
            "", "Examples:", "  track --agent nightly --job crawl -- python3 crawl.py --all", "  track --self-test"})
class track extends Procedure {
    enum Trigger { cli, web, scheduler, mcp, manual }

    OutputStream out = new FileOutputStream(FileDescriptor.out);
    OutputStream err = new FileOutputStream(FileDescriptor.err);

    @Option(names = "--agent", paramLabel = "NAME", description = "The agent to record the run for.")
    private String agent;

    @Option(names = "--job", paramLabel = "TYPE", description = "The kind of work: crawl, publish …")
    private String job;

    @Option(names = "--insight", paramLabel = "ID", description = "The chain that the run belongs to.")
    private String insight;

    @Option(names = "--product", paramLabel = "NAME", description = "What the run works on.")
    private String product;

    @Option(names = "--product-family", paramLabel = "NAME", description = "The family of the product.")
    private String family;

    @Option(names = "--platform", paramLabel = "NAME", description = "The platform of the product: java, net …")
    private String platform;

    @Option(names = "--subdomain", paramLabel = "NAME", description = "The part of the site.")
    private String subdomain;

    @Option(names = "--trigger", description = "What started the run: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Trigger trigger = Trigger.cli;

    @Option(names = "--terminal",
            description = "Leave the program on the terminal, for colours and full screens. Metrics and last lines are not recorded "
                    + "then.")
    private boolean terminal;

    @Option(names = "--self-test",
            description = "Track a run of the agent test and find its lines and its row. Needs no program. --json works with this only.")
    private boolean selfTest;

    @Parameters(paramLabel = "COMMAND", description = "The program and its arguments, best after --.")
    private List<String> command = List.of();

    public static void main(String... args) {
        Database.warmUp();
        Cli.main(new track(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--self-test");
    }

    /** What follows the program's name is the program's own, options and {@code @file} too. */
    @Spec
    void setSpec(CommandSpec spec) {
        spec.parser().stopAtPositional(true).expandAtFiles(false);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (selfTest) return result(new SelfTest(store.existing(), clock).run());
        requireArguments();
        try (TelemetryClient client = TelemetryClient.at(store.store(), clock, this::note)) {
            return new TrackedProgram(client, command.get(0), this::start).run(what(), this::note);
        }
    }

    private void requireArguments() {
        if (agent == null || job == null || command.isEmpty())
            throw wrong("--agent, --job and a program to run are needed, or --self-test alone");
        if (output.isJson()) throw wrong("--json is for --self-test: otherwise the output is the program's");
    }

    private NewRun what() {
        return new NewRun(agent, job).insight(insight).product(product).productFamily(family)
                .platform(platform).subdomain(subdomain).trigger(trigger.name());
    }

    private PassThrough start(PassThrough.Listener hearOutput, PassThrough.Listener hearErrors) throws IOException {
        return terminal ? PassThrough.startUnheard(command) : PassThrough.start(command, out, hearOutput, err, hearErrors);
    }
}
