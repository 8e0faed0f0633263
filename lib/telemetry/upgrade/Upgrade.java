package telemetry.upgrade;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.logs.WritersForm;
import telemetry.rebuild.Rebuild;
import telemetry.rebuild.Rebuilt;
import telemetry.rebuild.Reshape;
import telemetry.rebuild.RunDifferences;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.runs.WritersStatements;
import telemetry.text.Words;

/**
 * Makes a store's database one of newer writers. A verified backup comes first. The new table of runs is made beside the database,
 * compared, and takes the old one's place in one transaction, so whatever is killed leaves the old tables or the new ones.
 */
public final class Upgrade {
    private final Store store;
    private final Clock clock;
    private Duration patience = Database.PATIENCE;
    private LongConsumer progress = bytes -> { };

    public Upgrade(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /** Sets how long to wait for a lock on the database; the default is {@link Database#PATIENCE}. */
    public Upgrade patience(Duration patience) {
        this.patience = patience;
        return this;
    }

    /** Receives the number of bytes read since the last call. */
    public Upgrade progress(LongConsumer bytes) {
        this.progress = bytes;
        return this;
    }

    /**
     * The tables to make where the operator names none: those of the writers of the newest lines.
     *
     * @throws StoreException {@code FAILED} when the lines do not tell
     */
    public SchemaForm writers() {
        var writers = WritersForm.of(new EventLog(store));
        Schema now = schema();
        SchemaForm form = writers.form(now);
        if (form != null) return form;
        if (writers.version() == 0) throw unknown("no line says of which version its writer is: choose with --to", "v3");
        throw unknown("the lines' writers are of v" + writers.version() + ", and lines do not tell who writes the database: choose --to v"
                + writers.version() + "-python for clients that write it themselves, --to v" + writers.version()
                + "-service for clients that send their runs to the service", "v" + writers.version() + "-service");
    }

    private StoreException unknown(String why, String example) {
        return new StoreException(StoreException.Reason.FAILED, "upgrade", store.database(), why,
                store.command("upgrade", "--to", example, "--dry-run"));
    }

    private Schema schema() {
        try (Database database = Database.openToRead(store.database(), patience)) {
            Schema.refuseNewer(database);
            return Schema.require(database);
        }
    }

    /**
     * Changes nothing.
     *
     * @param isCompared whether database and day files are compared, which reads them all
     * @throws IllegalArgumentException when those are older tables
     * @throws StoreException           {@code FAILED} when they cannot hold the rows, {@code DAMAGED} when the table of runs is unusable
     */
    public UpgradePlan plan(SchemaForm to, boolean isCompared) {
        try (Database database = Database.openToRead(store.database(), patience)) {
            Schema.refuseNewer(database);
            Schema now = Schema.require(database);
            requireNewer(now, to);
            requireRoom(database, to);
            List<String> reasons = reasons(database, now, to);
            var reshape = new Reshape(database, to);
            RunDifferences.Count differences = isCompared && !reasons.isEmpty() && !new EventLog(store).isEmpty()
                    ? rebuild().differences(difference -> { }) : null;
            return new UpgradePlan(store.database(), now.toString(), to.toString(), database.number("SELECT count(*) FROM agent_runs"),
                    reshape.added(), reasons, differences);
        }
    }

    private static void requireNewer(Schema now, SchemaForm to) {
        if (to.version() < Schema.RUNBOOK_VERSION || to.version() < now.version())
            throw new IllegalArgumentException("this database is " + now + " and " + to + " is older: no run may lose a column");
    }

    private void requireRoom(Database database, SchemaForm to) {
        if (to.shape() == Schema.Shape.SERVICE) return;
        long more = database.number("SELECT count(run_id) - count(DISTINCT run_id) FROM agent_runs");
        if (more > 0) throw new StoreException(StoreException.Reason.FAILED, "upgrade", store.database(), Words.count(more, "row has",
                "rows have") + " the run_id of another, and " + to + " holds one row of each", store.command("upgrade", "--to", "v"
                + Schema.NEWEST + "-service", "--dry-run"));
    }

    private static List<String> reasons(Database database, Schema now, SchemaForm to) {
        List<String> reasons = new ArrayList<>();
        boolean isOther = SchemaForm.of(now) != to;
        if (isOther) reasons.add("its tables are " + now);
        else reasons.addAll(WritersStatements.refused(database, now, to));
        if (!isOther && now.stamp() != to.version() && now.tables().contains("schema_migrations"))
            reasons.add(now.stamp() == 0 ? "it is not stamped" : "it is stamped v" + now.stamp());
        for (String table : List.of("run_events", "commits", "schema_migrations"))
            if (!now.tables().contains(table)) reasons.add("it has no table " + table);
        if (!database.pragma("journal_mode").equalsIgnoreCase(to.journal()))
            reasons.add("its journal mode is " + database.pragma("journal_mode") + ", and those writers use "
                    + to.journal().toLowerCase(Locale.ROOT));
        return reasons;
    }

    /**
     * Carries it out.
     *
     * @param backup makes a verified backup
     * @throws StoreException {@code LOCKED} when a restore, a recovery, a rebuild or another upgrade is running there
     */
    public Upgraded run(UpgradePlan plan, SchemaForm to, Supplier<Path> backup) {
        Path copy = backup.get();
        Rebuild rebuild = rebuild();
        try (Database database = Database.openToRead(store.database(), patience)) {
            rebuild.as(new Reshape(database, to));
        }
        Rebuilt made = rebuild.patience(patience).progress(progress).inPlace();
        return new Upgraded(plan.from(), to.toString(), copy, made,
                new EventLog(store).isEmpty() ? null : rebuild().differences(difference -> { }));
    }

    private Rebuild rebuild() {
        return new Rebuild(store, clock);
    }
}
