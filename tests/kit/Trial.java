package telemetry.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import telemetry.Store;

/** A command, what it does when nothing goes wrong, and what has to hold when something does. */
public final class Trial {
    private static final Set<Integer> CODES = Set.of(0, 1, 2, 3);

    private final Deed deed;
    private final Victim victim;
    private final Path dir;
    private final Path model;
    private final Inventory before;
    private final Inventory meant;
    private int folders;

    /** Makes the store and looks at what the command does there. @param dir for stores, an empty folder of its own */
    public Trial(Deed deed, Victim victim, Path dir) throws IOException {
        this.deed = deed;
        this.victim = victim;
        this.dir = dir;
        model = folder();
        deed.prepare(Store.at(model));
        before = Inventory.of(Store.at(model), dir);
        Store store = fresh();
        Script done = run(store);
        meant = Inventory.of(store, dir);
        assertTrue(done.exit() <= 1, () -> deed + " without a fault: " + done);
        assertEquals(List.of(), meant.missing(before, meant, deed.isExchange()), () -> deed + " without a fault");
        assertEquals(List.of(), Inventory.leftovers(store), () -> deed + " without a fault");
        Folder.remove(store.base());
    }

    /** True when it ends so where it has been done already. */
    private boolean isUsual(int exit) throws IOException {
        if (exit <= 1) return true;
        Store store = fresh();
        run(store);
        Script again = run(store);
        Folder.remove(store.base());
        return again.exit() == exit;
    }

    /** A new folder. */
    public Path folder() throws IOException {
        return Files.createDirectories(dir.resolve("s" + folders++));
    }

    /** A copy of the store that nothing has happened to. */
    public Store fresh() throws IOException {
        return fresh(folder());
    }

    public Store fresh(Path folder) throws IOException {
        return Store.at(Folder.copy(model, folder));
    }

    public Script run(Store store) throws IOException {
        return victim.run(deed.script(), deed.args(store));
    }

    /** What is lost, doubled or half written, whatever happened. */
    public List<String> lost(Store store) throws IOException {
        return lost(Inventory.of(store, dir));
    }

    private List<String> lost(Inventory now) {
        List<String> lost = new ArrayList<>(now.missing(before, meant, deed.isExchange()));
        lost.addAll(now.wrong());
        boolean isSpoiled = before.rows() != null && now.rows() == null && !(deed.isExchange() && now.check().equals("absent"));
        if (isSpoiled) lost.add("the database is " + now.check());
        return lost;
    }

    /** The same, and what the command claims and has not done. */
    public List<String> problems(Script done, Store store) throws IOException {
        Inventory now = Inventory.of(store, dir);
        List<String> problems = lost(now);
        if (!CODES.contains(done.exit())) problems.add("ends with " + done.exit());
        if (done.exit() <= 1) now.unlike(meant).forEach(one -> problems.add("ends with " + done.exit() + ", but " + one));
        else if (done.said().isBlank()) problems.add("says nothing");
        return problems;
    }

    /**
     * What is wrong after the same command has met no fault on the same store, which is removed then.
     * @param dead the process that met one; it counts as dead
     */
    public List<String> again(Store store, long dead) throws IOException {
        Folder.bury(store.base(), dead);
        Script done = run(store);
        Inventory now = Inventory.of(store, dir);
        List<String> problems = lost(now);
        problems.addAll(now.unlike(meant));
        if (!isUsual(done.exit())) problems.add("it ends with " + done.exit() + ": " + done.err().strip());
        for (String left : Inventory.leftovers(store)) problems.add("left: " + left);
        Folder.remove(store.base());
        return problems.stream().map(one -> "then " + one).toList();
    }

    /** The command with what happened to it, for a message. */
    public String told(String fault, List<String> problems, Script done) {
        return deed + ", " + fault + ": " + String.join("; ", problems) + "\n    exit " + done.exit() + ": "
                + (done.out() + done.err()).strip().replace("\n", "\n    ");
    }
}
