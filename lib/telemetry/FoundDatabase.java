package telemetry;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** The checks of {@link Installation} that look at the store that was found: its folders, who may write there, the shape of its database, its newest backup. */
final class FoundDatabase {

    /** A store that is younger was just set up. */
    private static final Duration YOUNG = Duration.ofDays(1);

    /** The forms of one day do not sort as instants do: the newest is among so many. */
    private static final String NEWEST = "SELECT start_time FROM agent_runs WHERE start_time < ':' ORDER BY start_time DESC LIMIT 100";

    private final Store store;
    private final Instant now;

    /** Null when the database cannot be read, and only then the reason is not. */
    private Schema schema;
    private StoreException refusal;
    private String journal;
    private Instant begun;
    private Instant newestRun;

    FoundDatabase(Store store, Instant now, Duration patience) {
        this.store = store;
        this.now = now;
        try (Database database = Database.openToRead(store.database(), patience)) {
            journal = database.pragma("journal_mode").toUpperCase(Locale.ROOT);
            Schema found = Schema.of(database);
            if (found.tables().contains("schema_migrations")) begun = Times.instant((String) database.value("SELECT CAST(min(applied_at) AS TEXT) FROM schema_migrations"));
            if (found.missingColumns().isEmpty())
                newestRun = database.query(NEWEST).stream().map(row -> Times.instant(row.text("start_time"))).filter(Objects::nonNull).max(Instant::compareTo).orElse(null);
            schema = found;
        } catch (StoreException e) {
            refusal = e;
        }
    }

    private boolean isUsable() {
        return schema != null && schema.missingColumns().isEmpty();
    }

    /** When it started; null when there is none, or none that can be read. */
    Instant newestRun() {
        return newestRun;
    }

    /** Where there is no store yet nothing can be told: that is no failure. */
    Check storage(FolderChecks folders) {
        return store.isMissing() ? Check.unknown("storage", "there is no store yet: " + store.base() + " does not exist", "System Overview: " + store.command("setup", "")) : folders.storage();
    }

    /** What the agents' account has to be allowed; of a store that is not there nothing. */
    Check permissions() {
        List<Path> wanted = new ArrayList<>(List.of(store.base(), store.database().getParent(), store.raw(), store.backups(), store.archive(), store.reports(), store.quarantine(), store.database()));
        for (String suffix : List.of("-wal", "-shm", "-journal")) wanted.add(Database.beside(store.database(), suffix));
        List<Path> there = wanted.stream().filter(Files::exists).toList();
        List<String> denied = there.stream().filter(path -> !Files.isReadable(path) || !Files.isWritable(path)).map(Path::toString).toList();
        if (there.isEmpty()) return Check.unknown("permissions", "cannot tell without a store", null);
        return denied.isEmpty() ? Check.ok("permissions", System.getProperty("user.name") + " may read and write all " + there.size() + " of them")
                : Check.unknown("permissions", System.getProperty("user.name") + " may not read and write " + String.join(", ", denied), FolderChecks.OTHER_ACCOUNT);
    }

    /** The version, and what it has not that some procedure asks for. */
    Check shape() {
        if (schema == null) return refused();
        if (!isUsable()) return Check.failed("database", schema + ": " + String.join("; ", schema.oddities()) + "; no procedure but setup and recover can work with it", "Database Corrupted: "
                + store.command("recover", "--dry-run"));
        if (journal.equals("WAL") && Disk.isRemote(store.database())) return Check.warning("database", schema + ", WAL on another machine's disk, where WAL does not work (sqlite.org/wal.html)",
                "System Overview: put the store on a disk of this machine");
        List<String> lacking = new ArrayList<>();
        if (!schema.has("insight_id")) lacking.add("query chain (no insight_id)");
        if (!schema.has("parent_run_id")) lacking.add("query chain --tree (no parent_run_id)");
        return Check.ok("database", schema + ", " + journal + "; every procedure works with it"
                + (lacking.isEmpty() ? "" : " but " + String.join(" and ", lacking)));
    }

    private Check refused() {
        if (store.isMissing()) return Check.unknown("database", "cannot tell without a store", null);
        String detail = (refusal.path() == null ? "" : refusal.path().getFileName() + ": ") + refusal.why();
        return switch (refusal.reason()) {
            case LOCKED -> Check.unknown("database", detail, "Database Locked: " + store.command("locks", ""));
            case DENIED -> Check.unknown("database", detail, FolderChecks.OTHER_ACCOUNT);
            default -> Check.failed("database", detail, "Database Corrupted: " + store.command("recover", "--dry-run"));
        };
    }

    /** It has runs, is in WAL mode, and was not just set up: then agents are likely to write it, with a library of their own. */
    boolean isSharedInWal() {
        return newestRun != null && journal.equals("WAL") && (begun == null || begun.isBefore(now.minus(YOUNG)));
    }

    /** The newest one that was verified, every byte of it. */
    Check backup(FolderChecks folders, PrintWriter err) {
        if (store.isMissing()) return Check.unknown("backup", "cannot tell without a store", null);
        Check age = folders.backup(begun);
        try {
            var backups = new Backups(store, null, Clock.fixed(now, ZoneOffset.UTC), err);
            Backup newest = backups.newestVerified().orElse(null);
            if (newest == null) return age;
            backups.verify(newest);
            String detail = newest.file().getFileName() + ": " + newest.runs() + " runs, SHA-256 as in its manifest; " + age.detail();
            return new Check("backup", age.status(), detail, age.hint());
        } catch (StoreException e) {
            String hint = "Create Backup: " + store.command("backup", "");
            return e.reason() == StoreException.Reason.DAMAGED ? Check.failed("backup", e.getMessage(), hint) : Check.unknown("backup", e.getMessage(), hint);
        }
    }
}
