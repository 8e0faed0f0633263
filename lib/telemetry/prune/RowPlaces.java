package telemetry.prune;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import telemetry.Database;
import telemetry.Row;
import telemetry.runs.Ddl;
import telemetry.runs.Schema;
import telemetry.text.JsonText;

/**
 * Which row of the table of runs is which: told by its number, or by its key where rows have no numbers. Then each key that was met has a
 * number here, in the column {@code place} like the others.
 */
final class RowPlaces {
    private final String number;
    private final List<String> key;
    private final Map<List<Object>, Long> places = new HashMap<>();
    private final List<List<Object>> keys = new ArrayList<>();

    RowPlaces(Database database, Schema schema) {
        this.number = schema.number();
        this.key = number != null ? List.of() : Ddl.key(database, "agent_runs");
    }

    /** The columns that {@link #placed} needs, as SQL. */
    String columns() {
        return number != null ? number + " AS place" : key.stream().map(Database::quoted).collect(joining(", "));
    }

    /** Behind the columns of an ORDER BY. */
    String then() {
        return ", " + (number != null ? number : columns());
    }

    /** The row with its place. */
    Row placed(Row row) {
        if (number != null) return row;
        List<Object> its = keyOf(row);
        Long place = places.computeIfAbsent(its, met -> (long) places.size());
        if (place == keys.size()) keys.add(its);
        List<String> columns = new ArrayList<>(row.columns());
        List<Object> values = new ArrayList<>(row.values());
        columns.add("place");
        values.add(place);
        return new Row(columns, values);
    }

    private List<Object> keyOf(Row row) {
        return key.stream().map(row::get).toList();
    }

    /** SQL for the rows at places, which {@link #json} gives as its value. */
    String where() {
        if (number != null) return " WHERE " + number + " IN (SELECT value FROM json_each(?))";
        String parts = "";
        for (int i = 0; i < key.size(); i++) parts += (i == 0 ? "" : ", ") + "value ->> " + i;
        return " WHERE (" + columns() + ") IN (SELECT " + parts + " FROM json_each(?))";
    }

    String json(Collection<Long> places) {
        return JsonText.line(number != null ? places : places.stream().map(place -> keys.get(place.intValue())).toList());
    }

    /** The number of the newest row; of rows without numbers how many were met. */
    long newest(Database database) {
        return number != null ? database.number("SELECT max(" + number + ") FROM agent_runs") : keys.size();
    }

    /** SQL that leads to all rows that came after the newest, and perhaps to others. */
    String after(long newest) {
        return number != null ? " WHERE " + number + " > " + newest : "";
    }

    /** True for a row that was met before the newest one. */
    boolean isOlder(Row placed, long newest) {
        return number == null && placed.number("place") < newest;
    }
}
