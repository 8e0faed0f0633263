package telemetry.rebuild;

import java.nio.file.Path;
import java.util.List;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.runs.Ddl;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.store.Writers;

/**
 * The tables that a new database gets: those of the old one; else those that the writers of the lines use; or those that were asked for.
 *
 * @param ddl     the old database's; null when it does not tell, or others were asked for
 * @param form    what the ddl has no table of runs from; also where it has one, but then nothing needs it
 * @param doubt   what is not known about the form, in a sentence; null for nothing
 * @param isOther true when the old database has other tables than were asked for, so that its rows must be converted
 * @param isAsked whether the form was asked for
 */
record NewTables(Ddl ddl, SchemaForm form, String doubt, boolean isOther, boolean isAsked) {

    /** Lines of a version that the tables are too old for, which only a whole reading has found. */
    static final class TooOld extends RuntimeException {
        private final int version;

        TooOld(int version) {
            super(null, null, false, false);
            this.version = version;
        }

        int version() {
            return version;
        }
    }

    /**
     * @param asked   null for none
     * @param files   the day files that will be read
     * @param atLeast the version of the newest line, as far as it is known; 0 when it is not
     */
    static NewTables of(Store store, OldDatabase old, SchemaForm asked, List<Path> files, int atLeast) {
        boolean isOther = asked != null && old.state() != OldDatabase.State.ABSENT && asked != formOf(old.file());
        boolean isTold = !isOther && old.ddl() != null && old.ddl().tables().stream().anyMatch(sql -> sql.contains("agent_runs"));
        if (isTold || asked != null) return new NewTables(isOther ? null : old.ddl(), asked == null ? SchemaForm.RUNBOOK : asked, null,
                isOther, asked != null);
        Writers writers = Writers.of(store, files, atLeast);
        return new NewTables(old.ddl(), writers.form(), writers.doubt(), false, false);
    }

    private static SchemaForm formOf(Path file) {
        try (Database database = Database.openToRead(file)) {
            return SchemaForm.of(Schema.of(database));
        } catch (StoreException e) {
            return null;
        }
    }

    boolean isTold() {
        return ddl != null && ddl.tables().stream().anyMatch(sql -> sql.contains("agent_runs"));
    }

    /** @throws TooOld when the newest record needs newer tables and nobody asked for these */
    void requireUpToDate(NewDatabase made) {
        if (isAsked || isTold()) return;
        int newest = made.newestRecord();
        if (newest > form.version()) throw new TooOld(newest);
    }
}
