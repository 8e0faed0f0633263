package telemetry.rebuild;

import java.nio.file.Path;
import java.util.BitSet;

/**
 * One record of a run on its way into a new database.
 *
 * @param values  as {@code RowForm} makes them
 * @param lacking which of them the record itself does not have
 * @param file    where it stands
 * @param offset  as {@code LogEntry} has it
 * @param bytes   the untouched record
 */
record RunRow(Object[] values, BitSet lacking, Path file, long offset, byte[] bytes) { }
