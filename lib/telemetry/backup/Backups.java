package telemetry.backup;

import static java.util.stream.Collectors.joining;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Database;
import telemetry.Next;
import telemetry.Runs;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.LegalPath;
import telemetry.runs.Schema;
import telemetry.text.Result;
import telemetry.text.Runbook;

/**
 * The backups in one folder: made, listed, verified, expired. Of the store's own folder they are more: those that were made elsewhere are
 * known too, as long as they can be reached. What a verify found is remembered; one whose time lies ahead of the clock is not believed.
 */
public final class Backups {

    /** What a new one would hold, and which ones would go then. */
    public record Plan(long runs, Size size, Path folder, List<Path> wouldExpire) implements Result {
        @Override
        public String toString() {
            return wouldExpire.stream().map(old -> System.lineSeparator() + "would expire  " + old)
                    .collect(joining("", "would back up " + runs + " runs, " + size + ", to " + folder, ""));
        }
    }

    /** The name for the newest verified one. */
    public static final String LATEST = "latest";

    /** The name for all of them together. */
    private static final String ALL = "all";

    private final Store store;
    private final Path folder;
    private final Clock clock;
    private final PrintWriter err;
    private final Set<Path> sound = new HashSet<>();

    /** Null until it is asked for. */
    private BackupMemory memory;

    /**
     * @param folder null for the store's own
     * @param err    where the progress of long work is shown; null for nowhere
     */
    public Backups(Store store, Path folder, Clock clock, PrintWriter err) {
        this.store = store;
        this.folder = folder == null ? store.backups() : folder.toAbsolutePath().normalize();
        this.clock = clock;
        this.err = err;
    }

    /** The newest backup of the store that was verified when it was made. A look at manifests and sizes, not at every byte. */
    public static Optional<Backup> newestVerified(Store store) {
        return new Backups(store, null, Clock.systemUTC(), null).newestVerified();
    }

    public Optional<Backup> newestVerified() {
        return known().newestVerified();
    }

    private BackupMemory memory() {
        if (memory == null) memory = BackupMemory.of(store);
        return memory;
    }

    public Path folder() {
        return folder;
    }

    /** Null when it cannot be read: for what needs none, because it looks at every byte itself or was told which one to take. */
    private BackupMemory memoryOrNull() {
        try {
            return memory();
        } catch (StoreException e) {
            return null;
        }
    }

    /** All in the folder that have a backup's name, newest first; links are none. */
    public List<Backup> list() {
        return memoryOrNull() == null ? BackupFolder.list(folder) : memory().list(folder, clock.instant());
    }

    /** All in the folder; of the store's own folder also those that were made elsewhere, as far as they can be reached. Newest first. */
    public KnownBackups known() {
        return folder.equals(store.backups()) ? memory().known(clock.instant()) : new KnownBackups(list(), List.of());
    }

    /**
     * All that a recovery may choose from: those that are known, also when what is remembered of them cannot be read, and those of other
     * folders. The verified ones first, then the newest.
     */
    public KnownBackups candidates(List<Path> elsewhere) {
        Map<Path, Backup> all = new LinkedHashMap<>();
        KnownBackups known = memoryOrNull() == null ? new KnownBackups(list(), List.of()) : known();
        for (Backup backup : known.backups()) all.put(backup.file(), backup);
        for (Path other : elsewhere)
            for (Backup backup : new Backups(store, other, clock, err).list()) all.putIfAbsent(backup.file(), backup);
        return new KnownBackups(all.values().stream()
                .sorted(Comparator.comparing(Backup::isVerified).thenComparing(Backup::time).reversed()).toList(), known.away());
    }

    /** Those that are known, with what the next expiry takes of the folder. */
    public BackupList list(Retention retention) {
        KnownBackups known = known();
        return new BackupList(folder, known.backups(), retention.expired(list(), clock.instant()), known.away(), clock.instant());
    }

    /**
     * @param name a path, the bare name of a file in the folder, or {@link #LATEST}
     * @throws StoreException when there is none, or what is there cannot be a backup
     */
    public Backup find(String name) {
        if (name.equals(LATEST)) return newestVerified().orElseThrow(this::noneVerified);
        Path file = path(name);
        return Attempt.of("read the backup", file, () -> {
            BackupFolder.requireBackup(store, file);
            return believed(Backup.of(file));
        });
    }

    private Backup believed(Backup backup) {
        return memoryOrNull() == null ? backup : memory().believed(backup, clock.instant());
    }

    private StoreException noneVerified() {
        KnownBackups known = known();
        int others = known.backups().size();
        Next none = Files.exists(store.database()) ? store.command("backup") : store.command("recover", "--dry-run");
        return new StoreException(StoreException.Reason.MISSING, "find a verified backup in", folder,
                (others == 0 ? "there is no backup" : "none of the " + others + " is verified") + known.said(),
                others == 0 ? none : store.command("backup", "verify", "all"));
    }

    private Path path(String name) {
        if (name.isBlank() || LegalPath.whyNot(folder.getFileSystem(), name) != null)
            throw new StoreException(StoreException.Reason.REFUSED, "find the backup", null,
                    "'" + LegalPath.cut(name) + "' is no file name", store.command("backup", "list"));
        Path path = Path.of(name);
        if (path.getParent() != null) return path.toAbsolutePath().normalize();
        if (Files.exists(folder.resolve(path), LinkOption.NOFOLLOW_LINKS)) return folder.resolve(path);
        return known().backups().stream().map(Backup::file).filter(file -> file.getFileName().equals(path)).findFirst()
                .orElse(path.toAbsolutePath().normalize());
    }

    /** What {@link #make} and then {@link #expire} would do. */
    public Plan plan(Retention retention) {
        try (Database database = Database.openToRead(store.database())) {
            var size = new Size(database.number("PRAGMA page_size") * database.number("PRAGMA page_count"));
            Schema schema = Schema.of(database);
            return new Plan(schema.isNewer() || schema.isForeign() ? Snapshot.rows(database).getOrDefault("agent_runs", 0L)
                    : new Runs(database).count(), size, folder, expirable(retention).expired());
        }
    }

    /**
     * Makes one of the store's database, while others write to it.
     *
     * @param patience how long a locked database is waited for
     */
    public MadeBackup make(Duration patience, BackupCheck check, boolean compress) {
        try (var backup = new NewBackup(folder, clock, err)) {
            MadeBackup made = backup.make(store, patience, check, compress);
            sound.add(made.backup().file());
            return made;
        }
    }

    /** Remembers where it was made, if that is not the store's own folder. @throws StoreException when it cannot be remembered */
    public void remember(MadeBackup made) {
        Backup backup = made.backup();
        if (!folder.equals(store.backups())) memory().made(backup.file(), backup.time(), clock.instant());
    }

    /**
     * Verifies each of these, and remembers what came of it.
     *
     * @param name as {@link #find} takes it, or all
     * @throws StoreException {@code MISSING} when there is none
     */
    public VerifiedBackups verify(String name) {
        boolean isAll = name.equals(ALL);
        KnownBackups known = isAll ? known() : new KnownBackups(List.of(find(name)), List.of());
        if (known.isEmpty()) throw new StoreException(StoreException.Reason.MISSING,
                "verify the backups in", folder, "there is none", store.command("backup"));
        List<Check> checks = new ArrayList<>();
        for (Backup backup : known.backups()) checks.add(check(backup));
        for (KnownBackups.Away away : known.away()) checks.add(Check.warning("elsewhere", away.toString(), KnownBackups.MOUNT));
        return new VerifiedBackups(new Checks(checks).status(), checks);
    }

    private Check check(Backup backup) {
        String name = backup.file().getFileName().toString();
        try {
            prove(backup);
        } catch (StoreException e) {
            Next hint = Next.words("use another backup").then(store.command("backup", "list")).in(Runbook.DATABASE_CORRUPTED);
            return e.reason() == StoreException.Reason.DAMAGED ? Check.failed(name, e.why(), hint).with(e.errors())
                    : Check.unknown(name, e.why(), hint);
        }
        Backup now = Attempt.of("read the backup", backup.file(), () -> believed(Backup.of(backup.file())));
        if (!now.isVerified())
            return Check.warning(name, now.doubt() + "; SQLite finds nothing wrong with it, which does not prove every value",
                    store.next(Runbook.CREATE_BACKUP));
        String elsewhere = backup.file().getParent().equals(folder) ? "" : ", in " + backup.file().getParent();
        return Check.ok(name, now.runs() + " runs, " + now.size() + ", SHA-256 as in its manifest" + elsewhere);
    }

    /**
     * Reads every byte and compares with the manifest. One that has no manifest, or was not checked when it was made, SQLite looks at now;
     * it stays doubtful. Changes nothing.
     *
     * @throws StoreException {@code DAMAGED} when something is found against it
     */
    public void verify(Backup backup) {
        BackupContent.requireIntact(backup, err);
        if (!backup.isVerified()) BackupContent.open(backup, backup.file().resolveSibling("telemetry_backup"), err).close();
    }

    /** As {@link #verify(Backup)}, and remembers what came of it; of what was found it says so when it could not be remembered. */
    public void prove(Backup backup) {
        try {
            verify(backup);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            try {
                memory().damaged(backup.file(), e.why(), clock.instant());
            } catch (StoreException unable) {
                throw new StoreException(e.reason(), "trust the backup", backup.file(), e.why() + "; " + unable.what(), e.next(), e)
                        .with(e.errors());
            }
            throw e;
        }
        if (memoryOrNull() != null) memory().clear(backup.file(), clock.instant());
    }

    /** What {@link #expire} would delete, as far as manifests tell; oldest first. */
    public ExpiredBackups expirable(Retention retention) {
        return expiry().expirable(retention);
    }

    /** Deletes what the rule takes, after every byte of those that have to stay has been compared with their manifests. */
    public ExpiredBackups expire(Retention retention) {
        ExpiredBackups expired = expiry().expire(retention, sound);
        if (memoryOrNull() != null) for (Path file : expired.expired()) memory().clear(file, clock.instant());
        return expired;
    }

    /** Manifests whose backup somebody deleted more than an hour after it was made. The next expiry deletes them. */
    public List<Path> manifestsAlone() {
        return expiry().manifestsAlone();
    }

    private BackupExpiry expiry() {
        return new BackupExpiry(this, clock.instant());
    }
}
