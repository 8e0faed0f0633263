import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * One side of a comparison: a process, and what stands around it.
 *
 * @param name    in the table
 * @param command with its arguments; null when it cannot be run here
 * @param missing why it cannot; null when it can
 * @param before  what is made ready before each run, uncounted
 * @param product what it makes, a file or a folder; null when that is its standard output
 * @param proof   what it has done
 * @param exits   the exit codes of a run that did its work
 */
record Contender(String name, List<String> command, String missing, Step before, Path product, Proof proof, Set<Integer> exits) {

    /** Something that may fail as files do. */
    @FunctionalInterface
    interface Step {
        void run() throws Exception;
    }

    /** Looks at what a run has left. */
    @FunctionalInterface
    interface Proof {
        /** @param output its standard output */
        Work of(Path output) throws Exception;
    }

    /** Something other than the same work, to measure by: what nobody can go below, or the same question on a smaller store. */
    static final Proof OTHER_WORK = output -> null;

    static Contender of(String name, List<String> command, Proof proof) {
        return new Contender(name, command, null, () -> { }, null, proof, Set.of(0));
    }

    static Contender missing(String name, String why) {
        return new Contender(name, null, why, () -> { }, null, OTHER_WORK, Set.of());
    }

    Contender named(String name) {
        return new Contender(name, command, missing, before, product, proof, exits);
    }

    Contender making(Path product) {
        return new Contender(name, command, missing, before, product, proof, exits);
    }

    Contender after(Step before) {
        return new Contender(name, command, missing, before, product, proof, exits);
    }

    Contender exiting(Integer... codes) {
        return new Contender(name, command, missing, before, product, proof, Set.of(codes));
    }

    boolean isMissing() {
        return missing != null;
    }
}
