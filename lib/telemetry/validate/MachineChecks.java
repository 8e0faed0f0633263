package telemetry.validate;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.Charset;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import telemetry.Check;
import telemetry.Next;
import telemetry.Store;
import telemetry.Times;
import telemetry.os.Answer;
import telemetry.os.Machine;
import telemetry.os.Program;
import telemetry.text.Runbook;

/** The checks of {@link Installation} that need no store: Java, JBang, the system, its clock, its variables, its Python. */
final class MachineChecks {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** A start this far ahead of this machine's clock still counts as now. */
    private static final Duration SKEW = Duration.ofMinutes(1);

    /** It has no quotation mark, so it passes all rules of quoting. */
    private static final String VERSIONS = "import sqlite3,sys;print(sys.version.split()[0],sqlite3.sqlite_version)";

    private final Map<String, String> env;
    private final Instant now;

    MachineChecks(Map<String, String> env, Instant now) {
        this.env = env;
        this.now = now;
    }

    Check java() {
        String detail = System.getProperty("java.version") + ", " + System.getProperty("java.vendor") + ", "
                + System.getProperty("java.home");
        if (ToolProvider.getSystemJavaCompiler() != null) return Check.ok("java", detail);
        Next hint = Next.words("install a JDK 17 or newer (https://adoptium.net)").in(Runbook.SYSTEM_OVERVIEW);
        return Check.warning("java", detail + ": it has no compiler, which JBang needs", hint);
    }

    Check jbang() {
        Path jbang = Machine.program("jbang", env).orElse(null);
        if (jbang != null) return Check.ok("jbang", answer(jbang, "--version").orElse("version unknown") + ", " + jbang);
        return Check.ok("jbang", pinned().map(jar -> jar + ", by scripts/jbangw").orElse("none on the PATH; scripts/jbangw gets one"));
    }

    /** The JBang that scripts/jbangw keeps. */
    private Optional<Path> pinned() {
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(Machine.cache(env).resolve("jbangw"), "jbang-*.jar")) {
            for (Path jar : jars) return Optional.of(jar);
        } catch (IOException e) {
            // no such folder
        }
        return Optional.empty();
    }

    /** The toolkit's files are always UTF-8; the encoding of file names is the system's. */
    Check system(Store store) {
        String names = System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name());
        String machine = String.join(" ", System.getProperty("os.name"), System.getProperty("os.version"), System.getProperty("os.arch"));
        String console = System.console() == null ? "none" : System.console().charset().name();
        String detail = machine + ", file names in " + names + ", console " + console;
        boolean fits = !Charset.isSupported(names) || Charset.forName(names).newEncoder().canEncode(store.base().toString());
        if (fits) return Check.ok("system", detail);
        Next hint = Next.words("set LANG to a UTF-8 locale, for example C.UTF-8").in(Runbook.SYSTEM_OVERVIEW);
        return Check.warning("system", detail + ": the store's path cannot be written in that", hint);
    }

    /** @param newestRun when it started; null when there is none */
    Check clock(Instant newestRun) {
        ZoneId zone = ZoneId.systemDefault();
        String detail = Times.seconds(now) + " UTC, time zone " + zone + " (" + zone.getRules().getOffset(now) + ")";
        Next hint = Next.words("set this machine's clock, for example by NTP").in(Runbook.SYSTEM_OVERVIEW);
        Instant built = built();
        if (built != null && built.isAfter(now.plus(Duration.ofDays(1))))
            return Check.failed("clock", detail + ", which is before this toolkit was built: " + Times.seconds(built), hint);
        if (newestRun != null && newestRun.isAfter(now.plus(SKEW))) {
            String ahead = "; the newest run began " + Times.words(Duration.between(now, newestRun)) + " later";
            return Check.warning("clock", detail + ahead + ": this clock is slow, or an agent's is fast", hint);
        }
        return Check.ok("clock", detail + (newestRun == null ? "" : ", no run began after it"));
    }

    /** When this code was built here; null when that is unknown. */
    private static Instant built() {
        try {
            CodeSource source = MachineChecks.class.getProtectionDomain().getCodeSource();
            return source == null ? null : Files.getLastModifiedTime(Path.of(source.getLocation().toURI())).toInstant();
        } catch (IOException | URISyntaxException e) {
            return null;
        }
    }

    /** All variables that the toolkit knows, and those of the agents' client and service. @param journal of the database; null for none */
    Check variables(String journal) {
        var service = new ServiceVariables(env, journal);
        List<String> told = new ArrayList<>();
        var unset = new StringJoiner(", ", "not set: ", "").setEmptyValue("");
        for (String variable : Store.ALL_VARIABLES) {
            if (env.containsKey(variable)) told.add(variable + "=" + env.get(variable));
            else unset.add(variable);
        }
        told.addAll(service.told());
        String all = String.join(", ", told) + (told.isEmpty() || unset.length() == 0 ? "" : "; ") + unset;
        return service.wrong().isEmpty() ? Check.ok("variables", all) : Check.warning("variables", String.join("; ", service.wrong()) + "; "
                + all, Next.words("correct them where agents and service are started").in(Runbook.SYSTEM_OVERVIEW));
    }

    /** @param shared whether agents probably write this store's database in WAL mode, where an old library can damage it */
    Check python(Store store, boolean shared) {
        Set<String> found = new TreeSet<>();
        for (String name : List.of("python3", "python", "py"))
            Machine.program(name, env).flatMap(python -> answer(python, "-I", "-c", VERSIONS)).ifPresent(found::add);
        if (found.isEmpty()) return Check.ok("python", "none on the PATH that has sqlite3; agents elsewhere may have one");
        String detail = found.stream().map(versions -> versions.replaceFirst(" ", " with SQLite ")).collect(Collectors.joining("; "));
        if (found.stream().noneMatch(versions -> hasWalResetBug(versions.replaceFirst(".* ", "")))) return Check.ok("python", detail);
        String bug = detail + ": SQLite 3.7.0 to 3.51.2 can damage a WAL database (WAL-reset bug)";
        if (!shared) return Check.ok("python", bug + "; this store is not used that way");
        return Check.warning("python", bug, Next.words("give the agents a Python with SQLite 3.51.3 or newer, and back up each day")
                .then(store.command("backup")).in(Runbook.SYSTEM_OVERVIEW));
    }

    /** Source: sqlite.org/wal.html, "The WAL-Reset Bug": 3.7.0 to 3.51.2. */
    static boolean hasWalResetBug(String version) {
        String[] parts = version.split("\\.");
        try {
            int patch = parts.length > 2 ? Integer.parseInt(parts[2]) : 0;
            int number = Integer.parseInt(parts[0]) * 1_000_000 + Integer.parseInt(parts[1]) * 1_000 + patch;
            return number >= 3_007_000 && number < 3_051_003;
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return false;
        }
    }

    /** The first line of the program's output; empty when it does not start, fails, or takes too long. */
    private static Optional<String> answer(Path program, String... args) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(args));
        return Answer.of(Program.own(command), PATIENCE).filter(answer -> answer.exit() == 0)
                .flatMap(answer -> answer.text().lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst());
    }
}
