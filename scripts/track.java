///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Run a program as a tracked run, or test that tracking works.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/recording/package-info.java ../lib/telemetry/track/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.*;
import picocli.CommandLine.Model.CommandSpec;
import telemetry.*;
import telemetry.cli.*;
import telemetry.os.Program;
import telemetry.text.Escaped;
import telemetry.track.*;

@Command(name = "track", mixinStandardHelpOptions = true, addMethodSubcommands = false,
        description = "Run a program as a tracked run, or test that tracking works.",
        footer = {"",
            "The input, output, errors and exit code of the program pass through: 127 means not found, 126 not runnable, 128+n "
                    + "ended by signal n. Nothing that is wrong with the store changes them. The exit codes above are those of "
                    + "--self-test and of bad arguments.",
            "",
            "By scripts/jbangw and telemetry-track the program also gets its caller's signals, variables, words, limits and open "
                    + "files as they are, and runs unrecorded where java cannot start. Without /proc it loses variables whose names are "
                    + "no identifiers, and IFS. Under a /bin/sh that is not bash, where env has no --default-signal, Ctrl-C and QUIT "
                    + "reach it as TERM. Plain jbang hands on INT, TERM and HUP as TERM, no other signal, and no open file above 2.",
            "",
            "A line '::metric NAME=VALUE' in the program's output sets a metric of the run; items_discovered, items_succeeded, "
                    + "items_failed, input_summary and output_summary have columns of their own. '::set COLUMN=VALUE' sets any other "
                    + "column: '::set product=words'. For that the program writes into a pipe, as with '| cat'; --terminal leaves it "
                    + "on the terminal.",
            "",
            "The program finds its run's id in TELEMETRY_RUN_ID, and that of the run which called it in TELEMETRY_PARENT_RUN_ID. What it "
                    + "tracks itself has its run for a parent, in stores of v6 and later.",
            "", "Examples:", "  track --agent nightly --job crawl -- python3 crawl.py --all",
            "  track commit 20251210T120530Z-nightly-0123abcd HEAD --source ci", "  track --self-test"})
class track extends Procedure {
    enum Trigger { cli, web, scheduler, mcp, manual }

    enum Source { manual, llm, ci }

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

    @Option(names = "--parent", paramLabel = "RUN_ID",
            description = "The run that calls this one (stores of v6 and later). Default: $TELEMETRY_RUN_ID.")
    private String parent;

    @Option(names = "--run-id", paramLabel = "ID", description = "The id of the run, which no other run may have. Default: a new one.")
    private String runId;

    @Option(names = "--set", paramLabel = "COLUMN=VALUE", description = "Any other column of the run: website=docs.example.org. Repeatable.")
    private Map<String, String> set = Map.of();

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
        ShellInFront.ofThisProgram().ifPresent(ShellInFront::greet);
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
        Program.typed(command).requirePassable();
        Optional<ShellInFront> front = ShellInFront.ofThisProgram();
        if (front.isPresent()) {
            front.get().record(this::client, what(), new ShellInFront.Program(command.size(), foreignName(), !terminal), out, err,
                    this::note);
            return Cli.OK;
        }
        if (isForeignWordLost()) throw wrong("the program's words are no text; JBang cannot hand them on, but scripts/jbangw can");
        try (TelemetryClient client = client()) {
            return new TrackedProgram(client, command.get(0), this::start).run(what(), this::note);
        }
    }

    private TelemetryClient client() {
        TelemetryClient client = TelemetryClient.at(store.anyhow(), clock, this::note);
        requireColumns(client);
        return client;
    }

    private void requireArguments() {
        if (agent == null || job == null || command.isEmpty())
            throw wrong("--agent, --job and a program to run are needed, or --self-test alone");
        if (output.isJson()) throw wrong("--json is for --self-test: otherwise the output is the program's");
    }

    /** The operator's own words must be recorded as they are. What else is wrong with the store does not matter to the program. */
    private void requireColumns(TelemetryClient client) {
        for (String id : Stream.of(runId, parent).filter(Objects::nonNull).toList())
            if (!id.matches("[\\x21-\\x7e]{1,200}")) throw wrong("'" + Escaped.line(id)
            + "' is no run id: up to 200 characters, no blanks");
        Map<String, String> asked = new LinkedHashMap<>(set);
        if (parent != null) asked.put("parent_run_id", parent);
        asked.forEach((column, value) -> {
            String refusal = client.refusal(column, value);
            if (refusal != null) throw wrong(refusal);
        });
        if (runId != null && client.isKnown(runId)) throw wrong("the run " + runId + " is there already: leave out --run-id for a new id");
    }

    /** The words after our own options may have any bytes. */
    @Override
    protected List<String> foreignWords() {
        return command;
    }

    private NewRun what() {
        NewRun what = new NewRun(agent, job).insight(insight).product(product).productFamily(family)
                .platform(platform).subdomain(subdomain).trigger(trigger.name()).runId(runId).parent(parent);
        for (Map.Entry<String, String> one : set.entrySet()) what = what.with(one.getKey(), one.getValue());
        return what;
    }

    private PassThrough start(Map<String, String> variables, PassThrough.Listener hearOutput, PassThrough.Listener hearErrors)
            throws IOException {
        return terminal ? PassThrough.startUnheard(command, variables)
                : PassThrough.start(command, variables, out, hearOutput, err, hearErrors);
    }

    @Command(name = "commit", mixinStandardHelpOptions = true,
            description = "Record the git commit that a run led to: as an event in the day file, and in the database. git tells author, "
                    + "message and size where it knows the commit. A program of this name is run behind --.")
    int commit(@Parameters(paramLabel = "RUN_ID", description = "The run; it may have ended.") String run,
            @Parameters(paramLabel = "HASH", arity = "0..1", description = "The commit: a hash or a name that git knows. Default: HEAD.")
            String hash,
            @Option(names = "--source", description = "How it was made: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.",
                    defaultValue = "manual") Source source) {
        if (agent != null || job != null) throw wrong("commit is a word of track: put -- before a program of this name");
        try {
            return result(new RunCommit(store.existing(), clock, run).record(Path.of(""), hash, source.name()));
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }
}
