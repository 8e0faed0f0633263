package telemetry.track;

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
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.TelemetryClient;
import telemetry.daylog.LogReader;
import telemetry.text.Result;
import telemetry.text.Runbook;

/** Tests tracking: tracks a run of the agent {@code test}, job {@code healthcheck}, and checks that its lines and its row are there. */
public final class SelfTest {
    private final Store store;
    private final Clock clock;
    private final Next hint;

    /** @throws StoreException {@code MISSING} when there is no store */
    public SelfTest(Store store, Clock clock) {
        this.store = store.orThrow();
        this.clock = clock;
        this.hint = store.next(Runbook.TELEMETRY_INTEGRATION);
    }

    /** The outcome; {@code toString()} is the report. */
    public record Found(Check.Status status, Path store, Checks checks) implements Result {
        @Override
        public String toString() {
            return checks.toString();
        }
    }

    /** Leaves one run in the store. */
    public Found run() {
        Map<Path, Long> before = sizes();
        Tracked run = track();
        Check lines = lines(run.id, before);
        Check row = row(run);
        Check named = Check.ok("store", store.base() + " (named by " + store.rule() + ")");
        var checks = new Checks(List.of(named, track(run, lines, row), lines, row));
        return new Found(checks.status(), store.base(), checks);
    }

    /** When the lines are safe, a lock or a missing permission does not mean that something is broken. */
    private Check track(Tracked run, Check lines, Check row) {
        if (run.warnings.isEmpty()) return Check.ok("track", "run " + run.id);
        boolean isUntold = lines.status() == Check.Status.OK && isUntold(run.refusal) && row.status() != Check.Status.FAILED;
        if (!isUntold) return Check.failed("track", run.warnings.get(0), hint);
        Check untold = refused("track", run.refusal);
        return row.status() == Check.Status.OK ? Check.warning("track", untold.detail(), untold.hint()) : untold;
    }

    private static boolean isUntold(StoreException e) {
        return e != null && (e.reason() == StoreException.Reason.LOCKED || e.reason() == StoreException.Reason.DENIED);
    }

    private Check refused(String name, StoreException e) {
        return Check.refused(name, e, store.next(Runbook.DATABASE_LOCKED), hint);
    }

    /** @param refusal what prevented its row but not its lines; null without one */
    private record Tracked(String id, List<String> warnings, StoreException refusal) { }

    private Tracked track() {
        List<String> warnings = new ArrayList<>();
        try (TelemetryClient client = TelemetryClient.at(store, clock, warnings::add)) {
            RunContext run = client.start(new NewRun("test", "healthcheck"));
            run.event("healthcheck", Map.of("by", "track --self-test")).metrics(m -> m.itemsDiscovered(1).itemsSucceeded(1));
            client.end(run, RunStatus.SUCCESS);
            return new Tracked(run.id(), warnings, client.refusal());
        }
    }

    /** The sizes of the day files of today and, because midnight may come, of tomorrow: what is in them now need not be read. */
    private Map<Path, Long> sizes() {
        LocalDate today = DayFile.dayOf(clock.instant());
        Map<Path, Long> sizes = new TreeMap<>();
        for (LocalDate day : List.of(today, today.plusDays(1))) {
            Path file = store.raw().resolve(DayFile.name(day));
            sizes.put(file, file.toFile().length());
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

    /** A row may still come if a lock kept it from being written or read. */
    private Check row(Tracked run) {
        try (Database database = Database.openToRead(store.database())) {
            Row row = database.one("SELECT status, items_succeeded FROM agent_runs WHERE run_id = ?", run.id).orElse(null);
            boolean whole = row != null && RunStatus.of(row.text("status")) == RunStatus.SUCCESS && row.number("items_succeeded") == 1;
            String detail = row == null ? "none found in " + store.database() : row.text("status") + " found";
            return whole ? Check.ok("row", detail) : isUntold(run.refusal)
                    ? Check.unknown("row", detail + "; its lines are safe, and a replay adds it", refused("row", run.refusal).hint())
                    : Check.failed("row", detail, hint);
        } catch (StoreException e) {
            return refused("row", e);
        }
    }
}
