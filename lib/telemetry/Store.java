package telemetry;

import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import telemetry.os.Disk;
import telemetry.os.LegalPath;
import telemetry.os.Link;
import telemetry.os.Machine;
import telemetry.os.MountPoint;
import telemetry.text.Escaped;
import telemetry.text.Runbook;

/**
 * Where a store's parts stand on disk. All paths are absolute and normalized; nothing says that they exist. A database or a folder of
 * day files that is a link is where that leads, unless it is nowhere; links are followed here, once.
 *
 * @param base     the store's folder
 * @param database the SQLite file
 * @param raw      the folder of the day files
 * @param rule     which rule named the store, to be shown to people: {@code "AGENT_METRICS_DIR"}
 */
public record Store(Path base, Path database, Path raw, String rule) {

    /** Tried in this order when neither an option nor a variable names the store; on Windows those with a drive, elsewhere the others. */
    static final List<String> USUAL_PLACES = List.of("/agent-metrics", "/opt/telemetry", "/data/telemetry",
            "D:/agent-metrics", "C:/agent-metrics");

    /** The variables that name a store, the first that is set winning. */
    public static final List<String> VARIABLES = List.of("TELEMETRY_DB_PATH", "TELEMETRY_BASE_DIR", "AGENT_METRICS_DIR");

    /** The variable that moves the day files out of the store. */
    public static final String RAW_VARIABLE = "TELEMETRY_NDJSON_DIR";

    private static final String ANEW = "recover --from DIR brings it back from backups elsewhere; setup makes a new, empty one";

    /** All that the toolkit listens to. */
    public static final List<String> ALL_VARIABLES =
            List.of("TELEMETRY_DB_PATH", "TELEMETRY_BASE_DIR", "AGENT_METRICS_DIR", RAW_VARIABLE, "AGENT_OWNER");

    public Store {
        database = Link.followedToFile(database);
        raw = Link.followed(raw);
    }

    /** The store in this folder, whatever the environment says. */
    public static Store at(Path base) {
        return in(base, "--store");
    }

    /** The store that this process's environment names, else the first usual place that exists, else {@code ~/.telemetry}. */
    public static Store fromEnv() {
        return fromEnv(Machine.environment(), Machine.home());
    }

    /** As {@link #fromEnv()}, with other variables and another home; the home's file system is the one that is looked at. */
    public static Store fromEnv(Map<String, String> env, Path home) {
        Store store = named(env, home);
        return isSet(env.get(RAW_VARIABLE)) ? new Store(store.base, store.database, path(RAW_VARIABLE, env, home.getFileSystem()),
                store.rule) : store;
    }

    private static Store named(Map<String, String> env, Path home) {
        FileSystem disk = home.getFileSystem();
        if (isSet(env.get("TELEMETRY_DB_PATH"))) {
            Path file = path("TELEMETRY_DB_PATH", env, disk);
            Path base = baseOf(file.getParent() == null ? file : file.getParent());
            return new Store(base, file, base.resolve("raw"), "TELEMETRY_DB_PATH");
        }
        for (String variable : VARIABLES.subList(1, VARIABLES.size()))
            if (isSet(env.get(variable))) return in(path(variable, env, disk), variable);
        for (String place : USUAL_PLACES) {
            if (place.startsWith("/") == disk.getSeparator().equals("\\")) continue;
            Path base = disk.getPath(place);
            if (Files.isDirectory(base)) return in(base, "first usual place that exists");
        }
        return in(home.resolve(".telemetry"), "default");
    }

    /**
     * The folder above the database's. But a database in the root of a volume has all of its store there, as in a container that mounts
     * {@code /data}: the folder above that volume is no store, and {@code /} least of all.
     */
    private static Path baseOf(Path folder) {
        Path above = folder.getParent();
        boolean isUsual = folder.endsWith("db");
        boolean isDrive = isUsual && folder.getFileSystem().getSeparator().equals("\\");
        return above == null || above.getParent() == null && !isDrive || !isUsual && MountPoint.isOne(folder) ? folder : above;
    }

    /** {@code set X="D:\data"} in cmd makes the marks a part of the value, which then is no path. */
    private static Path path(String variable, Map<String, String> env, FileSystem disk) {
        String text = env.get(variable);
        String why = LegalPath.whyNot(disk, text);
        if (why == null) return clean(disk.getPath(text));
        throw new StoreException(StoreException.Reason.REFUSED, "use the store", null, variable + " is '" + LegalPath.cut(text)
                + "', which is no path: " + why, Next.words("set it to a path without quotation marks, or name the store with --store DIR"));
    }

    private static Store in(Path folder, String rule) {
        Path base = clean(folder);
        return new Store(base, base.resolve("db").resolve("telemetry.sqlite"), base.resolve("raw"), rule);
    }

    private static boolean isSet(String variable) {
        return variable != null && !variable.isBlank();
    }

    private static Path clean(Path path) {
        return path.toAbsolutePath().normalize();
    }

    /** Backups and their manifests. */
    public Path backups() {
        return base.resolve("backups");
    }

    /** Day files that were compressed and moved out of {@link #raw}. */
    public Path archive() {
        return Link.followed(base.resolve("archive"));
    }

    /** What could not be read or was damaged, kept with where it came from. */
    public Path quarantine() {
        return base.resolve("quarantine");
    }

    /** The toolkit's own records: trends, measurements, reports. */
    public Path reports() {
        return base.resolve("reports");
    }

    /** What runs a procedure on this store; {@code --store} is repeated when that is what named it. */
    public Next command(String procedure, String... arguments) {
        if (!isNamed()) return Next.command(procedure, arguments);
        return Next.command(procedure, Stream.concat(Stream.of(arguments), Stream.of("--store", base.toString())).toArray(String[]::new));
    }

    /** What this section of the runbook begins with, on this store. */
    public Next next(Runbook section) {
        return command(section.procedure(), section.arguments().toArray(String[]::new)).in(section);
    }

    /** The same on this store, where no store is named yet: alone its commands would be about another one. @param next null stays null */
    public Next on(Next next) {
        return next == null || !isNamed() ? next : next.on(base.toString());
    }

    /** An exception's message with its commands on this store, as {@link #on} has them. */
    public String message(StoreException e) {
        return e.message(on(e.next()));
    }

    private boolean isNamed() {
        return rule.equals("--store");
    }

    /** True when neither the base folder nor the database exists: there is no store to speak of. */
    public boolean isMissing() {
        return Files.notExists(base) && Files.notExists(database);
    }

    /** @throws StoreException {@code MISSING} when there is no store to speak of, or a file where its folder should be */
    public Store orThrow() {
        orNew();
        if (isMissing()) throw missing("there is none", absent());
        return this;
    }

    /**
     * What is said of a store that is not there: {@code "there is no store: TELEMETRY_BASE_DIR names /data/telemetry, which is not there:
     * was the store moved? …"}
     */
    public String absence() {
        String broken = Link.broken(base);
        if (broken != null) return "there is no store: " + rule + " names " + base + ", and " + broken;
        return "there is no store: " + (isFound() ? base + " does not exist" : rule + " names " + base
                + ", which is not there: was the store moved? " + moved());
    }

    /**
     * What brings one that is not there back, or makes it. Where somebody named it, it was there before: setup would hide that it was
     * moved.
     */
    public Next anew() {
        return Link.broken(base) != null ? Link.MEND : isFound() ? Next.command("setup") : Next.words(ANEW);
    }

    /** {@link #absence} and {@link #anew} in a message that names the store already. */
    private Next absent() {
        return isFound() ? anew() : Next.words("was it moved? " + moved() + ". " + ANEW);
    }

    private String moved() {
        return "Then name its folder " + (isNamed() ? "with --store" : "in " + rule);
    }

    /** Nobody has named it. */
    private boolean isFound() {
        return !isNamed() && !VARIABLES.contains(rule);
    }

    /**
     * For what can make the store.
     *
     * @throws StoreException {@code MISSING} when a file stands where its folder should be, or its folder or its database is a link to what
     *                        is not there; {@code FAILED} for a link that leads back to itself
     */
    public Store orNew() {
        for (Path part : new Path[] {base, database.getParent(), database}) if (part != null) Link.require("use the store", part);
        if (Files.isDirectory(base)) return this;
        if (Files.exists(base)) throw missing("it is " + (Files.isRegularFile(base) ? "a file" : "no folder") + ", and a store is a folder",
                Next.words("name the store's folder with --store " + (isDatabase(base) ? Escaped.shell(meantBy(base).toString()) : "DIR")));
        Path file = Disk.fileInTheWay(base);
        if (file != null) throw missing(file + " is a file, and should be a folder", Next.words("name the store's folder with --store DIR"));
        return this;
    }

    /** The folder that who named this file may have meant: the store of a database, else one beside the file. */
    public static Path meantBy(Path file) {
        return isDatabase(file) ? file.getParent().getParent() : file.resolveSibling(file.getFileName() + "-store");
    }

    private static boolean isDatabase(Path file) {
        Path folder = file.getParent();
        return folder != null && folder.getParent() != null && folder.endsWith("db");
    }

    private StoreException missing(String why, Next next) {
        return new StoreException(StoreException.Reason.MISSING, "use the store", base, why + " (named by " + rule + ")", next);
    }
}
