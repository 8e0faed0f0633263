import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Deed;
import telemetry.kit.Folder;
import telemetry.kit.Inventory;
import telemetry.kit.Memory;
import telemetry.kit.Script;
import telemetry.kit.Tally;
import telemetry.kit.Victim;

/** Two commands at once on one store, in two processes: nothing is lost, and a recovery brings back every run that has a line. */
@DisabledOnOs(OS.WINDOWS)
class AtOnceTest {
    private static final Set<Integer> CODES = Set.of(0, 1, 2, 3);

    /** Its store has what each of them needs: day files at rest, runs that ended long ago or never, a backup. */
    private static final String MODEL = "restore";
    private static final Set<String> PAIRED = Set.of("backup", "backup expire", "restore", "rebuild", "recover", "archive", "prune runs",
            "prune stale", "upgrade");

    @TempDir(factory = Memory.class)
    private Path stores;

    private final Random random = new Random();
    private final Tally tally = new Tally();
    private final List<Deed> deeds = Deed.all().stream().filter(deed -> PAIRED.contains(deed.name())).toList();
    private Victim one;
    private Victim other;
    private Path model;
    private Inventory before;

    @BeforeEach
    void start() throws IOException {
        one = new Victim(Map.of());
        other = new Victim(Map.of());
        model = Files.createDirectory(stores.resolve("model"));
        Deed.all().stream().filter(deed -> deed.name().equals(MODEL)).findFirst().orElseThrow().prepare(Store.at(model));
        before = Inventory.of(Store.at(model), stores);
    }

    @AfterEach
    void stop() {
        if (one != null) one.close();
        if (other != null) other.close();
        System.out.print(tally);
    }

    @Test
    void fivePairs() throws Exception {
        for (int n = 0; n < 5; n++) attempt(deeds.get(random.nextInt(deeds.size())), deeds.get(random.nextInt(deeds.size())));
        assertEquals(List.of(), tally.wrong());
    }

    @Test
    @Tag("torture")
    void everyPairTwice() throws Exception {
        for (int n = 0; n < 2; n++) for (Deed first : deeds) for (Deed second : deeds) attempt(first, second);
        assertEquals("", String.join("\n", tally.wrong()));
    }

    private void attempt(Deed first, Deed second) throws Exception {
        Store store = Store.at(Folder.copy(model, Files.createTempDirectory(stores, "s")));
        one.begin(first.script(), first.args(store));
        Thread.sleep(random.nextInt(100));
        other.begin(second.script(), second.args(store));
        List<Script> both = List.of(one.end(), other.end());
        List<String> problems = new ArrayList<>(problems(store, before));
        for (Script done : both) if (!CODES.contains(done.exit())) problems.add("one ends with " + done.exit());
        Script last = one.run("recover", List.of("--yes", "--store", store.base().toString()));
        if (last.exit() > 1) problems.add("a recovery ends with " + last.exit());
        for (String problem : problems(store, before)) problems.add("then " + problem);
        Inventory now = Inventory.of(store, stores);
        if (now.backups() == 0) problems.add("no backup is left");
        long missing = now.unlisted();
        if (missing > 0) problems.add(missing + " runs with lines have no row after a recovery");
        for (String left : Inventory.leftovers(store)) problems.add("left: " + left);
        Folder.remove(store.base());
        String told = first + " and " + second + ": " + String.join("; ", problems) + "\n    " + both + "\n    " + last;
        tally.add(first, second, problems, told);
    }

    private List<String> problems(Store store, Inventory before) throws IOException {
        Inventory now = Inventory.of(store, stores);
        List<String> problems = new ArrayList<>(now.missing(before, before, true));
        problems.addAll(now.wrong());
        if (now.rows() == null) problems.add("the database is " + now.check());
        return problems;
    }
}
