import java.util.List;
import java.util.stream.Stream;

/** One row of docs/performance.md: ours, what one would take instead, and how we want to stand to it. */
record Comparison(String name, String title, Contender ours, List<Contender> peers, List<Target> targets) {

    /** Ours first. */
    List<Contender> all() {
        return Stream.concat(Stream.of(ours), peers.stream()).toList();
    }
}
