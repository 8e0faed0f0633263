import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import telemetry.Database;
import telemetry.Store;
import telemetry.cli.Cli;
import telemetry.kit.Checkout;

/** All that is measured: each command of ours, what one would take instead, and the targets. */
final class Comparisons {

    /** Made when it is measured: it may take a store of a million runs. */
    @FunctionalInterface
    interface Making {
        /** @param scratch an empty folder of its own */
        Comparison in(Path scratch) throws Exception;
    }

    /** What we do, as the toolkit of one checkout does it. */
    @FunctionalInterface
    private interface Side {
        Contender of(Ours toolkit) throws Exception;
    }

    private record Entry(String title, Making making) { }

    private static final int TRACKED = 2_000;
    private static final int TRACKED_BY_MANY = 8_000;
    private static final int THREADS = 8;

    private static final String AGENTS = "SELECT agent_name, COUNT(*) AS runs, SUM(items_discovered) AS items_discovered, "
            + "SUM(items_succeeded) AS items_succeeded FROM agent_runs GROUP BY agent_name";
    private static final String MIDDLE_CHAIN = "SELECT insight_id FROM agent_runs WHERE insight_id IS NOT NULL ORDER BY run_id "
            + "LIMIT 1 OFFSET (SELECT count(insight_id) / 2 FROM agent_runs)";
    private static final String ALL = "SELECT * FROM agent_runs";

    /** Stands in some lines of a sample, in those of failures. */
    private static final String TEXT = "No space left on device";

    private final Path peers = Checkout.root().resolve("tests/bench/peers");
    private final SampleStores stores;
    private final Meter meter;
    private final Ours against;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    Comparisons(SampleStores stores, Meter meter) {
        this(stores, meter, null);
    }

    /** @param against another checkout, which takes the place of all peers; null for none */
    Comparisons(SampleStores stores, Meter meter, Ours against) {
        this.stores = stores;
        this.meter = meter;
        this.against = against;
        String large = stores.sizeOfLarge() + " runs";
        add("track", "runs tracked by one thread, each two lines with fsync and a row", this::track);
        add("track-threads", "runs tracked by " + THREADS + " threads that share fsyncs and transactions", this::trackThreads);
        add("rebuild", "a database from the day files of " + large + ", ours verified, Python's with quick_check", this::rebuild);
        add("archive", "day files of " + stores.sizeOfSmall() + " runs compressed, verified and deleted, on one core",
                scratch -> archive("archive", scratch, stores.small()));
        add("archive-two", "the same on two cores", scratch -> archiveOnTwo("archive-two", scratch, stores.small()));
        add("archive-large", "day files of " + large + " compressed, verified and deleted, on one core",
                scratch -> archive("archive-large", scratch, stores.large()));
        add("archive-large-two", "the same on two cores", scratch -> archiveOnTwo("archive-large-two", scratch, stores.large()));
        add("backup", "a backup of " + large + " with integrity_check", scratch -> backup(scratch, "full", "integrity_check"));
        add("backup-quick", "a backup of " + large + " with quick_check", scratch -> backup(scratch, "quick", "quick_check"));
        add("backup-plain", "a backup of " + large + " without checks, beside sqlite3's .backup", scratch -> backup(scratch, "none", null));
        add("health", "all checks on " + large + "; the peer is the one check alone", scratch -> health(1.2));
        add("health-quick", "the same with --quick", scratch -> health(0.55, "--quick"));
        add("recent", "query recent on " + large, scratch -> question(stores.large(), stores.verySmall(), "recent"));
        add("chain", "query chain on " + large, scratch -> chain());
        add("agents", "query agents on " + large + " with the index that measure_performance advises; the peer is the runbook's statement "
                + "on the store as it stands",
                scratch -> agents("agents", stores.advised(scratch.resolve("store")), Target.ratio(Figure.WALL, "sqlite3", 0.55)));
        add("agents-plain", "the same without the index", scratch -> agents("agents-plain", stores.large()));
        add("csv", "query sql --csv of " + large + " with all columns", scratch -> csv());
        add("logs", "lines with a text in archived day files of " + stores.sizeOfSmall() + " runs", this::logs);
        add("jbang", "an empty script: what JBang itself costs", scratch -> jbang());
        add("start", "health on an empty store as scripts/jbangw starts it, beside an empty script",
                scratch -> start("start", scratch, toolkit -> toolkit.command("health")));
        add("start-jbang", "the same as JBang alone starts it", scratch -> start("start-jbang", scratch,
                toolkit -> toolkit.throughJbang("run", toolkit.checkout().resolve("scripts/health.java"))));
        add("launcher", "health on an empty store through a launcher, beside a plain Python health", this::launcher);
    }

    private void add(String name, String title, Making making) {
        entries.put(name, new Entry(title, making));
    }

    /** By name, in the order of docs/performance.md. */
    Map<String, String> titles() {
        Map<String, String> titles = new LinkedHashMap<>();
        entries.forEach((name, entry) -> titles.put(name, entry.title));
        return titles;
    }

    Outcome measure(String name, int rounds) {
        return measure(name, entries.get(name).making, rounds);
    }

    Outcome measure(String name, Making making, int rounds) {
        Path scratch = stores.scratch();
        try {
            return new Rounds(making.in(scratch), meter, scratch).run(rounds);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("measuring " + name, e);
        }
    }

    private Comparison comparison(String name, Side side, List<Contender> peers, Target... targets) throws Exception {
        String title = entries.get(name).title;
        Contender ours = side.of(Ours.here());
        if (against == null) return new Comparison(name, title, ours, peers, List.of(targets));
        Contender other = side.of(against).named("other");
        Figure figure = targets.length == 0 ? Figure.WALL : targets[0].figure();
        return new Comparison(name, title, ours, List.of(other), List.of(Target.noWorse(figure, other.name())));
    }

    private Comparison track(Path scratch) throws Exception {
        Store store = Store.at(scratch.resolve("store"));
        Contender.Proof proof = output -> Proofs.tracked(store);
        Contender.Step before = () -> SampleStores.empty(store.base());
        Side ours = toolkit -> tracking("ours", toolkit, scratch, store, TRACKED, 1, proof).after(before).making(store.raw());
        Contender python = python("python", proof, "track.py", store.base(), TRACKED, "record").after(before).making(store.raw());
        Contender held = python("python, held", proof, "track.py", store.base(), TRACKED, "run").after(before).making(store.raw());
        Contender floor = python("two fsyncs", Contender.OTHER_WORK, "fsyncs.py", scratch.resolve("fsyncs"), TRACKED)
                .after(() -> Files.deleteIfExists(scratch.resolve("fsyncs"))).making(scratch.resolve("fsyncs"));
        return comparison("track", ours, List.of(python, held, floor), Target.times(Figure.RATE, "python", 5),
                Target.ratio(Figure.P50, "two fsyncs", 2.5));
    }

    /** Beside another checkout both are built in the same way, to be compared. */
    private Contender tracking(String name, Ours toolkit, Path scratch, Store store, int runs, int threads, Contender.Proof proof)
            throws Exception {
        if (against == null) return Contender.of(name, toolkit.program(Tracking.class, store.base(), runs, threads), proof);
        try {
            Path folder = scratch.resolve(toolkit.equals(against) ? "other" : "ours");
            return Contender.of(name, toolkit.built(folder, Tracking.class, meter, store.base(), runs, threads), proof);
        } catch (IOException e) {
            return Contender.missing(name, e.getMessage());
        }
    }

    private Comparison trackThreads(Path scratch) throws Exception {
        Store store = Store.at(scratch.resolve("store"));
        Contender.Proof proof = output -> Proofs.tracked(store);
        Contender.Step before = () -> SampleStores.empty(store.base());
        Side many = toolkit -> tracking("ours", toolkit, scratch, store, TRACKED_BY_MANY, THREADS, proof).after(before)
                .making(store.raw());
        Contender one = Contender.of("one thread", Ours.here().program(Tracking.class, store.base(), TRACKED_BY_MANY, 1), proof)
                .after(before).making(store.raw());
        return comparison("track-threads", many, List.of(one), Target.times(Figure.RATE, "one thread", 2));
    }

    /** Of a store that has no database: the peers know of none, and ours would first check it and then carry over what only it knows. */
    private Comparison rebuild(Path scratch) throws Exception {
        Store store = SampleStores.withoutDatabase(stores.large(), scratch.resolve("store"));
        Path made = scratch.resolve("made.sqlite");
        Contender.Proof proof = output -> Proofs.runs(made);
        Contender.Step before = () -> deleteDatabase(made);
        Side ours = toolkit -> Contender.of("ours", toolkit.command("rebuild", "--store", store.base(), "--into", made), proof)
                .after(before).making(made);
        Contender sqlite3 = Programs.contender("sqlite3", "sqlite3", program -> Contender.of("sqlite3",
                List.of("sh", peers.resolve("rebuild.sh").toString(), store.raw().toString(), made.toString()), proof)).after(before)
                        .making(made);
        Contender python = python("python", proof, "rebuild.py", store.raw(), made).after(before).making(made);
        return comparison("rebuild", ours, List.of(sqlite3, python), Target.ratio(Figure.WALL, "sqlite3", 0.40),
                Target.ratio(Figure.WALL, "python", 0.35),
                Target.atMost(Figure.PEAK, 512));
    }

    private static void deleteDatabase(Path file) throws IOException {
        for (String suffix : List.of("", "-wal", "-shm", "-journal"))
            Files.deleteIfExists(file.resolveSibling(file.getFileName() + suffix));
    }

    private Comparison archive(String name, Path scratch, Store days) throws Exception {
        boolean pinned = Programs.has("taskset");
        return archiving(name, scratch, days, pinned ? List.of("taskset", "-c", "0") : List.of(), "gzip", "gzip -6",
                Target.ratio(Figure.CPU, "gzip -6", 1.0));
    }

    private Comparison archiveOnTwo(String name, Path scratch, Store days) throws Exception {
        return archiving(name, scratch, days, List.of(), "pigz", "pigz -6 -p 2", Target.ratio(Figure.WALL, "pigz -6 -p 2", 1.1));
    }

    private Comparison archiving(String name, Path scratch, Store days, List<String> prefix, String program, String peer, Target target)
            throws Exception {
        Store store = Store.at(scratch.resolve("store"));
        Contender.Step before = () -> {
            SampleStores.empty(store.base());
            SampleStores.copyDays(days, store.raw());
        };
        Side ours = toolkit -> Contender.of("ours",
                joined(prefix, toolkit.command("archive", "--store", store.base(), "--older-than", "0d", "--yes")),
                output -> Proofs.archives(store.archive())).after(before).making(store.archive());
        Contender other = Programs.contender(program, peer, found -> Contender.of(peer,
                joined(prefix, List.of("sh", "-c", "exec " + peer + " \"$1\"/*.ndjson", "sh", store.raw().toString())),
                        output -> Proofs.archives(store.raw())))
                .after(before).making(store.raw());
        return comparison(name, ours, List.of(other), target);
    }

    private static List<String> joined(List<String> first, List<String> then) {
        List<String> all = new ArrayList<>(first);
        all.addAll(then);
        return all;
    }

    /** An unchecked backup is a warning. @param pragma the peer's check; null for none */
    private Comparison backup(Path scratch, String check, String pragma) throws Exception {
        Store store = stores.large();
        Path folder = scratch.resolve("backups");
        Contender.Step before = () -> {
            SampleStores.delete(folder);
            Files.createDirectories(folder);
        };
        Contender.Proof proof = output -> {
            try (var files = Files.list(folder)) {
                return Proofs.runs(files.filter(file -> file.toString().endsWith(".sqlite")).findFirst().orElseThrow());
            }
        };
        Side ours = toolkit -> Contender.of("ours",
                toolkit.command("backup", "--store", store.base(), "--to", folder, "--check", check), proof)
                .after(before).making(folder).exiting(Cli.OK, Cli.WARNING);
        String script = "sqlite3 \"$1\" \".backup '$2'\"" + (pragma == null ? ""
                : " && test \"$(sqlite3 \"$2\" 'PRAGMA " + pragma + "')\" = ok");
        Contender sqlite3 = Programs.contender("sqlite3", "sqlite3", program -> Contender.of("sqlite3",
                List.of("sh", "-c", script, "sh", store.database().toString(), folder.resolve("copy.sqlite").toString()), proof))
                        .after(before).making(folder);
        return switch (check) {
            case "full" -> comparison("backup", ours, List.of(sqlite3), Target.ratio(Figure.WALL, "sqlite3", 1.2));
            case "quick" -> comparison("backup-quick", ours, List.of(sqlite3), Target.ratio(Figure.WALL, "sqlite3", 1.2));
            default -> comparison("backup-plain", ours, List.of(sqlite3), Target.ratio(Figure.WALL, "sqlite3", 1.3));
        };
    }

    /** A sample has no backup: that is a warning. */
    private Comparison health(double atMost, String... options) throws Exception {
        Store store = stores.large();
        Side ours = toolkit -> Contender.of("ours",
                joined(toolkit.command("health", "--store", store.base()), List.of(options)), Proofs::intact).exiting(Cli.OK, Cli.WARNING);
        Contender sqlite3 = Programs.contender("sqlite3", "integrity_check",
                program -> Contender.of("integrity_check", List.of(program, store.database().toString(), "PRAGMA integrity_check"),
                        Proofs::intact));
        return comparison(options.length == 0 ? "health" : "health-quick", ours, List.of(sqlite3),
                Target.ratio(Figure.WALL, "integrity_check", atMost));
    }

    private Comparison chain() throws Exception {
        Store large = stores.large();
        Store small = stores.verySmall();
        return question("chain", large, List.of(middleChain(large)), small, List.of(middleChain(small)));
    }

    private static String middleChain(Store store) {
        try (var database = Database.openToRead(store.database())) {
            return database.value(MIDDLE_CHAIN).toString();
        }
    }

    private Comparison question(Store large, Store small, String word) throws Exception {
        return question(word, large, List.of(), small, List.of());
    }

    private Comparison question(String word, Store large, List<String> ofLarge, Store small, List<String> ofSmall) throws Exception {
        Contender.Proof rows = output -> new Work(Proofs.csv(output).counts(), "");
        Side ours = toolkit -> Contender.of("ours",
                joined(toolkit.command("query", word, "--store", large.base(), "--csv"), ofLarge), rows);
        Contender other = Contender.of("1,000 runs",
                joined(Ours.here().command("query", word, "--store", small.base(), "--csv"), ofSmall), rows);
        return comparison(word, ours, List.of(other), Target.ratio(Figure.WALL, "1,000 runs", 1.15));
    }

    private Comparison agents(String name, Store asked, Target... targets) throws Exception {
        Store asItStands = stores.large();
        Contender.Proof proof = output -> Proofs.csv(output, "agent_name", "runs", "items_discovered", "items_succeeded");
        Side ours = toolkit -> Contender.of("ours", toolkit.command("query", "agents", "--store", asked.base(), "--csv"), proof);
        Contender sqlite3 = Programs.contender("sqlite3", "sqlite3",
                program -> Contender.of("sqlite3", List.of(program, "-csv", "-header", asItStands.database().toString(), AGENTS), proof));
        return comparison(name, ours, List.of(sqlite3), targets);
    }

    private Comparison csv() throws Exception {
        Store store = stores.large();
        Store small = stores.small();
        Side ours = toolkit -> Contender.of("ours", toolkit.command("query", "sql", "--store", store.base(), "--csv", ALL), Proofs::csv);
        Contender sqlite3 = Programs.contender("sqlite3", "sqlite3",
                program -> Contender.of("sqlite3", List.of(program, "-csv", "-header", store.database().toString(), ALL), Proofs::csv));
        Contender python = python("python", Proofs::csv, "csv_dump.py", store.database(), "agent_runs");
        String fewer = stores.sizeOfSmall() + " runs";
        Contender ofFewer = Contender.of(fewer, Ours.here().command("query", "sql", "--store", small.base(), "--csv", ALL),
                Contender.OTHER_WORK);
        return comparison("csv", ours, List.of(sqlite3, python, ofFewer), Target.ratio(Figure.WALL, "sqlite3", 1.8),
                Target.ratio(Figure.WALL, "python", 0.7),
                Target.ratio(Figure.PEAK, fewer, 1.25));
    }

    private Comparison logs(Path scratch) throws Exception {
        Store store = Store.at(scratch.resolve("store"));
        SampleStores.empty(store.base());
        SampleStores.copyDays(stores.small(), store.raw());
        Meter.Run archived = meter.run(Ours.here().command("archive", "--store", store.base(), "--older-than", "0d", "--yes"),
                scratch.resolve("archived"));
        if (archived.exit() != 0) throw new IOException("archive ended with " + archived.exit() + ": " + archived.errors());
        Side ours = toolkit -> Contender.of("ours",
                toolkit.command("logs", "--store", store.base(), "--since", "40d", "--grep", TEXT, "--raw"), Proofs::lines);
        Contender zcat = Programs.contender("zcat", "zcat | grep", program -> Contender.of("zcat | grep",
                List.of("sh", "-c", "find \"$1\" -name '*.gz' | sort | xargs zcat | grep -F \"$2\"", "sh", store.archive().toString(),
                        TEXT), Proofs::lines));
        return comparison("logs", ours, List.of(zcat));
    }

    private Comparison jbang() throws Exception {
        Side ours = toolkit -> Contender.of("ours", toolkit.throughJbang("run", peers.resolveSibling("Empty.java")),
                output -> new Work(Map.of(), ""));
        Contender java = Contender.of("java", Ours.here().program(Empty.class), output -> new Work(Map.of(), ""));
        return comparison("jbang", ours, List.of(java));
    }

    private Comparison start(String name, Path scratch, Function<Ours, List<String>> health) throws Exception {
        Store store = SampleStores.empty(scratch.resolve("store"));
        Side ours = toolkit -> Contender.of("ours", joined(health.apply(toolkit), List.of("--store", store.base().toString())),
                Proofs::intact).exiting(Cli.OK, Cli.WARNING);
        Contender empty = Contender.of("empty script", Ours.here().throughJbang("run", peers.resolveSibling("Empty.java")),
                Contender.OTHER_WORK);
        return comparison(name, ours, List.of(empty), Target.added(Figure.CPU, "empty script", 0.20));
    }

    /** The target is another on a Java that keeps compiled code and loaded classes from one start to the next. */
    private Comparison launcher(Path scratch) throws Exception {
        Store store = SampleStores.empty(scratch.resolve("store"));
        Side ours = toolkit -> {
            Path folder = scratch.resolve(toolkit.equals(against) ? "launchers-other" : "launchers");
            Meter.Run made = meter.run(toolkit.throughJbang("setup", "--launchers", folder), scratch.resolve("made"));
            if (made.exit() != Cli.OK) return Contender.missing("ours", "setup --launchers ended with exit code " + made.exit());
            return Contender.of("ours", List.of(folder.resolve("telemetry-health").toString(), "--store", store.base().toString()),
                    Proofs::intactWithRuns).exiting(Cli.OK, Cli.WARNING);
        };
        Contender python = python("python", Proofs::intactWithRuns, "health.py", store.base()).exiting(0, 1);
        return comparison("launcher", ours, List.of(python),
                Target.ratio(Figure.WALL, "python", Runtime.version().feature() >= 25 ? 1.2 : 2.0));
    }

    private Contender python(String name, Contender.Proof proof, String script, Object... arguments) {
        return Programs.contender("python3", name, python -> {
            List<String> command = new ArrayList<>(List.of(python, peers.resolve(script).toString()));
            for (Object argument : arguments) command.add(argument.toString());
            return Contender.of(name, command, proof);
        });
    }
}
