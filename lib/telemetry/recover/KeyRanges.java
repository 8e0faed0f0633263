package telemetry.recover;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.runs.Ddl;

/**
 * Reads what a damaged table WITHOUT ROWID still gives, by ranges of its key: from both ends to the first damaged page, and then from the
 * middle of what is left, again and again.
 */
final class KeyRanges {

    /** Is given rows. */
    interface Found {
        /** @param areBeside whether what stands directly before or behind them cannot be read */
        void rows(List<Row> rows, boolean areBeside);
    }

    private static final int CHUNK = 1_024;

    /** So often a range is halved in which nothing can be read. */
    private static final int DEPTH = 10;

    private static final String LAST = "\u007f";

    private final Database database;
    private final Found found;
    private final List<String> key;
    private final String name;
    private boolean isWhole = true;

    KeyRanges(Database database, String table, Found found) {
        this.database = database;
        this.found = found;
        this.key = Ddl.key(database, table);
        this.name = Database.quoted(table);
    }

    /** @return CUT when nothing at all can be reached */
    Salvage.Reach read() {
        List<Object> low = walk(null, null, true);
        if (isWhole) return Salvage.Reach.ALL;
        List<Object> high = walk(low, null, false);
        if (low == null && high == null) return Salvage.Reach.CUT;
        between(low, high, DEPTH);
        return Salvage.Reach.PART;
    }

    private void between(List<Object> low, List<Object> high, int depth) {
        List<Object> middle = depth == 0 ? null : middle(low, high);
        if (middle == null) return;
        isWhole = true;
        List<Object> below = walk(low, middle, false);
        boolean isLeftBelow = !isWhole;
        isWhole = true;
        List<Object> above = walk(middle, high, true);
        boolean isLeftAbove = !isWhole;
        if (isLeftBelow) between(low, below == null ? middle : below, below == null ? depth - 1 : DEPTH);
        if (isLeftAbove) between(above == null ? middle : above, high, above == null ? depth - 1 : DEPTH);
        isWhole = false;
    }

    /**
     * Reads the rows between two keys, without these, until it meets damage.
     *
     * @return the key of the last row that was read; null when none was
     */
    private List<Object> walk(List<Object> low, List<Object> high, boolean forward) {
        List<Object> values = new ArrayList<>();
        List<String> conditions = new ArrayList<>();
        if (low != null) conditions.add(compared(low, " > ", values));
        if (high != null) conditions.add(compared(high, " < ", values));
        String sql = "SELECT * FROM " + name + (conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions)) + " ORDER BY "
                + key.stream().map(column -> Database.quoted(column) + (forward ? "" : " DESC")).collect(joining(", "));
        List<Row> some = new ArrayList<>();
        Row last = null;
        try {
            for (Row row : database.query(sql, values.toArray())) {
                last = row;
                some.add(row);
                if (some.size() <= CHUNK) continue;
                found.rows(List.copyOf(some.subList(0, CHUNK)), false);
                some.subList(0, CHUNK).clear();
            }
            if (!some.isEmpty()) found.rows(some, false);
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            isWhole = false;
            if (some.size() > 1) found.rows(List.copyOf(some.subList(0, some.size() - 1)), false);
            if (!some.isEmpty()) found.rows(List.of(last), true);
        }
        return last == null ? null : key.stream().map(last::get).toList();
    }

    private String compared(List<Object> to, String sign, List<Object> values) {
        values.addAll(to);
        return "(" + key.stream().limit(to.size()).map(Database::quoted).collect(joining(", ")) + ")" + sign
                + "(" + "?, ".repeat(to.size() - 1) + "?)";
    }

    /** A key between two, of so many columns as are needed; null when there is none. A null one stands for the beginning or the end. */
    private static List<Object> middle(List<Object> low, List<Object> high) {
        List<Object> middle = new ArrayList<>();
        int most = Math.min(low == null ? Integer.MAX_VALUE : low.size(), high == null ? Integer.MAX_VALUE : high.size());
        for (int i = 0; i < most; i++) {
            Object a = low == null ? null : low.get(i);
            Object b = high == null ? null : high.get(i);
            if (a != null && a.equals(b)) {
                middle.add(a);
                continue;
            }
            Object value = a instanceof Long || b instanceof Long ? middle((Long) number(a), (Long) number(b))
                    : isText(a) && isText(b) ? middle(a == null ? "" : (String) a, b == null ? LAST : (String) b) : null;
            if (value == null) return null;
            middle.add(value);
            return middle;
        }
        return null;
    }

    private static boolean isText(Object value) {
        return value == null || value instanceof String;
    }

    private static Object number(Object value) {
        return value instanceof Long ? value : null;
    }

    private static Long middle(Long a, Long b) {
        long low = a != null ? a : Math.min(0, b - CHUNK);
        long high = b != null ? b : a + CHUNK * CHUNK;
        long middle = low + (high - low) / 2;
        return middle > low && middle < high ? middle : null;
    }

    private static String middle(String a, String b) {
        int same = 0;
        while (same < a.length() && same < b.length() && a.charAt(same) == b.charAt(same)) same++;
        char from = same < a.length() ? a.charAt(same) : ' ' - 1;
        char to = same < b.length() ? b.charAt(same) : LAST.charAt(0);
        String begin = b.substring(0, same);
        String rest = same < a.length() ? a.substring(same + 1) : null;
        String middle = to - from > 1 ? begin + (char) ((from + to) / 2) : rest == null ? begin + to
                : rest.startsWith(LAST) || rest.length() > 200 ? begin : begin + from + middle(rest, LAST);
        boolean isBetween = middle.compareTo(a) > 0 && middle.compareTo(b) < 0 && middle.chars().noneMatch(one -> one >= 0xd800);
        return isBetween ? middle : null;
    }
}
