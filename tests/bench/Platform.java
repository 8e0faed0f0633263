import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Times;

/** Where and with what was measured; {@code toString()} is a few lines of it. */
record Platform(Map<String, Object> facts) {

    static Platform here() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("date", Times.seconds(Instant.now()) + " UTC");
        facts.put("processor", fact("/proc/cpuinfo", "model name"));
        facts.put("processors", Runtime.getRuntime().availableProcessors());
        facts.put("memory", fact("/proc/meminfo", "MemTotal"));
        facts.put("load", load());
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("java", System.getProperty("java.vendor") + " " + System.getProperty("java.version"));
        facts.put("sqlite-jdbc", driver());
        facts.put("sqlite3", Programs.said("sqlite3", "--version"));
        facts.put("python3", Programs.said("python3", "--version"));
        facts.put("gzip", Programs.said("gzip", "--version"));
        facts.put("pigz", Programs.said("pigz", "--version"));
        facts.values().removeIf(java.util.Objects::isNull);
        return new Platform(facts);
    }

    Platform with(String name, Object fact) {
        Map<String, Object> more = new LinkedHashMap<>(facts);
        more.put(name, fact);
        return new Platform(more);
    }

    private static String driver() {
        Matcher jar = Pattern.compile("sqlite-jdbc-([0-9.]+)\\.jar").matcher(System.getProperty("java.class.path"));
        return jar.find() ? jar.group(1) : null;
    }

    /** Before we add to it: the mean of the last minute. */
    private static String load() {
        double load = java.lang.management.ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load < 0 ? null : String.format(java.util.Locale.ROOT, "%.1f", load);
    }

    /** Of a line {@code name : value}; null where there is no such file. */
    private static String fact(String file, String name) {
        try (var lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(name)).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse(null);
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    public String toString() {
        return String.join(System.lineSeparator(),
                facts.entrySet().stream().map(fact -> String.format("%-12s %s", fact.getKey(), fact.getValue())).toList());
    }
}
