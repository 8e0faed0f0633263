package telemetry.track;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.NewRun;
import telemetry.Next;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.TelemetryClient;
import telemetry.daylog.LogReader;
import telemetry.os.Disk;
import telemetry.text.Runbook;

/**
 * Tracks a run of the agent {@code test}, job {@code healthcheck}, and looks whether its lines and its row are there: does tracking work?
 */
public final class SelfTest {
    private final Store store;
    private final Clock clock;
    private final List<String> warnings = new ArrayList<>();
    private final List<Check> checks = new ArrayList<>();
    private final Next hint;

    /** What kept a row away and the lines not; null when nothing did. */
    private StoreException refusal;

    /** @throws StoreException {@code MISSING} when there is no store */
    public SelfTest(Store store, Clock clock) {
        this.store = store.orThrow();
        this.clock = clock;
        this.hint = store.next(Runbook.TELEMETRY_INTEGRATION);
    }

    /** Leaves one run in the store. */
    public Checks run() {
        checks.add(Check.ok("store", store.base() + " (named by " + store.rule() + ")"));
        Map<Path, Long> before = sizes();
        String id = track();
        Check lines = lines(id, before);
        Check row = row(id);
        checks.add(track(id, lines, row));
        checks.addAll(List.of(lines, row));
        return new Checks(checks);
    }

    /** Where the lines are safe, a lock or a missing permission shows nothing broken. */
    private Check track(String id, Check lines, Check row) {
        if (warnings.isEmpty()) return Check.ok("track", "run " + id);
        boolean isUntold = lines.status() == Check.Status.OK && isUntold(refusal) && row.status() != Check.Status.FAILED;
        if (!isUntold) return Check.failed("track", warnings.get(0), hint);
        Check untold = refused("track", refusal);
        return row.status() == Check.Status.OK ? Check.warning("track", untold.detail(), untold.hint()) : untold;
    }

    private static boolean isUntold(StoreException e) {
        return e != null && (e.reason() == StoreException.Reason.LOCKED || e.reason() == StoreException.Reason.DENIED);
    }

    private Check refused(String name, StoreException e) {
        return Check.refused(name, e, store.next(Runbook.DATABASE_LOCKED), hint);
    }

    private String track() {
        var id = new String[1];
        try (TelemetryClient client = TelemetryClient.at(store, clock, warnings::add)) {
            client.track(new NewRun("test", "healthcheck"), run -> {
                id[0] = run.id();
                run.event("healthcheck", Map.of("by", "track --self-test")).metrics(m -> m.itemsDiscovered(1).itemsSucceeded(1));
            });
            refusal = client.refusal();
        }
        return id[0];
    }

    /** Of the day files of today and, should midnight come, tomorrow: what stands in them now need not be read. */
    private Map<Path, Long> sizes() {
        LocalDate today = DayFile.dayOf(clock.instant());
        Map<Path, Long> sizes = new TreeMap<>();
        for (LocalDate day : List.of(today, today.plusDays(1))) {
            Path file = store.raw().resolve(DayFile.name(day));
            try {
                sizes.put(file, Files.exists(file) ? Files.size(file) : 0);
            } catch (IOException e) {
                throw Disk.refused("look at", file, e);
            }
        }
        return sizes;
    }

    private Check lines(String id, Map<Path, Long> before) {
        List<String> found = new ArrayList<>();
        before.forEach((file, size) -> {
            if (Files.notExists(file)) return;
            try (LogReader reader = new LogReader(file, size)) {
                reader.forEachRemaining(entry -> {
                    if (entry.record() instanceof Run run && run.id().equals(id)) found.add(run.isEnd() ? "end" : "start");
                    if (entry.record() instanceof Event event && event.runId().equals(id)) found.add("event");
                });
            }
        });
        String detail = found.isEmpty() ? "none found in " + store.raw() : String.join(", ", found) + " found";
        return found.equals(List.of("start", "event", "end")) ? Check.ok("lines", detail) : Check.failed("lines", detail, hint);
    }

    /** A row that a lock keeps from being written or looked for may come yet. */
    private Check row(String id) {
        try (Database database = Database.openToRead(store.database())) {
            Row row = database.one("SELECT status, items_succeeded FROM agent_runs WHERE run_id = ?", id).orElse(null);
            boolean whole = row != null && RunStatus.of(row.text("status")) == RunStatus.SUCCESS && row.number("items_succeeded") == 1;
            String detail = row == null ? "none found in " + store.database() : row.text("status") + " found";
            return whole ? Check.ok("row", detail) : isUntold(refusal)
                    ? Check.unknown("row", detail + "; its lines are safe, and a replay brings it", refused("row", refusal).hint())
                    : Check.failed("row", detail, hint);
        } catch (StoreException e) {
            return refused("row", e);
        }
    }
}
