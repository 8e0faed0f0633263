package telemetry.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Link;
import telemetry.os.NewFile;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.sqlite.DatabaseFile;

/**
 * The folders and the database that a store consists of. Makes what is missing and leaves alone what is there. A kill or a power cut on the
 * way leaves nothing that the next call would not complete: the tables and indexes come into being in one transaction.
 */
public final class Layout {

    /**
     * What was made and what was found.
     *
     * @param created in this order
     * @param odd     what an operator should look at, each in a few words
     * @param next    what mends the worst of it; null when nothing is odd or no command helps
     */
    public record Made(List<Path> created, Schema schema, List<String> odd, Next next) { }

    public static final Next ANOTHER_FOLDER = Next.words("name the store's folder with --store DIR");

    private final Store store;
    private final List<Path> created = new ArrayList<>();
    private final List<String> odd = new ArrayList<>();
    private Next next;

    private Layout(Store store) {
        this.store = store;
    }

    /**
     * @throws StoreException when a folder or the database cannot be made, or what stands in its place is none;
     *                        {@code DAMAGED} when a database's log stands there without its database, {@code FAILED} when agent_runs is
     *                        no table of runs
     */
    public static Made complete(Store store) {
        refuseForeign(store);
        refuseOnShare(store);
        var layout = new Layout(store);
        layout.createFolders();
        Schema schema = layout.database();
        if (Reserve.make(store)) layout.created.add(Reserve.file(store));
        layout.describe(schema);
        return new Made(layout.created, schema, layout.odd, layout.next);
    }

    /** The store works without it. */
    private void describe(Schema schema) {
        try {
            created.addAll(Description.complete(store, schema));
        } catch (StoreException e) {
            odd.add(e.what());
        }
    }

    /**
     * In WAL mode all programs share memory, which those of another machine do not have: they would damage the database.
     *
     * @throws StoreException {@code FAILED} when a new database would be in WAL mode on another machine's disk
     */
    public static void refuseOnShare(Store store) {
        Path file = store.database();
        if (!isMissing(file) || !Disk.isRemote(file)) return;
        boolean isNew = new EventLog(store).isEmpty();
        if ((isNew ? SchemaForm.RUNBOOK : Writers.of(store).form()).journal().equals("WAL")) throw new StoreException(
                StoreException.Reason.FAILED, "create the database", file, "it is on another machine's disk, where WAL does not work "
                + "(sqlite.org/wal.html)", Next.words("put the store on a disk of the machine that the agents run on"));
    }

    private static void refuseForeign(Store store) {
        if (!Files.isRegularFile(store.database()) || isMissing(store.database())) return;
        Schema schema;
        try (Database database = Database.openToRead(store.database())) {
            schema = Schema.of(database);
        } catch (StoreException e) {
            return;
        }
        if (schema.isForeign()) throw schema.refused(store.database());
    }

    /** What makes a folder of the store good that is missing, or that a file stands for, in words for an operator. */
    public static Next mend(Store store, Path folder) {
        Path file = fileInPlaceOf(folder);
        Path databases = store.database().getParent();
        if (file != null) return store.base().startsWith(file) ? ANOTHER_FOLDER
                : Next.words("move that file elsewhere, then").then(store.command(file.equals(databases) ? "recover" : "setup"));
        return !store.isMissing() && isLost(store) ? store.command("recover", "--dry-run") : store.command("setup");
    }

    /** The file that stands where this folder or one above it should be; null when none does. */
    public static Path fileInPlaceOf(Path folder) {
        return Files.exists(folder) && !Files.isDirectory(folder) ? folder : Disk.fileInTheWay(folder);
    }

    /**
     * The store, for a command that would take a file in the place of the day files' folder for no day files.
     *
     * @throws StoreException {@code FAILED} when one stands there, or in the archive's place
     */
    public static Store withDayFiles(Store store) {
        for (Path folder : List.of(store.raw(), store.archive())) {
            Path file = fileInPlaceOf(folder);
            if (file != null) throw new StoreException(StoreException.Reason.FAILED, "list the day files in", folder,
                    (file.equals(folder) ? "it" : file) + " is a file, and should be a folder", mend(store, folder));
        }
        return store;
    }

    /**
     * True when the database is missing or empty and something shows that there was one. An empty one in its place would be taken for a
     * good one: what there is to make it from comes first.
     */
    public static boolean isLost(Store store) {
        return hasTrace(store) && isMissing(store.database());
    }

    private static boolean isMissing(Path database) {
        return Files.notExists(database) || Files.isRegularFile(database) && database.toFile().length() == 0;
    }

    /** Looked at before the database: another setup that is making it has nothing in its -wal before the database has its first page. */
    private static boolean hasTrace(Store store) {
        for (Path folder : List.of(store.backups(), store.raw(), store.archive(), store.quarantine(), store.reports())) {
            String[] files = folder.toFile().list();
            if (files != null && files.length > 0) return true;
        }
        return Files.exists(store.base().resolve("pruned.ndjson")) || DatabaseFile.beside(store.database(), "-wal").toFile().length() > 0;
    }

    private void createFolders() {
        Path base = store.base();
        for (Path folder : List.of(base, store.raw(), store.database().getParent(),
                base.resolve("logs"), store.reports(), base.resolve("exports"), base.resolve("config")))
            createFolder(folder, NewFile::folder);
        createFolder(store.backups(), NewFile::closedFolder);
    }

    /** The mode of a new store's own folder, which what is in it follows. */
    private static final int NEW = 0750;

    /** As a folder of the store comes into being. */
    private interface Making {
        void make(Path folder) throws IOException;
    }

    /** The store's own folder belongs to who makes it; what is in it belongs to whose folder that is. */
    private void createFolder(Path folder, Making making) {
        if (Files.isDirectory(folder)) return;
        Link.require("create the folder", folder);
        try {
            if (folder.equals(store.base()) || !Files.isDirectory(folder.getParent())) NewFile.ownFolders(folder, NEW);
            else makeUnlessThere(folder, making);
            Disk.syncFolder(folder.getParent());
        } catch (IOException e) {
            Path file = fileInPlaceOf(folder);
            if (file == null) throw Attempt.refused("create the folder", folder, e);
            throw new StoreException(StoreException.Reason.FAILED, "create the folder", folder,
                    (file.equals(folder) ? "it" : file) + " is a file, and should be a folder", besides(file), e);
        }
        created.add(folder);
    }

    private static void makeUnlessThere(Path folder, Making making) throws IOException {
        try {
            making.make(folder);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) throw e;
        }
    }

    /** As {@link #makeFolders}. @throws StoreException when it cannot be made */
    public static void makeFolder(Path folder) {
        Link.require("create the folder", folder);
        Attempt.ofFolder("create the folder", folder, () -> makeFolders(folder));
    }

    /** Makes a folder of the store and the one above it, as far as they are missing: each is as the one that it is in. */
    public static void makeFolders(Path folder) throws IOException {
        for (Path one : new Path[] {folder.getParent(), folder}) {
            if (Files.isDirectory(one)) continue;
            makeUnlessThere(one, NewFile::folder);
            Disk.syncFolder(one.getParent());
        }
    }

    private Next besides(Path file) {
        return store.base().startsWith(file) ? Next.command("setup", "--store", Store.meantBy(file).toString())
                : mend(store, file);
    }

    private Schema database() {
        Path file = store.database();
        Link.require("create the database", file);
        boolean isEmpty = !Files.exists(file) || Files.isRegularFile(file) && file.toFile().length() == 0;
        Schema schema = isEmpty ? createDatabase() : look();
        if (schema.tables().isEmpty()) schema = createDatabase();
        odd.addAll(schema.oddities());
        if (schema.isNewer()) return schema;
        if (!schema.isUsable()) next = store.command("recover", "--dry-run");
        else if (next == null && !schema.missingIndexes().isEmpty())
            next = store.command("measure_performance", "--apply-indexes", "--dry-run");
        return schema;
    }

    private Schema look() {
        try (Database database = Database.openToRead(store.database())) {
            return Schema.of(database);
        }
    }

    private Schema createDatabase() {
        refuseToLoseLog(store);
        SchemaForm form = SchemaForm.RUNBOOK;
        if (!new EventLog(store).isEmpty()) {
            Writers writers = Writers.of(store);
            form = writers.form();
            if (writers.doubt() != null) odd.add(writers.doubt());
            odd.add("the database is new and lacks the runs of the day files");
            next = store.command("rebuild", "--dry-run");
        }
        created.add(store.database());
        try {
            try (Database database = Database.create(store.database())) {
                return Schema.create(database, form);
            } finally {
                Disk.syncFolder(store.database().getParent());
            }
        } catch (IOException e) {
            throw Attempt.refused("create the database", store.database(), e);
        }
    }

    /**
     * SQLite deletes a -wal that stands beside an empty database; it may be the last that is left of many runs. Looked at in this order,
     * because another setup may be at work: there is no -wal before the database has its first page.
     *
     * @throws StoreException {@code DAMAGED} when a -wal stands there without its database, {@code MISSING} when it is a link that leads
     *                        nowhere
     */
    public static void refuseToLoseLog(Store store) {
        Path file = store.database();
        Link.require("create the database", file);
        boolean hasLog = DatabaseFile.beside(file, "-wal").toFile().length() > 0;
        if (hasLog && file.toFile().length() == 0)
            throw new StoreException(StoreException.Reason.DAMAGED, "create the database",
                    file, "its -wal stands there without it and holds transactions that would be lost",
                    store.command("recover", "--dry-run"));
    }
}
