import java.util.Map;

/**
 * What a process has done, to be compared with what another has.
 *
 * @param counts  the same for both, by name
 * @param content a hash of it, in a form in which both are the same; empty where there is no content to compare
 */
record Work(Map<String, Object> counts, String content) {

    @Override
    public String toString() {
        return counts + (content.isEmpty() ? "" : " content " + content.substring(0, 12));
    }
}
