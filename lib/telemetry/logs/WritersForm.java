package telemetry.logs;

import java.nio.file.Path;
import java.util.List;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.runs.WritersStatements;
import telemetry.store.Writers;

/**
 * Which tables the writers of a store's newest lines use, as far as lines tell: their version does, and from v6 on not whether the client
 * or its service writes the database.
 *
 * @param version of the newest lines; 0 when no line names one
 */
public record WritersForm(int version) {

    /** So many of the newest days are looked at: their writers are those of today. */
    private static final int DAYS = 3;

    public static WritersForm of(EventLog log) {
        List<Path> files = log.days().stream().map(DayFile::path).toList();
        int version = 0;
        for (int to = files.size(); to > 0 && version == 0; to -= DAYS) version = Writers.newest(files.subList(Math.max(0, to - DAYS), to));
        return new WritersForm(Math.min(version, Schema.NEWEST));
    }

    /**
     * Why a store's table of runs refuses what the writers of its newest lines insert, in words; empty when it takes that. Where lines do
     * not tell who writes the database, the client's statements count, which name less.
     */
    public static List<String> refused(Store store, Database database, Schema schema) {
        var writers = of(new EventLog(store));
        SchemaForm own = SchemaForm.named("v" + writers.version).orElse(null);
        SchemaForm form = own != null || writers.version == 0 ? own : writers.form(schema);
        if (form == null && writers.version > 0) form = SchemaForm.named("v" + writers.version + "-python").orElse(null);
        return form == null ? List.of() : WritersStatements.refused(database, schema, form);
    }

    /** The same in one sentence, for a command that has just changed the database; null when the table takes what its writers insert. */
    public static String refused(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            Schema schema = Schema.of(database);
            List<String> reasons = schema.isUsable() && !schema.isNewer() ? refused(store, database, schema) : List.of();
            return reasons.isEmpty() ? null : "rows of the writers will be refused again: " + String.join("; ", reasons);
        } catch (StoreException e) {
            return null;
        }
    }

    /** Their tables, for a database that has this schema now; null when that is not known. */
    public SchemaForm form(Schema now) {
        if (version == 0) return null;
        String family = version < 6 ? "" : now.shape() == Schema.Shape.PYTHON ? "-python" : now.shape() == Schema.Shape.SERVICE ? "-service"
                : "-";
        return SchemaForm.named("v" + Math.max(version, Schema.RUNBOOK_VERSION) + family).orElse(null);
    }
}
