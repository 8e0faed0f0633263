//SOURCES AgentStatistics.java AgentWalk.java Columns.java Ddl.java Index.java Integrity.java LargeRows.java Query.java RowForm.java
//SOURCES RunConditions.java RunTree.java RunWriter.java RunbookTables.java Schema.java StartTimes.java StatusWords.java ../RunFilter.java
//SOURCES ../Runs.java
/**
 * SQL about runs, reading and writing, behind {@code Runs}; the seven versions of the schema. Knows no day file. Read {@code Schema} first.
 */
package telemetry.runs;
