package telemetry.kit;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.Row;
import telemetry.Store;

/** What happens to databases that are then repaired. */
public final class Sabotage {
    private Sabotage() { }

    /** As a program leaves it that is killed in the middle of a large transaction: some pages written, and a -journal to undo that. */
    public static void tear(Store store) throws IOException {
        Path copy = store.database().resolveSibling("copy");
        try (Database database = Database.open(store.database())) {
            database.pragma("cache_size", 1);
            database.execute("BEGIN IMMEDIATE");
            database.update("UPDATE agent_runs SET host = 'torn', output_summary = hex(randomblob(2000))");
            for (String suffix : List.of("", "-journal")) Files.copy(Path.of(store.database() + suffix), Path.of(copy + suffix));
            database.execute("ROLLBACK");
        }
        for (String suffix : List.of("", "-journal"))
            Files.move(Path.of(copy + suffix), Path.of(store.database() + suffix), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Runs statements while an index is out of SQLite's sight, so that it knows nothing of what they change. */
    public static void withoutIndex(Path file, String index, String... statements) {
        List<Object> row;
        try (Database database = Database.open(file)) {
            row = database.one("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master WHERE name = ?",
                    index).orElseThrow().values();
            database.pragma("writable_schema", "ON");
            database.update("DELETE FROM sqlite_master WHERE name = ?", index);
            database.pragma("schema_version", database.number("PRAGMA schema_version") + 1);
        }
        try (Database database = Database.open(file)) {
            for (String statement : statements) database.update(statement);
            database.pragma("writable_schema", "ON");
            database.update("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row.toArray());
            database.pragma("schema_version", database.number("PRAGMA schema_version") + 1);
        }
    }

    /** Runs statements, and then spells a table's definition otherwise, which its rows are not asked about. */
    public static void spell(Path file, String table, String part, String otherwise, String... statements) {
        try (Database database = Database.open(file)) {
            for (String statement : statements) database.update(statement);
            database.pragma("writable_schema", "ON");
            database.update("UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = ?", part, otherwise, table);
            database.pragma("schema_version", database.number("PRAGMA schema_version") + 1);
        }
    }

    /** Every row lacks a host, which becomes NOT NULL; three have a status that no CHECK lets through. Nothing is damaged. */
    public static void breakConstraints(Store store) {
        spell(store.database(), "agent_runs", "host TEXT", "host TEXT NOT NULL", "PRAGMA ignore_check_constraints=ON",
                "UPDATE agent_runs SET host = NULL", "UPDATE agent_runs SET status = 'SUCCESS' WHERE rowid <= 3");
    }

    /** Deletes a database and what stands beside it: its -wal, -shm and -journal. */
    public static void delete(Path database) {
        try {
            for (String suffix : List.of("", "-wal", "-shm", "-journal"))
                Files.deleteIfExists(database.resolveSibling(database.getFileName() + suffix));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Overwrites a page in the middle. */
    public static void damage(Path database) throws IOException {
        overwrite(database, Files.size(database) / 4096 / 2 * 4096, 4096, 1);
    }

    /** Overwrites the first page of a table or an index. */
    public static void overwriteRoot(Store store, String name) throws IOException {
        long page;
        try (Database database = Database.open(store.database())) {
            database.pragma("wal_checkpoint", "TRUNCATE");
            page = database.number("SELECT rootpage FROM sqlite_master WHERE name = '" + name + "'");
        }
        overwritePage(store, page);
    }

    /**
     * @param how "page" overwrites the page that the middle run stands in, "garbage" and "empty" the whole file; anything else deletes it
     *        with its folder
     */
    public static void damage(Store store, String how) {
        try {
            switch (how) {
                case "page" -> overwritePage(store,
                        leafOf(store, runs(store).stream().skip(runs(store).size() / 2).findFirst().orElseThrow()));
                case "garbage" -> Files.writeString(store.database(), "garbage ".repeat(3_000));
                case "empty" -> Files.write(store.database(), new byte[0]);
                default -> {
                    try (Stream<Path> files = Files.list(store.database().getParent())) {
                        for (Path file : files.toList()) Files.delete(file);
                    }
                    Files.delete(store.database().getParent());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Overwrites the page of the table that this run stands in. @return the runs that stood there */
    public static Set<String> overwriteLeafWith(Store store, String runId) throws IOException {
        long page = leafOf(store, runId);
        Set<String> there = new TreeSet<>();
        byte[] bytes = Files.readAllBytes(store.database());
        int size = pageSize(store);
        String text = new String(bytes, (int) (page - 1) * size, size, StandardCharsets.ISO_8859_1);
        for (String id : runs(store)) if (text.contains(id)) there.add(id);
        overwritePage(store, page);
        return there;
    }

    private static int pageSize(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return (int) database.number("PRAGMA page_size");
        }
    }

    /** The page of the table, kind 13, that has this run's id; its index's pages have the id too. */
    private static long leafOf(Store store, String runId) throws IOException {
        try (Database database = Database.open(store.database())) {
            database.pragma("wal_checkpoint", "TRUNCATE");
        }
        int size = pageSize(store);
        byte[] bytes = Files.readAllBytes(store.database());
        for (int page = 2; page <= bytes.length / size; page++)
            if (bytes[(page - 1) * size] == 13
                    && new String(bytes, (page - 1) * size, size, StandardCharsets.ISO_8859_1).contains(runId)) return page;
        throw new AssertionError("no page has " + runId);
    }

    /** The leaf pages of a table in their order, without those of its indexes: the ones that SQLite's dbstat names. */
    public static List<Integer> leaves(Store store, String table) {
        try (Database database = Database.open(store.database())) {
            database.pragma("wal_checkpoint", "TRUNCATE");
            return database.query("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", table).stream()
                    .map(row -> (int) row.number("pageno")).toList();
        }
    }

    public static void overwritePage(Store store, long page) throws IOException {
        int size = pageSize(store);
        overwrite(store.database(), (page - 1) * size, size, page);
    }

    private static void overwrite(Path database, long from, int length, long seed) throws IOException {
        byte[] noise = new byte[length];
        new Random(seed).nextBytes(noise);
        try (var file = new RandomAccessFile(database.toFile(), "rw")) {
            file.seek(from);
            file.write(noise);
        }
    }

    private static Set<String> runs(Store store) {
        Set<String> ids = new TreeSet<>();
        try (Database database = Database.openToRead(store.database())) {
            for (Row row : database.query("SELECT run_id FROM agent_runs NOT INDEXED")) ids.add(row.text("run_id"));
        }
        return ids;
    }
}
