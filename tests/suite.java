///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Run the toolkit's tests.
//DEPS org.junit.jupiter:junit-jupiter:6.1.3
//DEPS org.junit.platform:junit-platform-launcher:6.1.3
//SOURCES *.java
//SOURCES */*.java
//SOURCES ../scripts/*.java

import static java.util.stream.Collectors.joining;
import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;
import static org.junit.platform.launcher.TagFilter.excludeTags;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the tests beside it: all of them, or the named ones (HealthTest, HealthTest#method). Tests tagged "torture" take minutes
 * and are left out without --torture. Exits 1 when a test failed or none ran.
 */
class suite implements TestExecutionListener {

    private final List<String> failures = new ArrayList<>();
    private int passed;
    private int skipped;
    private TestPlan plan;

    public static void main(String... args) throws Exception {
        var names = new HashSet<>(List.of(args));
        var torture = names.remove("--torture");
        var suite = new suite();
        LauncherFactory.create().execute(request(names, torture), suite);
        suite.summarize();
        System.exit(suite.failures.isEmpty() && suite.passed > 0 ? 0 : 1);
    }

    private static LauncherDiscoveryRequest request(Set<String> names, boolean torture) throws URISyntaxException {
        var classes = Path.of(suite.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        var request = LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClasspathRoots(Set.of(classes)))
            .filters(includeClassNamePatterns(".*Test"));
        if (!torture) request.filters(excludeTags("torture"));
        if (!names.isEmpty()) request.filters(only(names));
        return request.build();
    }

    private static PostDiscoveryFilter only(Set<String> names) {
        return test -> {
            if (!(test.getSource().orElse(null) instanceof MethodSource method)) return FilterResult.included("");
            var className = method.getClassName().replaceFirst("\\$.*", "").replaceFirst(".*\\.", "");
            return FilterResult.includedIf(names.contains(className) || names.contains(className + "#" + method.getMethodName()));
        };
    }

    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
        this.plan = plan;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        if (test.isContainer() && test.getParentId().isPresent()) print("", test);
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped++;
        print("skipped ", test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (test.isContainer()) return;
                passed++;
                print("ok ", test);
            }
            case ABORTED -> {
                skipped++;
                print("skipped ", test, result.getThrowable().map(Throwable::getMessage).orElse(""));
            }
            case FAILED -> {
                failures.add(String.join(" > ", path(test)));
                print("FAILED ", test);
                result.getThrowable().ifPresent(thrown -> System.out.print(trace(thrown).indent(2 * path(test).size())));
            }
        }
    }

    private void print(String mark, TestIdentifier test, String... reason) {
        System.out.println("  ".repeat(path(test).size() - 1) + mark + test.getDisplayName()
            + (reason.length == 0 ? "" : ": " + reason[0]));
    }

    private void summarize() {
        if (!failures.isEmpty()) System.out.println("\nFailed:\n  " + String.join("\n  ", failures));
        if (passed + failures.size() == 0) System.out.println("\nNo test ran.");
        System.out.println();
        System.out.println(passed + " passed, " + failures.size() + " failed" + (skipped == 0 ? "" : ", " + skipped + " skipped"));
    }

    /** From the test class to the test itself. */
    private List<String> path(TestIdentifier test) {
        var parent = plan.getParent(test).filter(container -> container.getParentId().isPresent());
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
