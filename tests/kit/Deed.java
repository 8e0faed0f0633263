package telemetry.kit;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import telemetry.Database;
import telemetry.Run;
import telemetry.Store;
import telemetry.runs.RunWriter;

/**
 * A command that changes a store, on a store that gives it something to do.
 *
 * @param before     makes the store so; nothing for most
 * @param isExchange true when another file takes the database's place, and what only the old one had goes to the quarantine
 * @param agents     true when the store is the agents', and who runs is root
 * @param words      the script and its arguments
 */
public record Deed(String name, Fixture shape, Preparation before, boolean isExchange, boolean agents, String... words) {
    private static final Instant NEW = Instant.now().minus(Duration.ofDays(3));
    private static final Instant OLD = NEW.minus(Duration.ofDays(40));
    private static final String DAY = LocalDate.ofInstant(NEW, ZoneOffset.UTC).toString();

    /** What is done to a store beforehand. */
    public interface Preparation {
        void on(Store store) throws IOException;
    }

    /** Those that this account can try; with {@code -Dtelemetry.deeds='archive.*'} only those of such a name. */
    public static List<Deed> all() {
        boolean isRoot = System.getProperty("user.name").equals("root");
        String name = System.getProperty("telemetry.deeds", ".*");
        return table().stream().filter(deed -> (isRoot || !deed.agents) && deed.name.matches(name)).toList();
    }

    /** A command that is to stand the tests with faults, full disks and signals has a line here. */
    private static List<Deed> table() {
        Preparation nothing = store -> { };
        return List.of(
                new Deed("backup", Fixture.V3, nothing, false, false, "backup"),
                new Deed("backup compressed", Fixture.V3, nothing, false, false, "backup", "--compress"),
                new Deed("backup expire", Fixture.V3, Deed::threeBackups, false, false, "backup", "expire", "--keep-days", "0"),
                new Deed("drill", Fixture.V3, Deed::backedUp, true, false, "backup", "restore", "latest", "--dry-run"),
                new Deed("restore", Fixture.V3, Deed::backedUp, true, false, "backup", "restore", "latest", "--yes"),
                new Deed("restore missing", Fixture.V3, damaged("missing"), true, false, "backup", "restore", "latest", "--yes"),
                new Deed("restore garbage", Fixture.V3, damaged("garbage"), true, false, "backup", "restore", "latest", "--yes"),
                new Deed("rebuild", Fixture.V3, nothing, true, false, "rebuild", "--yes"),
                new Deed("rebuild missing", Fixture.V3, damaged("missing"), true, false, "rebuild", "--yes"),
                new Deed("rebuild damaged", Fixture.V3, damaged("page"), true, false, "rebuild", "--yes"),
                new Deed("recover", Fixture.V3, nothing, true, false, "recover", "--yes"),
                new Deed("recover damaged", Fixture.V3, damaged("page"), true, false, "recover", "--yes"),
                new Deed("recover garbage", Fixture.V3, damaged("garbage"), true, false, "recover", "--yes"),
                new Deed("recover missing", Fixture.V3, store -> Sabotage.damage(store, "missing"), true, false, "recover", "--yes"),
                new Deed("archive", Fixture.V3, nothing, false, false, "archive", "--older-than", "1d", "--yes"),
                new Deed("archive restore", Fixture.V3, Deed::archived, false, false, "archive", "restore", DAY),
                new Deed("archive expire", Fixture.V3, Deed::archived, false, false, "archive", "expire", "--older-than", "20d", "--yes"),
                new Deed("prune runs", Fixture.V3, nothing, false, false, "prune", "runs", "--older-than", "20d", "--yes"),
                new Deed("prune stale", Fixture.V3, nothing, false, false, "prune", "stale", "--older-than", "1h", "--yes"),
                new Deed("upgrade", Fixture.V3, nothing, false, false, "upgrade", "--to", "v7-service", "--yes"),
                new Deed("service: backup", Fixture.V7_SERVICE, nothing, false, false, "backup"),
                new Deed("service: rebuild", Fixture.V7_SERVICE, nothing, true, false, "rebuild", "--yes"),
                new Deed("service: prune", Fixture.V7_SERVICE, nothing, false, false, "prune", "runs", "--older-than", "20d", "--yes"),
                new Deed("agents': archive", Fixture.V3, nothing, false, true, "archive", "--older-than", "1d", "--yes"),
                new Deed("agents': restore", Fixture.V3, Deed::backedUp, true, true, "backup", "restore", "latest", "--yes"));
    }

    public String script() {
        return words[0];
    }

    public List<String> args(Store store) {
        List<String> args = new ArrayList<>(Arrays.asList(words).subList(1, words.length));
        args.addAll(List.of("--store", store.base().toString()));
        return args;
    }

    /** Two days of runs of long ago and two of late; five runs stand in their lines alone, three in rows alone. */
    public void prepare(Store store) throws IOException {
        shape.filled(store.base(), 24, NEW);
        try (Database database = Database.open(store.database())) {
            var writer = new RunWriter(database);
            for (int n = 100; n < 120; n++) {
                Run run = shape.run(n, OLD.minus(Duration.ofHours(2L * (n - 100))));
                writer.write(run);
                Fixture.lines(run, n).forEach(line -> Fixture.append(store, OLD, line));
            }
            for (int n = 200; n < 203; n++) writer.write(shape.run(n, NEW.minus(Duration.ofMinutes(n))).with("insight_id", null));
            database.update("DELETE FROM agent_runs WHERE run_id IN (SELECT run_id FROM agent_runs WHERE start_time > '"
                    + NEW.minus(Duration.ofHours(9)) + "' AND status = 'success' LIMIT 5) AND run_id NOT LIKE '%-000000c%'");
            database.update("INSERT INTO commits(commit_hash, run_id) SELECT 'abc', min(run_id) FROM agent_runs");
            database.pragma("wal_checkpoint", "TRUNCATE");
        }
        DayLines.rest(store, Instant.now());
        before.on(store);
        if (agents) Owners.give(store.base());
    }

    private static void threeBackups(Store store) {
        for (int n = 0; n < 3; n++) command(store, "backup", "--keep-days", "1");
    }

    private static void backedUp(Store store) {
        command(store, "backup");
        Sql.execute(store, "DELETE FROM commits", "INSERT INTO agent_runs(run_id, agent_name, start_time, end_time, status) VALUES "
                + "('late', 'web', '" + NEW + "', '" + NEW + "', 'success')", "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private static void archived(Store store) {
        command(store, "archive", "--older-than", "1d", "--yes");
    }

    private static Preparation damaged(String how) {
        return store -> {
            command(store, "backup");
            Sabotage.damage(store, how);
        };
    }

    private static void command(Store store, String... words) {
        Script done = Script.on(store, Victim.script(words[0]), (Object[]) Arrays.copyOfRange(words, 1, words.length));
        if (done.exit() > 1) throw new AssertionError(String.join(" ", words) + ": " + done);
    }

    @Override
    public String toString() {
        return name;
    }
}
