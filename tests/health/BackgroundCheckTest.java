package telemetry.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;

/** What no command shows: health closes a check that goes on yet only when it ends for a reason that nobody foresaw. */
class BackgroundCheckTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    @TempDir
    Path dir;

    /** A telemetry.health.BackgroundCheck, which only its package may see. */
    private static final class Checking implements AutoCloseable {
        private final AutoCloseable check;

        Checking(Store store, Function<Database, Check> look) throws ReflectiveOperationException {
            var constructor = Class.forName("telemetry.health.BackgroundCheck").getDeclaredConstructor(Path.class, Duration.class,
                    Function.class);
            constructor.setAccessible(true);
            check = (AutoCloseable) constructor.newInstance(store.database(), Duration.ZERO, look);
        }

        Object result() throws Throwable {
            var result = check.getClass().getDeclaredMethod("result");
            result.setAccessible(true);
            try {
                return result.invoke(check);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }

        @Override
        public void close() throws Exception {
            check.close();
        }
    }

    @Test
    void whatItFoundIsTheResult() throws Throwable {
        Store store = Fixture.V3.filled(dir, 5, Instant.parse("2026-11-20T12:00:00Z"));
        try (var checking = new Checking(store, own -> Check.ok("runs", own.number("SELECT count(*) FROM agent_runs") + " runs"))) {
            assertEquals(Check.ok("runs", "5 runs"), checking.result());
        }
    }

    @Test
    void whatTheCheckThrowsArrivesAsItWasThrown() throws Throwable {
        Store store = Fixture.V3.empty(dir);
        for (Throwable thrown : List.of(new IllegalStateException("a bug"), new OutOfMemoryError("large"),
                new StoreException(StoreException.Reason.LOCKED, "look at", store.database(), "it is locked", null)))
            try (var checking = new Checking(store, own -> {
                if (thrown instanceof Error error) throw error;
                throw (RuntimeException) thrown;
            })) {
                assertSame(thrown, assertThrows(Throwable.class, checking::result));
            }
    }

    @Test
    void closingEndsAStatementThatWouldNeverEnd() throws Throwable {
        assertEnds(own -> own.number(ENDLESS));
    }

    /** An interrupt between two statements is one that nobody hears. */
    @Test
    void closingEndsStatementsThatWouldNeverEnd() throws Throwable {
        assertEnds(own -> {
            while (true) own.number("SELECT count(*) FROM sqlite_master");
        });
    }

    private void assertEnds(Consumer<Database> endless) throws Throwable {
        Store store = Fixture.V3.empty(dir);
        var begun = new CountDownLatch(1);
        var checking = new Checking(store, own -> {
            begun.countDown();
            endless.accept(own);
            return Check.ok("endless", "over");
        });
        begun.await();
        assertTimeoutPreemptively(LONG, checking::close);
        StoreException e = assertThrows(StoreException.class, checking::result);
        assertEquals("interrupted", e.why());
    }
}
