package telemetry.kit;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.ParseException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.Row;
import telemetry.Store;
import telemetry.StoreException;

/**
 * What a store has, counted without the commands: lines, rows, backups, and what is half written or left over. Nothing in the store is
 * opened by SQLite, only copies.
 *
 * @param lines      all of the day files and the archive, sorted
 * @param rows       what the database says of each run; null when it cannot be read
 * @param check      SQLite's: {@code ok}, or what is wrong
 * @param quarantine what databases in the quarantine say of each run
 * @param pruned     ids of runs that were deleted or cancelled on purpose
 * @param places     where the day files stand: {@code raw/events_20251211.ndjson}
 * @param backups    how many are whole, as their manifests say
 * @param wrong      what is half written
 */
public record Inventory(List<String> lines, Map<String, String> rows, String check, Map<String, String> quarantine, Set<String> pruned,
        Set<String> places, int backups, List<String> wrong) {
    private static final String RUNNING = "running";
    private static final Set<String> DATABASE = Set.of("", "-wal", "-journal");

    /** @param scratch an existing folder outside the store */
    public static Inventory of(Store store, Path scratch) throws IOException {
        List<String> wrong = new ArrayList<>();
        List<String> lines = List.of();
        try {
            lines = DayLines.of(store);
        } catch (IOException e) {
            wrong.add("a day file cannot be read: " + e);
        }
        Map<String, String> rows = new TreeMap<>();
        String check = read(store.database(), scratch, rows);
        Map<String, String> quarantine = new TreeMap<>();
        Set<String> places = new TreeSet<>();
        int backups = 0;
        for (Path file : files(store.base())) {
            String name = store.base().relativize(file).toString();
            if (name.matches("quarantine/.*sqlite")) read(file, scratch, quarantine);
            if (name.matches("(raw|archive)/.*ndjson(\\.gz)?") && !name.endsWith("manifest.ndjson")) places.add(name);
            if (name.matches("backups/telemetry_backup_\\d+_\\d+(_\\d+)?\\.sqlite(\\.gz)?"))
                if (isWhole(file)) backups++;
                else wrong.add(name + " is no whole backup");
        }
        Set<String> pruned = new TreeSet<>();
        for (JsonObject line : list(store.base().resolve("pruned.ndjson"))) pruned.add(line.getString("run_id", ""));
        return new Inventory(lines, check.equals("ok") ? rows : null, check, quarantine, pruned, places, backups, wrong);
    }

    /** Puts in what each row says. @return what SQLite's check says */
    private static String read(Path database, Path scratch, Map<String, String> rows) throws IOException {
        if (!Files.exists(database)) return "absent";
        Path copy = Files.createTempDirectory(scratch, "rows").resolve("copy.sqlite");
        for (String suffix : DATABASE) {
            Path file = Path.of(database + suffix);
            if (Files.exists(file)) Files.copy(file, Path.of(copy + suffix));
        }
        try (Database opened = Database.open(copy)) {
            for (Row row : opened.query("SELECT run_id, status, items_discovered FROM agent_runs"))
                if (rows.put(row.text("run_id"), row.text("status") + " " + row.text("items_discovered")) != null
                        && database.getParent().endsWith("db")) return "two rows of " + row.text("run_id");
            return opened.value("PRAGMA integrity_check").toString();
        } catch (StoreException e) {
            return e.getMessage();
        } finally {
            remove(copy.getParent());
        }
    }

    private static boolean isWhole(Path backup) throws IOException {
        try {
            JsonObject manifest = Json.parse(Files.readString(Path.of(backup + ".manifest.json"))).asObject();
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(backup));
            return manifest.getString("sha256", "").equals(String.format("%064x", new BigInteger(1, hash)));
        } catch (IOException | ParseException | UnsupportedOperationException | NoSuchAlgorithmException e) {
            return false;
        }
    }

    /** A list's whole lines. */
    private static List<JsonObject> list(Path file) throws IOException {
        List<JsonObject> whole = new ArrayList<>();
        if (!Files.exists(file)) return whole;
        for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
            try {
                whole.add(Json.parse(line).asObject());
            } catch (ParseException | UnsupportedOperationException e) {
                // torn
            }
        }
        return whole;
    }

    /**
     * What is gone that was there before.
     *
     * @param meant      what may have gone has gone there
     * @param isExchange true when runs of the old database may be in the quarantine
     */
    public List<String> missing(Inventory before, Inventory meant, boolean isExchange) {
        List<String> missing = new ArrayList<>();
        Map<String, Integer> had = counted(before.lines);
        Map<String, Integer> has = counted(lines);
        Map<String, Integer> least = counted(meant.lines);
        int gone = least.entrySet().stream().mapToInt(line -> Math.max(0, line.getValue() - has.getOrDefault(line.getKey(), 0))).sum();
        int more = has.entrySet().stream().mapToInt(line -> Math.max(0, line.getValue() - had.getOrDefault(line.getKey(), 0))).sum();
        if (gone > 0) missing.add(gone + " lines gone");
        if (more > 0) missing.add(more + " lines too many");
        if (rows == null && !isExchange) return missing;
        Map<String, String> now = known(isExchange);
        before.known(true).forEach((id, status) -> {
            if (pruned.contains(id)) return;
            if (!now.containsKey(id)) missing.add("run " + id + " gone");
            else if (!status.equals(RUNNING) && now.get(id).equals(RUNNING)) missing.add("end of " + id + " gone");
        });
        return missing.size() > 5 ? List.of(missing.size() + " missing: " + missing.subList(0, 5)) : missing;
    }

    private static Map<String, Integer> counted(List<String> lines) {
        Map<String, Integer> counts = new HashMap<>();
        for (String line : lines) counts.merge(line, 1, Integer::sum);
        return counts;
    }

    /** How many runs have a line, were not pruned and have no row. */
    public long unlisted() {
        Set<String> ids = new TreeSet<>();
        for (String line : lines) if (isRun(line)) ids.add(Json.parse(line).asObject().getString("run_id", ""));
        return ids.stream().filter(id -> !pruned.contains(id) && (rows == null || !rows.containsKey(id))).count();
    }

    private static boolean isRun(String line) {
        return line.contains("\"record_type\": \"run\"") || line.contains("\"record_type\":\"run\"");
    }

    /** The status of each run, wherever it is known: its end wins over its start. */
    private Map<String, String> known(boolean withQuarantine) {
        Map<String, String> known = new TreeMap<>();
        for (String line : lines) {
            if (!isRun(line)) continue;
            JsonObject run = Json.parse(line).asObject();
            known.merge(run.getString("run_id", ""), run.getString("status", ""), Inventory::end);
        }
        List<Map<String, String>> databases = new ArrayList<>();
        if (rows != null) databases.add(rows);
        if (withQuarantine) databases.add(quarantine);
        for (Map<String, String> database : databases)
            database.forEach((id, row) -> known.merge(id, row.replaceFirst(" .*", ""), Inventory::end));
        return known;
    }

    private static String end(String one, String other) {
        return one.equals(RUNNING) ? other : one;
    }

    /** What is otherwise than where the same command has met no fault. */
    public List<String> unlike(Inventory meant) {
        List<String> unlike = new ArrayList<>();
        if (!places.equals(meant.places)) unlike.add("day files at " + difference(places, meant.places));
        if (!check.equals(meant.check)) unlike.add("the database is " + check);
        else if (rows != null && !rows.equals(meant.rows)) unlike.add("rows " + difference(rows.entrySet(), meant.rows.entrySet()));
        if (!pruned.equals(meant.pruned)) unlike.add("pruned " + difference(pruned, meant.pruned));
        return unlike;
    }

    private static <T> String difference(Set<T> is, Set<T> meant) {
        Set<T> more = new HashSet<>(is);
        more.removeAll(meant);
        Set<T> less = new HashSet<>(meant);
        less.removeAll(is);
        return Stream.of(more, less).map(set -> set.size() + " " + set.stream().limit(2).toList()).toList() + " (more, less)";
    }

    /**
     * What commands are to leave nowhere: temporary files, second links, folders of their own, torn lists. An empty folder of its own goes
     * with the next file that comes into being there.
     */
    public static List<String> leftovers(Store store) throws IOException {
        List<String> left = new ArrayList<>();
        try (Stream<Path> all = Files.walk(store.base())) {
            for (Path path : all.toList()) {
                String name = path.getFileName().toString();
                boolean isPlain = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
                boolean isEmpty = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && Folder.names(path).isEmpty();
                if (name.contains(".tmp") || name.endsWith(".unfinished") || name.matches("\\.(telemetry|drill)-.*") && !isEmpty
                        || isPlain && (int) Files.getAttribute(path, "unix:nlink") > 1) left.add(store.base().relativize(path).toString());
                if (isPlain && name.endsWith(".ndjson") && !name.startsWith("events_") && list(path).size() < Files.readAllLines(path,
                        StandardCharsets.ISO_8859_1).size()) left.add("a torn line in " + name);
            }
        }
        return left;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    private static void remove(Path folder) throws IOException {
        for (Path file : files(folder)) Files.delete(file);
        Files.delete(folder);
    }
}
