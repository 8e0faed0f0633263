///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Run a program as a tracked run, or test that tracking works.
//SOURCES ../lib/telemetry/package-info.java

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import telemetry.Checks;
import telemetry.Cli;
import telemetry.Disk;
import telemetry.NewRun;
import telemetry.Output;
import telemetry.PassThrough;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.SelfTest;
import telemetry.Store;
import telemetry.StoreOption;
import telemetry.TelemetryClient;

@Command(name = "track", mixinStandardHelpOptions = true, description = "Run a program as a tracked run, or test that tracking works.",
        footer = {"", "The program's input, output, errors and exit code pass through: 127 means not found, 126 not runnable, 128+n ended by signal n. Nothing that is wrong with the store "
        + "changes them. The codes above are those of --self-test and of bad arguments.", "",
        "A line '::metric NAME=VALUE' that the program prints sets a metric of the run; items_discovered, items_succeeded, items_failed, input_summary and output_summary have their columns. "
        + "To be listened to, the program prints into a pipe, as it would with '| cat'; --terminal leaves it alone."})
class track implements Callable<Integer> {
    private static final byte[] MARK = "::metric ".getBytes(StandardCharsets.US_ASCII);
    private static final int MOST_METRICS = 1_000;
    private static final int MOST_LAST_LINES = 20;
    private static final int LONGEST_SUMMARY = 4_000;
    private static final Duration CTRL_C_PATIENCE = Duration.ofSeconds(2);

    enum Trigger { cli, web, scheduler, mcp, manual }

    Clock clock = Clock.systemUTC();
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    OutputStream err = new FileOutputStream(FileDescriptor.err);

    @Mixin
    private StoreOption store;

    @Mixin
    private Output output;

    @Option(names = "--agent", paramLabel = "NAME", description = "The agent that the run is recorded for.")
    private String agent;

    @Option(names = "--job", paramLabel = "TYPE", description = "What kind of work it is: crawl, publish …")
    private String job;

    @Option(names = "--insight", paramLabel = "ID", description = "The chain that the run belongs to.")
    private String insight;

    @Option(names = "--product", paramLabel = "NAME", description = "What is worked on.")
    private String product;

    @Option(names = "--product-family", paramLabel = "NAME", description = "The family that the product belongs to.")
    private String family;

    @Option(names = "--platform", paramLabel = "NAME", description = "The product's platform: java, net …")
    private String platform;

    @Option(names = "--subdomain", paramLabel = "NAME", description = "The part of the site.")
    private String subdomain;

    @Option(names = "--trigger", description = "What started it: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Trigger trigger = Trigger.cli;

    @Option(names = "--terminal", description = "Leave the program on the terminal, for colours and full screens. No metrics and no last lines are recorded then.")
    private boolean terminal;

    @Option(names = "--self-test", description = "Track a run of the agent test and find its lines and its row again. Needs no program; --json is for this.")
    private boolean selfTest;

    @Parameters(paramLabel = "COMMAND", description = "The program and its arguments, best after --.")
    private List<String> command = List.of();

    private CommandSpec spec;
    private volatile RunContext run;
    private volatile Heard heard;
    private volatile PassThrough program;
    private volatile boolean stopped;
    private volatile boolean over;
    private String notStarted;

    public static void main(String... args) {
        Cli.main(new track(), args);
    }

    /** What follows the program's name is the program's own, options and {@code @file} too. */
    @Spec
    void setSpec(CommandSpec spec) {
        this.spec = spec;
        spec.parser().stopAtPositional(true).expandAtFiles(false);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (selfTest) return selfTest();
        requireArguments();
        try (TelemetryClient client = TelemetryClient.at(store.store(), clock, warning -> output.note("track: " + warning))) {
            onSignal(() -> stop(client));
            start(client);
            int code = end(client);
            over = true;
            return code;
        }
    }

    private int selfTest() {
        Store existing = store.existing();
        Checks checks = new SelfTest(existing, clock).run();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("status", checks.status());
        document.put("store", existing.base());
        document.put("checks", checks.list());
        output.result(checks, document);
        return Cli.exitCode(checks.status());
    }

    private void requireArguments() {
        if (agent == null || job == null || command.isEmpty()) throw new ParameterException(spec.commandLine(), "--agent, --job and a program to run are needed, or --self-test alone");
        if (output.isJson()) throw new ParameterException(spec.commandLine(), "--json is for --self-test: otherwise the output is the program's");
    }

    private void onSignal(Runnable work) {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(work));
        } catch (IllegalStateException e) {
            stopped = true;
        }
    }

    private synchronized void start(TelemetryClient client) {
        if (stopped) return;
        run = client.start(new NewRun(agent, job).insight(insight).product(product).productFamily(family).platform(platform).subdomain(subdomain).trigger(trigger.name()));
        heard = new Heard(run);
        if (stopped) return;
        try {
            program = terminal ? PassThrough.startUnheard(command) : PassThrough.start(command, out, heard::output, err, heard::errors);
        } catch (IOException e) {
            notStarted = e.getMessage();
        }
    }

    /** A terminal's Ctrl-C ends the program at the moment it comes here: a failure is believed only when no signal has followed it. */
    private int end(TelemetryClient client) throws InterruptedException {
        if (program == null) return endNotStarted(client);
        int code = program.waitFor();
        if (code == 0) client.end(run, RunStatus.SUCCESS);
        if (code == 0) return code;
        Thread.sleep(code > 128 ? 1_000 : 100);
        if (!stopped) client.end(run, RunStatus.FAILED, heard.lastErrors("exit code " + code + signalIn(code)));
        return code;
    }

    /** Source of the numbers: POSIX, 2.8.2 Exit Status for Commands; signals go up to 64. */
    private static String signalIn(int code) {
        return code > 128 && code <= 192 && !Disk.isWindows() ? " (signal " + (code - 128) + ")" : "";
    }

    private int endNotStarted(TelemetryClient client) {
        if (stopped) return 128;
        boolean missing = notStarted.matches("(?s).*\\berror[:=] ?2\\b.*");
        String why = missing ? command.get(0) + ": command not found" : notStarted;
        output.note("track: " + why);
        client.end(run, RunStatus.FAILED, why);
        return missing ? 127 : 126;
    }

    /** Comes with a signal, which then gives the exit code, and at every normal end, when there is nothing to do any more. */
    private void stop(TelemetryClient client) {
        if (over) return;
        stopped = true;
        waitForStart();
        if (run == null) return;
        String signal = signal();
        if (program != null) {
            if (!signal.equals("SIGINT") || !program.endsWithin(CTRL_C_PATIENCE)) program.terminate();
            program.waitFor();
        }
        client.end(run, RunStatus.CANCELLED, heard.lastErrors("stopped by " + signal));
    }

    private synchronized void waitForStart() { }

    /** Java does not tell which signal ends it, but names the thread that does after it. */
    private static String signal() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> name.matches("SIG\\w+ handler")).map(name -> name.replace(" handler", ""))
                .findFirst().orElse("SIGTERM");
    }

    /** What the program prints, as far as it is of interest to the run. */
    private static final class Heard {
        private final RunContext run;
        private final Set<String> metrics = new HashSet<>();
        private final Deque<String> lastLines = new ArrayDeque<>();
        private int length;

        private Heard(RunContext run) {
            this.run = run;
        }

        private void output(byte[] bytes, int offset, int length) {
            if (isMetric(bytes, offset, length)) setMetric(new String(bytes, offset + MARK.length, length - MARK.length, StandardCharsets.UTF_8));
        }

        private void errors(byte[] bytes, int offset, int length) {
            if (isMetric(bytes, offset, length)) output(bytes, offset, length);
            else keep(new String(bytes, offset, length, StandardCharsets.UTF_8));
        }

        private static boolean isMetric(byte[] bytes, int offset, int length) {
            return length > MARK.length && Arrays.equals(bytes, offset, offset + MARK.length, MARK, 0, MARK.length);
        }

        private synchronized void setMetric(String metric) {
            String name = metric.replaceFirst("(?s)=.*", "").strip();
            String value = metric.substring(metric.indexOf('=') + 1).strip();
            if (!metric.contains("=") || !name.matches("[A-Za-z_][A-Za-z0-9_.-]{0,99}")) return;
            if (metrics.size() < MOST_METRICS) metrics.add(name);
            if (metrics.contains(name)) run.metrics(m -> m.set(name, plain(value)));
        }

        private static Object plain(String value) {
            if (value.matches("-?\\d{1,18}")) return Long.valueOf(value);
            return value.matches("-?\\d+(\\.\\d+)?([eE][+-]?\\d{1,3})?") ? (Object) Double.valueOf(value) : value;
        }

        private synchronized void keep(String line) {
            lastLines.add(line);
            length += line.length();
            while (lastLines.size() > 1 && (lastLines.size() > MOST_LAST_LINES || length > LONGEST_SUMMARY)) length -= lastLines.remove().length();
        }

        private synchronized String lastErrors(String end) {
            return end + (lastLines.isEmpty() ? "" : ": " + String.join("\n", lastLines));
        }
    }
}
