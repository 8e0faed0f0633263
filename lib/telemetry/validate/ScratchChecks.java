package telemetry.validate;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import telemetry.Check;
import telemetry.Database;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.ScratchFolder;
import telemetry.store.Layout;
import telemetry.text.Runbook;
import telemetry.track.SelfTest;

/**
 * Checks in a store of their own, in the temporary folder, removed afterwards: does tracking work on this machine, whatever is wrong with
 * the real store?
 */
final class ScratchChecks implements AutoCloseable {
    /** Null when it cannot be made; the refusal says why. */
    private ScratchFolder folder;
    private StoreException refusal;

    ScratchChecks() {
        try {
            folder = new ScratchFolder("telemetry-scratch");
        } catch (StoreException e) {
            refusal = e;
        }
    }

    private Path folder() {
        if (refusal != null) throw refusal;
        return folder.path();
    }

    /** The toolkit's own library. */
    Check sqlite() {
        try (Database database = Database.create(folder().resolve("version.sqlite"))) {
            String version = database.sqliteVersion();
            return MachineChecks.hasWalResetBug(version)
                    ? Check.warning("sqlite", version + ", which has the WAL-reset bug",
                    Next.words("another library's SQLite comes first on the class path").in(Runbook.SYSTEM_OVERVIEW))
                    : Check.ok("sqlite", version + ", the toolkit's own, without the WAL-reset bug");
        } catch (StoreException e) {
            return Check.failed("sqlite", whereAndWhy(e),
                    Next.words("no procedure that needs the database works").in(Runbook.SYSTEM_OVERVIEW));
        }
    }

    /** Lines and row of one run. */
    Check track() {
        Next hint = Next.words("make room in " + ScratchFolder.TEMPORARY + ", or name another with -Djava.io.tmpdir")
                .in(Runbook.TELEMETRY_INTEGRATION);
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

    /** Without the hint, which would be about the real store. */
    private static String whereAndWhy(StoreException e) {
        return (e.path() == null ? "" : e.path() + ": ") + e.why();
    }

    @Override
    public void close() {
        if (folder != null) folder.close();
    }
}
