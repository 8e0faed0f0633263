package telemetry.track;

import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Commit;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.TelemetryClient;
import telemetry.Times;
import telemetry.os.GitCheckout;
import telemetry.os.GitCommit;
import telemetry.text.Result;
import telemetry.text.Escaped;

/** Records which commit a run led to, with what git tells of it. */
public final class RunCommit {

    /** In the day files of these days after its id's day a run is looked for that the database lacks. */
    private static final int DAYS = 2;

    private final Store store;
    private final Clock clock;
    private final String run;

    /** @throws StoreException {@code MISSING} when there is no store */
    public RunCommit(Store store, Clock clock, String run) {
        this.store = store.orThrow();
        this.clock = clock;
        this.run = run;
    }

    /**
     * The outcome.
     *
     * @param refusal why the row is not in the database; null when it is
     * @param next    what brings it there then; null when it is there
     */
    public record Recorded(Check.Status status, String runId, String commitHash, String author, String message, String refusal,
            Next next) implements Result {
        @Override
        public String toString() {
            String subject = message == null ? "" : ", " + Escaped.line(message.lines().findFirst().orElse(""));
            String recorded = "commit " + commitHash + " of run " + runId + subject;
            return refusal == null ? recorded : recorded + ": its line is safe, the database lacks it; " + refusal + System.lineSeparator()
                    + String.join(System.lineSeparator(), next.lines());
        }
    }

    /**
     * @param name   a commit of the checkout that this folder is in, or any hash; null for the commit that is checked out
     * @param source manual, llm or ci
     * @throws IllegalArgumentException when that is no commit
     * @throws StoreException {@code MISSING} when no such run is known
     */
    public Recorded record(Path folder, String name, String source) {
        Commit commit = commit(folder, name).with("source", source).with("agent_name", agent());
        List<String> warnings = new ArrayList<>();
        try (TelemetryClient client = TelemetryClient.at(store, clock, warnings::add)) {
            client.commit(commit);
            if (warnings.isEmpty()) return recorded(commit, Check.Status.OK, null, null);
            StoreException refusal = client.refusal();
            if (refusal == null || !isLine(commit)) throw refusal != null ? refusal : new IllegalStateException(warnings.get(0));
            return recorded(commit, Check.Status.WARNING, refusal.brief(), bringing(refusal));
        }
    }

    /** What brings the line into the database: a replay, once there is one that can be read. */
    private Next bringing(StoreException refusal) {
        boolean isThere = refusal.reason() != StoreException.Reason.MISSING && refusal.reason() != StoreException.Reason.DAMAGED;
        return isThere ? store.command("rebuild", "--replay-only") : store.command("recover", "--dry-run");
    }

    private static Recorded recorded(Commit commit, Check.Status status, String refusal, Next next) {
        return new Recorded(status, commit.runId(), commit.hash(), (String) commit.facts().get("author"),
                (String) commit.facts().get("message"), refusal, next);
    }

    private Commit commit(Path folder, String name) {
        Optional<GitCommit> known = GitCommit.of(folder, name == null ? "HEAD" : name);
        if (known.isEmpty()) {
            if (name == null) throw new IllegalArgumentException("no commit is checked out here, or there is no git: name its hash");
            return new Commit(name, run);
        }
        GitCommit git = known.get();
        Commit commit = new Commit(git.hash(), run).with("author", git.author()).with("commit_date", git.date())
                .with("message", git.message()).with("files_changed", git.files()).with("insertions", git.insertions())
                .with("deletions", git.deletions());
        Optional<GitCheckout> checkout = GitCheckout.around(folder);
        return checkout.isEmpty() ? commit : commit.with("repo", checkout.get().repo()).with("branch", checkout.get().branch());
    }

    /** Null when the run's records do not say. */
    private String agent() {
        StoreException unread = null;
        try (Database database = Database.openToRead(store.database())) {
            Optional<Row> row = database.one("SELECT agent_name FROM agent_runs WHERE run_id = ? LIMIT 1", run);
            if (row.isPresent()) return row.get().text("agent_name");
        } catch (StoreException e) {
            unread = e;
        }
        Optional<Run> line = line();
        if (line.isPresent()) return line.get().agent();
        if (unread != null) throw unread;
        throw new StoreException(StoreException.Reason.MISSING, "find the run", store.database(), "no run has the id " + Escaped.line(run),
                store.command("query", "recent"));
    }

    private Optional<Run> line() {
        LocalDate day;
        try {
            day = Times.day(run.substring(0, Math.min(8, run.length())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        var log = new EventLog(store);
        for (DayFile file : log.days()) {
            if (file.day().isBefore(day) || file.day().isAfter(day.plusDays(DAYS))) continue;
            try (Stream<LogEntry> entries = log.read(file)) {
                Optional<Run> found = entries.map(LogEntry::record).filter(Run.class::isInstance).map(Run.class::cast)
                        .filter(known -> known.id().equals(run)).findFirst();
                if (found.isPresent()) return found;
            }
        }
        return Optional.empty();
    }

    /** True when its line is in the day file of today, or of yesterday just after midnight. */
    private boolean isLine(Commit commit) {
        var log = new EventLog(store);
        LocalDate today = DayFile.dayOf(clock.instant());
        return log.raw().stream().filter(file -> !file.day().isBefore(today.minusDays(1))).anyMatch(file -> {
            try (Stream<LogEntry> entries = log.read(file)) {
                return entries.map(LogEntry::record).anyMatch(record -> record instanceof Event event
                        && commit.equals(Commit.of(event)));
            }
        });
    }
}
