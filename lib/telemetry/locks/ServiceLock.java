package telemetry.locks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import telemetry.Check;
import telemetry.Next;
import telemetry.Store;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.os.LegalPath;
import telemetry.os.Machine;
import telemetry.os.Openers;
import telemetry.text.Runbook;

/**
 * The file by which the HTTP service of v6 and later keeps a second one out. It holds the service's process id and its host's name, on a
 * line each. The service keeps it open and deletes it when it ends in good order.
 */
final class ServiceLock {

    /** The service's variable for the file. */
    private static final String VARIABLE = "TELEMETRY_LOCK_FILE";
    private static final List<String> USUAL_NAMES = List.of("telemetry_api.lock", "telemetry.lock");
    private static final int MOST_BYTES = 512;

    private ServiceLock() { }

    /** What is to be said of it; empty when there is none. */
    static Optional<Check> check(Store store, Map<String, String> env) {
        return places(store, env).stream().filter(Files::isRegularFile).findFirst().map(ServiceLock::judged);
    }

    private static Set<Path> places(Store store, Map<String, String> env) {
        Set<Path> places = new LinkedHashSet<>();
        String named = env.get(VARIABLE);
        boolean isUsable = named != null && !named.isBlank() && LegalPath.whyNot(FileSystems.getDefault(), named.strip()) == null;
        if (isUsable) places.add(Path.of(named.strip()).toAbsolutePath().normalize());
        for (Path folder : List.of(store.base(), store.database().getParent(), Path.of("").toAbsolutePath()))
            for (String name : USUAL_NAMES) places.add(folder.resolve(name));
        return places;
    }

    private static Check judged(Path file) {
        try (InputStream in = Inside.stream(file)) {
            List<String> lines = new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8).lines().map(String::strip).toList();
            return judged(file, lines.isEmpty() ? "" : lines.get(0), lines.size() < 2 ? "" : lines.get(1));
        } catch (IOException e) {
            return Check.unknown("service", Attempt.refused("read", file, e).what(), Next.OTHER_ACCOUNT.in(Runbook.DATABASE_LOCKED));
        }
    }

    private static Check judged(Path file, String pid, String host) {
        List<Long> openers = Openers.areKnown() ? Openers.of(List.of(file)) : List.of();
        if (!openers.isEmpty()) return Check.ok("service", "runs as " + Openers.describe(openers.get(0)) + ", which holds " + file);
        if (!pid.matches("[1-9]\\d{0,17}")) return left(file, "names no process");
        if (!host.isEmpty() && !host.equals(Machine.name()))
            return Check.ok("service", file + " is held by process " + pid + " of " + host
                    + ", another host or container: whether it runs cannot be told here");
        if (ProcessHandle.of(Long.parseLong(pid)).isEmpty()) return left(file, "was left by process " + pid + ", which has ended");
        return Openers.areKnown() && isOurs(Long.parseLong(pid)) ? left(file, "was left: process " + pid + " is another program now, "
                + Openers.describe(Long.parseLong(pid))) : Check.ok("service", "runs as " + Openers.describe(Long.parseLong(pid))
                + ", named in " + file);
    }

    /** True when this account may see which files the process has open. */
    private static boolean isOurs(long pid) {
        return Files.isReadable(Path.of("/proc", Long.toString(pid), "fd"));
    }

    private static Check left(Path file, String how) {
        return Check.warning("service", file + " " + how + "; a service of v6 does not start beside it",
                Next.words("delete the file if the service does not run and does not start").in(Runbook.DATABASE_LOCKED));
    }
}
