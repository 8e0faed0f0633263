package telemetry.rebuild;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import telemetry.store.Quarantine;
import telemetry.text.JsonText;

/** Rows that a new table does not take, kept in the quarantine with all their columns: none is dropped in silence. */
public final class RefusedRows {
    private final Quarantine quarantine;
    private final Set<UUID> seen = new HashSet<>();
    private final List<String> named = new ArrayList<>();

    /** @param quarantine is closed by its owner */
    public RefusedRows(Quarantine quarantine) {
        this.quarantine = quarantine;
    }

    /** The same row again, seen in another file or at another moment, is kept once. @param row by column, all of them */
    public void add(String table, Map<String, Object> row, String why) {
        if (!seen.add(UUID.nameUUIDFromBytes((table + JsonText.line(row)).getBytes(StandardCharsets.UTF_8)))) return;
        quarantine.add(table, row, why);
        Object id = row.containsKey("run_id") ? row.get("run_id") : row.values().iterator().next();
        named.add((table.equals("agent_runs") ? "the run " : "the row of " + table + " ") + id + " (" + why + ")");
    }

    /** Each in words: {@code the run 20261120T130000Z-crawler-0000002a (NOT NULL constraint failed: agent_runs.env)}. */
    public List<String> named() {
        return named;
    }

    /** Where they are; null when there are none. */
    public Path file() {
        return named.isEmpty() ? null : quarantine.file();
    }
}
