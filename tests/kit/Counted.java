package telemetry.kit;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Store;
import telemetry.cli.Cli;

/**
 * What a script, in a process of its own, has read and what that cost.
 *
 * @param bytes that it has read from files, as Linux counts them
 * @param cpu   nanoseconds of all its threads, without the start of the JVM
 */
public record Counted(int exit, String said, long bytes, long cpu) {
    private static final Pattern LINE = Pattern.compile("counted (\\d+) (\\d+)\\R?");

    public static boolean isPossible() {
        return Files.isReadable(Path.of("/proc/self/io"));
    }

    public static Counted run(Store store, String script, Object... args) throws IOException, InterruptedException {
        Object[] all = new Object[args.length + 3];
        System.arraycopy(args, 0, all, 1, args.length);
        all[0] = script;
        all[args.length + 1] = "--store";
        all[args.length + 2] = store.base();
        Script ran = Script.runProcess(Map.of(), "telemetry.kit.Counted", all);
        Matcher line = LINE.matcher(ran.err());
        if (!line.find()) throw new AssertionError(ran.toString());
        return new Counted(ran.exit(), ran.out() + ran.err(), Long.parseLong(line.group(1)), Long.parseLong(line.group(2)));
    }

    @SuppressWarnings("unchecked")
    public static void main(String... args) throws Exception {
        Constructor<?> constructor = Class.forName(args[0]).getDeclaredConstructor();
        constructor.setAccessible(true);
        var script = (Callable<Integer>) constructor.newInstance();
        long bytes = bytesRead();
        long cpu = cpuUsed();
        int exit = Cli.run(script, new PrintWriter(System.out, true), new PrintWriter(System.err, true),
                Arrays.copyOfRange(args, 1, args.length));
        System.err.println("counted " + (bytesRead() - bytes) + " " + (cpuUsed() - cpu));
        System.exit(exit);
    }

    private static long bytesRead() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/io")))
            if (line.startsWith("rchar: ")) return Long.parseLong(line.substring("rchar: ".length()).strip());
        return 0;
    }

    private static long cpuUsed() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
