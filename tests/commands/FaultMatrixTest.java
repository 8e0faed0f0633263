import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Deed;
import telemetry.kit.Faults;
import telemetry.kit.Folder;
import telemetry.kit.Memory;
import telemetry.kit.Script;
import telemetry.kit.Tally;
import telemetry.kit.Trial;
import telemetry.kit.Victim;

/**
 * Each command that changes a store, and each kind of call that may fail: at every n-th call no run and no line is lost or doubled, the
 * exit code does not claim what was not done, and the same command again, without a fault, does it and leaves nothing behind.
 */
@DisabledOnOs(OS.WINDOWS)
class FaultMatrixTest {

    /** Of one kind, in one command: of more calls than that this many are tried, in equal steps. */
    private static final int MOST = Integer.getInteger("telemetry.faults", 12);

    @TempDir
    private Path dir;

    @TempDir(factory = Memory.class)
    private Path stores;

    private final Tally tally = new Tally();
    private Faults faults;
    private Victim victim;

    @BeforeEach
    void start() throws Exception {
        faults = new Faults(dir);
        victim = new Victim(faults.environment());
    }

    @AfterEach
    void stop() {
        if (victim != null) victim.close();
        System.out.print(tally);
    }

    /** A fault and a kill in each command, the faults of each kind in turn. */
    @Test
    void aFewCalls() throws Exception {
        Faults.Kind[] kinds = Faults.Kind.values();
        int next = 0;
        for (Deed deed : Deed.all()) {
            Trial trial = trial(deed);
            attempt(deed, trial, kinds[next++ % (kinds.length - 1)], 1);
            attempt(deed, trial, Faults.Kind.KILL, 1);
        }
        assertEquals(List.of(), tally.wrong());
    }

    @Test
    @Tag("torture")
    void everyCall() throws Exception {
        for (Deed deed : Deed.all()) {
            Trial trial = trial(deed);
            for (Faults.Kind kind : Faults.Kind.values()) attempt(deed, trial, kind, MOST);
        }
        assertEquals("", String.join("\n", tally.wrong()));
    }

    private Trial trial(Deed deed) throws IOException {
        return new Trial(deed, victim, Files.createTempDirectory(stores, "deed"));
    }

    private void attempt(Deed deed, Trial trial, Faults.Kind kind, int most) throws Exception {
        Store store = trial.fresh();
        faults.count(kind, store.base());
        trial.run(store);
        List<Integer> calls = spread(faults.calls(), most);
        faults.off();
        Folder.remove(store.base());
        if (kind == Faults.Kind.KILL) kill(deed, trial, calls);
        else for (int nth : calls) fail(deed, trial, kind, nth);
    }

    private void fail(Deed deed, Trial trial, Faults.Kind kind, int nth) throws IOException {
        Store store = trial.fresh();
        faults.order(kind, store.base(), nth);
        Script done = trial.run(store);
        String struck = faults.struck();
        faults.off();
        if (struck.isEmpty()) return;
        List<String> problems = new ArrayList<>(trial.problems(done, store));
        problems.addAll(trial.again(store, victim.pid()));
        tally.add(deed, kind, problems, trial.told(kind + " at call " + nth + ", " + struck, problems, done));
    }

    /** Held before each of these calls in one run, the store is copied as a killed process would have left it. */
    private void kill(Deed deed, Trial trial, List<Integer> calls) throws Exception {
        if (calls.isEmpty()) return;
        Store store = trial.fresh();
        Map<Integer, Store> killed = new TreeMap<>();
        Map<Integer, String> struck = new TreeMap<>();
        faults.order(Faults.Kind.KILL, store.base(), calls.get(0));
        victim.begin(deed.script(), deed.args(store));
        for (int n = 0; n < calls.size(); n++) {
            while (faults.held() == 0 && !victim.hasEnded()) Thread.sleep(1);
            if (faults.held() == 0) break;
            struck.put(calls.get(n), faults.struck());
            killed.put(calls.get(n), Store.at(Folder.copy(store.base(), trial.folder())));
            faults.goOn(n + 1 < calls.size() ? calls.get(n + 1) : 0);
        }
        Script done = victim.end();
        faults.off();
        Folder.remove(store.base());
        for (var one : killed.entrySet()) {
            List<String> problems = new ArrayList<>(trial.lost(one.getValue()));
            problems.addAll(trial.again(one.getValue(), victim.pid()));
            String fault = "killed before call " + one.getKey() + ", " + struck.get(one.getKey());
            tally.add(deed, Faults.Kind.KILL, problems, trial.told(fault, problems, done));
        }
    }

    /** All numbers from 1 to {@code calls}, or as many of them in equal steps; of one it is the middle. */
    private static List<Integer> spread(int calls, int most) {
        int count = Math.min(calls, most);
        return IntStream.range(0, count).map(n -> count == calls ? n + 1 : (int) ((n + 0.5) * calls / count) + 1).boxed().toList();
    }
}
