///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Run the toolkit's tests.
//DEPS org.junit.jupiter:junit-jupiter:6.1.3
//DEPS org.junit.platform:junit-platform-launcher:6.1.3
//SOURCES *.java
//SOURCES */*.java
//SOURCES ../scripts/*.java

import static java.lang.ProcessBuilder.Redirect.INHERIT;
import static java.util.stream.Collectors.joining;
import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestTag;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import telemetry.kit.Checkout;
import telemetry.kit.PatientDeletion;
import telemetry.kit.WindowsJvm;
import telemetry.os.Machine;

@Command(name = "test", exitCodeOnInvalidInput = 64,
        description = {"Run the toolkit's tests: all of them, or the named ones.", "", "Classes run side by side, the tests of one class "
            + "one after the other. A class is printed when it ends, with its seconds. Exit code 1 says that a test failed or none ran, "
            + "3 that --windows is not possible here."},
        footer = {"", "Examples:", "  scripts/jbangw test HealthTest RestoreTest",
            "  scripts/jbangw test HealthTest#aMissingStoreFailsAndIsNotMade", "  scripts/jbangw test --windows --short"})
class suite implements Callable<Integer> {

    private static final TestTag TORTURE = TestTag.create("torture");
    /** Of classes about what systems do differently. */
    private static final TestTag SYSTEM = TestTag.create("system");
    private static final int SLOWEST = 10;

    @Parameters(arity = "0..*", paramLabel = "NAME", description = "A test class, or Class#method. --list shows the classes.")
    private Set<String> names = Set.of();

    @Option(names = "--torture", description = "Add the tests that take minutes: hundreds of kills, power cuts. One class at a time.")
    private boolean torture;

    @Option(names = "--short", description = "Only what systems do differently: each command once, paths, locks, launching, quoting. "
            + "It takes up to four minutes.")
    private boolean isShort;

    @Option(names = "--windows", description = "Run them on a Windows Java 17 under Wine, which Linux on x86-64 with Debian's wine64 can do. "
            + "The first time it gets that Java, 34 MB, and needs 0.8 GB in the cache folder.")
    private boolean onWindows;

    @Option(names = "--list", description = "Only list the classes, each with its number of tests.")
    private boolean list;

    @Spec
    private CommandSpec spec;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help and exit.")
    private boolean help;

    private static final int BAD_ARGUMENTS = 64;

    /** A test that hangs there must not hang the run. */
    private static final List<String> WINDOWS_OPTIONS = List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xlog:disable", "-Djdk.console=java.base",
            "-Djunit.jupiter.execution.timeout.default=15 m", "-Djunit.jupiter.execution.timeout.thread.mode.default=SEPARATE_THREAD");

    /** What NAME may be, and what of it runs: of each class and of each Class#method, how many tests. */
    private final Map<String, Integer> known = new TreeMap<>();

    /** How the tests were started says nothing about the commands that they run in this JVM. */
    public static void main(String... args) {
        System.clearProperty("telemetry.jbangw");
        System.exit(new CommandLine(new suite()).execute(args));
    }

    @Override
    public Integer call() throws URISyntaxException, IOException, InterruptedException {
        if (onWindows) return callOnWindows();
        var launcher = LauncherFactory.create();
        var plan = launcher.discover(request());
        var absent = names.stream().filter(name -> known.getOrDefault(name, 0) == 0).toList();
        absent.forEach(name -> System.err.println(said(name)));
        if (list && absent.isEmpty()) return list();
        var results = new Results();
        if (absent.isEmpty()) launcher.execute(plan, results);
        return results.summarize() ? 0 : 1;
    }

    /** The same, with the same options, as a process of a Windows JVM that has a copy of the checkout. */
    private int callOnWindows() throws IOException, InterruptedException {
        if (Machine.isWindows()) throw new CommandLine.ParameterException(spec.commandLine(), "--windows is for Linux: this is Windows");
        try (var machine = WindowsJvm.get(System.err)) {
            Path checkout = machine.checkout(Checkout.root());
            List<String> args = new ArrayList<>(WINDOWS_OPTIONS);
            args.addAll(List.of("-Dtelemetry.checkout=" + machine.path(checkout), "-cp", machine.classPath(), "suite"));
            spec.commandLine().getParseResult().originalArgs().stream().filter(arg -> !arg.equals("--windows")).forEach(args::add);
            int exit = machine.java(checkout, args).redirectOutput(INHERIT).redirectError(INHERIT).start().waitFor();
            return exit == 0 || exit == BAD_ARGUMENTS ? exit : 1;
        } catch (WindowsJvm.Missing e) {
            System.err.println("test: " + e.getMessage());
            if (e.command() != null) System.err.println(e.command());
            return 3;
        }
    }

    private int list() {
        var classes = known.keySet().stream().filter(name -> !name.matches(".*[#$].*") && isNamed(name) && known.get(name) > 0).toList();
        int longest = classes.stream().mapToInt(String::length).max().orElse(0);
        for (String name : classes) System.out.println(name + " ".repeat(longest - name.length()) + String.format("%5d", known.get(name)));
        return classes.isEmpty() ? 1 : 0;
    }

    private boolean isNamed(String className) {
        return names.isEmpty() || names.stream().anyMatch(name -> name.replaceFirst("[#$].*", "").equals(className));
    }

    /**
     * Classes run side by side but for those that are {@code @Isolated} or hold the same {@code @ResourceLock}: of "jbang", whose builds
     * spoil each other. Those that take long begin, by {@code @Order(1)}. Torture has the machine to itself.
     */
    private LauncherDiscoveryRequest request() throws URISyntaxException {
        var classes = Path.of(suite.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        String parallel = "junit.jupiter.execution.parallel.";
        return LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClasspathRoots(Set.of(classes)))
            .filters(includeClassNamePatterns(".+Test"))
            .filters((PostDiscoveryFilter) this::wanted)
            .configurationParameter(parallel + "enabled", String.valueOf(!torture))
            .configurationParameter(parallel + "mode.default", "same_thread")
            .configurationParameter(parallel + "mode.classes.default", "concurrent")
            .configurationParameter(parallel + "config.executor-service", "worker_thread_pool")
            .configurationParameter(parallel + "config.strategy", "fixed")
            .configurationParameter(parallel + "config.fixed.parallelism", String.valueOf(sideBySide()))
            .configurationParameter(TempDir.DEFAULT_DELETION_STRATEGY_PROPERTY_NAME, PatientDeletion.class.getName())
            .configurationParameter("junit.jupiter.testclass.order.default", ClassOrderer.OrderAnnotation.class.getName())
            .build();
    }

    /** One more than there are processors: tests wait for disks and processes. More would end no sooner than the classes that run JBang. */
    private static int sideBySide() {
        return Math.min(Runtime.getRuntime().availableProcessors() + 1, 4);
    }

    private FilterResult wanted(TestDescriptor test) {
        if (!(test.getSource().orElse(null) instanceof MethodSource method)) return FilterResult.included("");
        boolean isMeant = (torture || !test.getTags().contains(TORTURE)) && (!isShort || test.getTags().contains(SYSTEM));
        int tests = isMeant ? 1 : 0;
        var its = namesOf(method);
        its.forEach(name -> known.merge(name, tests, Integer::sum));
        return FilterResult.includedIf(tests > 0 && (names.isEmpty() || its.stream().anyMatch(names::contains)));
    }

    /** In whatever package: the class and, for a nested class, those around it; each also with the method. */
    private static List<String> namesOf(MethodSource method) {
        List<String> all = new ArrayList<>();
        String name = method.getClassName().replaceFirst(".*\\.", "");
        for (int end = name.length(); end > 0; end = name.lastIndexOf('$', end - 1)) {
            all.add(name.substring(0, end));
            all.add(name.substring(0, end) + "#" + method.getMethodName());
        }
        return all;
    }

    /** Why nothing runs by this name. */
    private String said(String name) {
        if (known.containsKey(name)) return name + " has only tests that take --torture";
        String within = name.replaceFirst("#.*", "") + "#";
        boolean inClass = known.keySet().stream().anyMatch(one -> one.startsWith(within));
        return known.keySet().stream().filter(one -> inClass ? one.startsWith(within) : one.contains("#") == name.contains("#"))
            .min(Comparator.comparingInt(one -> distance(one, name)))
            .map(nearest -> "no test is named " + name + "; the nearest name is " + nearest).orElse("there are no tests");
    }

    /** How many letters to insert, delete or replace. */
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) row[j] = j;
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0]++;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }

    /** Prints each class as one block when it ends, whatever runs beside it. */
    private static final class Results implements TestExecutionListener {

        private record Took(String name, double seconds) { }

        private final Map<UniqueId, StringBuilder> blocks = new HashMap<>();
        private final Map<UniqueId, Long> began = new HashMap<>();
        private final List<Took> classes = new ArrayList<>();
        private final List<String> failures = new ArrayList<>();
        private int passed;
        private int skipped;
        private TestPlan plan;

        @Override
        public void testPlanExecutionStarted(TestPlan plan) {
            this.plan = plan;
        }

        @Override
        public synchronized void executionStarted(TestIdentifier test) {
            if (isClass(test)) began.put(test.getUniqueIdObject(), System.nanoTime());
            else if (test.isContainer() && !isRoot(test)) print("", test);
        }

        @Override
        public synchronized void executionSkipped(TestIdentifier test, String reason) {
            skipped++;
            print("skipped ", test, reason);
            if (isClass(test)) flush(test);
        }

        @Override
        public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
            switch (result.getStatus()) {
                case SUCCESSFUL -> {
                    if (test.isTest()) {
                        passed++;
                        print("ok ", test);
                    }
                }
                case ABORTED -> {
                    skipped++;
                    print("skipped ", test, result.getThrowable().map(Throwable::getMessage).orElse(""));
                }
                case FAILED -> {
                    failures.add(String.join(" > ", path(test)));
                    print("FAILED ", test);
                    result.getThrowable().ifPresent(thrown -> block(test).append(trace(thrown).indent(2 * path(test).size())));
                }
            }
            if (isClass(test) || isRoot(test)) flush(test);
        }

        private void flush(TestIdentifier test) {
            var took = began.get(test.getUniqueIdObject());
            if (took != null) {
                classes.add(new Took(test.getDisplayName(), (System.nanoTime() - took) / 1e9));
                System.out.println(test.getDisplayName() + seconds(classes.get(classes.size() - 1)));
            }
            var block = blocks.remove(test.getUniqueIdObject());
            if (block != null) System.out.print(block);
        }

        private void print(String mark, TestIdentifier test, String... reason) {
            block(test).append("  ".repeat(path(test).size() - 1)).append(mark).append(test.getDisplayName())
                .append(reason.length == 0 ? "" : ": " + reason[0]).append(System.lineSeparator());
        }

        /** What its class has printed so far. */
        private StringBuilder block(TestIdentifier test) {
            var id = test.getUniqueIdObject();
            while (id.getSegments().size() > 2) id = id.removeLastSegment();
            return blocks.computeIfAbsent(id, none -> new StringBuilder());
        }

        private static boolean isRoot(TestIdentifier test) {
            return test.getParentId().isEmpty();
        }

        private static boolean isClass(TestIdentifier test) {
            return test.getUniqueIdObject().getSegments().size() == 2;
        }

        /** @return true when all is well */
        boolean summarize() {
            if (classes.size() > 1) {
                System.out.println("\nSlowest:");
                classes.stream().sorted(Comparator.comparingDouble(Took::seconds).reversed()).limit(SLOWEST)
                    .forEach(one -> System.out.println("  " + one.name() + seconds(one)));
            }
            if (!failures.isEmpty()) System.out.println("\nFailed:\n  " + String.join("\n  ", failures));
            if (passed + failures.size() == 0) System.out.println("\nNo test ran.");
            System.out.println();
            System.out.println(passed + " passed, " + failures.size() + " failed" + (skipped == 0 ? "" : ", " + skipped + " skipped"));
            return failures.isEmpty() && passed > 0;
        }

        private static String seconds(Took took) {
            return String.format(Locale.ROOT, "  %.1f s", took.seconds());
        }

        /** From the test class to the test itself. */
        private List<String> path(TestIdentifier test) {
            var parent = plan.getParent(test).filter(container -> !isRoot(container));
            var names = new ArrayList<>(parent.map(this::path).orElse(List.of()));
            names.add(test.getDisplayName());
            return names;
        }

        private static String trace(Throwable thrown) {
            var text = new StringWriter();
            thrown.printStackTrace(new PrintWriter(text));
            return text.toString().lines().filter(line -> !line.matches("\\s+at (org\\.junit|java\\.base)[./].*")).collect(joining("\n"));
        }
    }
}
