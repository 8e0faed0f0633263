package telemetry.store;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Inside;
import telemetry.runs.Columns;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.text.Ndjson;

/**
 * Which tables a store's writers use, when no database tells it any more: by the newest version among their lines, and by what the lines of
 * v6 and v7 say. It looks at the beginning of each file and at the end of plain ones.
 *
 * @param form  that the writers use
 * @param doubt what is not known about it, in a sentence; null when the lines or a backup tell
 */
public record Writers(SchemaForm form, String doubt) {
    private static final int PIECE = 1 << 16;
    private static final int MOST_BACKUPS = 3;

    /** Beyond it a number is no version. */
    private static final int MOST_VERSIONS = 99;

    /** From this version on there are two families of tables for the same lines. */
    private static final int TWO_FAMILIES = 6;

    /** Columns that the service's tables have and the Python client's have not. */
    private static final Set<String> OF_SERVICE = Set.of("items_skipped", "source_ref", "target_ref", "error_details", "environment",
            "context_json", "parent_run_id");

    /** By all day files of the store, and by its backups. */
    public static Writers of(Store store) {
        return of(store, new EventLog(store).days().stream().map(DayFile::path).toList(), 0);
    }

    /** By these files, and by the store's backups. What cannot be read tells nothing. @param atLeast a version that one of the lines has */
    public static Writers of(Store store, List<Path> files, int atLeast) {
        var look = new Look();
        look.newest = atLeast;
        files.forEach(look::at);
        int version = look.newest;
        if (version < TWO_FAMILIES) return new Writers(version < SchemaForm.RUNBOOK.version() ? SchemaForm.RUNBOOK
                : SchemaForm.of(version, Schema.Shape.RUNBOOK), null);
        int known = Math.min(version, Schema.NEWEST);
        String newer = version == known ? null : "the lines are of v" + version + ", which is newer than this toolkit";
        if (look.isOfService) return new Writers(SchemaForm.of(known, Schema.Shape.SERVICE), newer);
        Schema.Shape shape = shapeOfBackups(store, known);
        if (shape != null) return new Writers(SchemaForm.of(known, shape), newer);
        return new Writers(SchemaForm.of(known, Schema.Shape.SERVICE), newer != null ? newer : "the lines do not tell whether the Python "
                + "client or the service keeps this database; the service's tables are chosen, which lose nothing of either (rebuild --schema "
                + SchemaForm.of(known, Schema.Shape.PYTHON) + " makes the client's)");
    }

    /** The newest version that the records at the beginnings and ends of these files are of; 0 when none tells. */
    public static int newest(List<Path> files) {
        var look = new Look();
        files.forEach(look::at);
        return look.newest;
    }

    private static Schema.Shape shapeOfBackups(Store store, int version) {
        List<Path> backups;
        try {
            backups = new ArrayList<>(Inside.list(store.backups()).stream()
                    .filter(file -> file.getFileName().toString().endsWith(".sqlite")).sorted().toList());
        } catch (IOException e) {
            return null;
        }
        Collections.reverse(backups);
        for (Path backup : backups.subList(0, Math.min(MOST_BACKUPS,
                backups.size()))) try (Database database = Database.openFrozen(backup)) {
            SchemaForm form = SchemaForm.of(Schema.of(database));
            if (form != null && form.version() >= TWO_FAMILIES && form.version() <= version) return form.shape();
        } catch (StoreException e) {
            continue;
        }
        return null;
    }

    /** What the lines say. */
    private static final class Look {
        private int newest;
        private boolean isOfService;
        private final Map<String, String> eventIds = new HashMap<>();

        /** A pipe would be read by this and not by the reader that follows. */
        void at(Path file) {
            if (!Files.isRegularFile(file)) return;
            boolean isCompressed = file.getFileName().toString().endsWith(".gz");
            try (InputStream in = new BufferedInputStream(Inside.stream(file))) {
                lines((isCompressed ? new GZIPInputStream(in) : in).readNBytes(PIECE), true);
                long left = isCompressed ? 0 : Files.size(file) - 2L * PIECE;
                if (left < 0) return;
                in.skipNBytes(left);
                lines(in.readNBytes(PIECE), false);
            } catch (IOException e) {
                return;
            }
        }

        private void lines(byte[] piece, boolean isBeginning) {
            int from = isBeginning ? 0 : lineAfter(piece, 0);
            for (int next = lineAfter(piece, from); next > 0 && from >= 0; from = next, next = lineAfter(piece, from))
                if (Ndjson.read(piece, from, next - 1) instanceof Run run) run(run);
        }

        /** Behind the next newline; -1 when there is none. */
        private static int lineAfter(byte[] piece, int from) {
            for (int i = Math.max(0, from); i < piece.length; i++) if (piece[i] == '\n') return i + 1;
            return -1;
        }

        private void run(Run run) {
            Long said = run.number("schema_version");
            int version = said != null && said >= 1 && said <= MOST_VERSIONS ? said.intValue() : versionByColumns(run);
            newest = Math.max(newest, version);
            if (version < TWO_FAMILIES) return;
            String eventId = run.text("event_id");
            String other = eventId == null ? null : eventIds.putIfAbsent(run.id(), eventId);
            boolean isTwo = other != null && !other.equals(eventId);
            isOfService |= isTwo || OF_SERVICE.stream().anyMatch(column -> isFilled(run, column));
        }

        private static boolean isFilled(Run run, String column) {
            Object value = run.fields().get(column);
            return value != null && !value.equals(0L) && !value.equals("");
        }

        private static int versionByColumns(Run run) {
            return run.fields().keySet().stream().mapToInt(Columns::since).max().orElse(0);
        }
    }
}
