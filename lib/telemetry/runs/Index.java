package telemetry.runs;

import java.util.ArrayList;
import java.util.List;
import telemetry.Database;
import telemetry.Row;

/**
 * An index of the table of runs.
 *
 * @param columns  by which it is sorted; null for an expression
 * @param isOwn    made with CREATE INDEX; others belong to a UNIQUE or PRIMARY KEY of the table
 * @param isUnique it prevents duplicate values
 * @param isPart   it covers some runs only
 */
public record Index(String name, List<String> columns, boolean isOwn, boolean isUnique, boolean isPart) {

    /** The database's indexes. */
    public static List<Index> of(Database database) {
        List<Index> indexes = new ArrayList<>();
        String all = "SELECT name, origin, \"unique\", partial FROM pragma_index_list('agent_runs') ORDER BY name";
        for (Row row : database.query(all).list()) {
            List<String> columns = new ArrayList<>();
            for (Row column : database.query("SELECT name FROM pragma_index_info(?) ORDER BY seqno", row.text("name")))
                columns.add(column.text("name"));
            indexes.add(new Index(row.text("name"), columns, "c".equals(row.text("origin")), row.number("unique") == 1,
                    row.number("partial") == 1));
        }
        return indexes;
    }

    /** True when it leads to the runs with a given value in this column. */
    public boolean leadsBy(String column) {
        return !isPart && column.equals(columns.get(0));
    }

    /** True when the other index can do all that this one can. */
    public boolean isSameAs(Index other) {
        return !other.isPart && columns.equals(other.columns) && !columns.contains(null);
    }
}
