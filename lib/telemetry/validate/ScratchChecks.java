package telemetry.validate;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Disk;
import telemetry.store.Layout;
import telemetry.track.SelfTest;

/**
 * Checks in a store of their own, in the temporary folder and gone again afterwards: does tracking work on this machine, whatever is the
 * matter with the real store?
 */
final class ScratchChecks implements AutoCloseable {
    private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

    /** Null when it cannot be made, and only then the reason is not. */
    private Path folder;
    private StoreException refusal;

    ScratchChecks() {
        try {
            folder = Files.createTempDirectory("telemetry-scratch");
        } catch (IOException e) {
            refusal = Disk.refused("make a scratch folder in", TEMPORARY, e);
        }
    }

    private Path folder() {
        if (refusal != null) throw refusal;
        return folder;
    }

    /** The toolkit's own library. */
    Check sqlite() {
        try (Database database = Database.create(folder().resolve("version.sqlite"))) {
            String version = database.sqliteVersion();
            return MachineChecks.hasWalResetBug(version)
                    ? Check.warning("sqlite", version + ", which has the WAL-reset bug",
                    "System Overview: another toolkit's SQLite is in the way, see the class path")
                    : Check.ok("sqlite", version + ", the toolkit's own, without the WAL-reset bug");
        } catch (StoreException e) {
            return Check.failed("sqlite", whereAndWhy(e), "System Overview: no procedure that needs the database works");
        }
    }

    /** Lines and row of one run. */
    Check track() {
        String hint = "Telemetry Integration: make room in " + TEMPORARY + ", or name another with -Djava.io.tmpdir";
        long began = System.nanoTime();
        try {
            Store store = Store.at(folder().resolve("store"));
            Layout.complete(store);
            List<Check> wrong = new SelfTest(store, Clock.systemUTC()).run().checks().list().stream()
                    .filter(check -> check.status() != Check.Status.OK).toList();
            return wrong.isEmpty() ? Check.ok("track", "a run went through in a scratch store: lines and row, in "
                    + Times.words(Duration.ofNanos(System.nanoTime() - began)))
                    : Check.failed("track", wrong.get(0).name() + ": " + wrong.get(0).detail(), hint);
        } catch (StoreException e) {
            return Check.failed("track", whereAndWhy(e), hint);
        }
    }

    /** Without what is next, which would be about the real store. */
    private static String whereAndWhy(StoreException e) {
        return (e.path() == null ? "" : e.path() + ": ") + e.why();
    }

    /** What cannot be removed is left to whatever clears the temporary folder. */
    @Override
    public void close() {
        if (folder == null) return;
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException e) {
            // it is gone already
        }
    }
}
