//SOURCES AgentStatistics.java AgentWalk.java ChangedRows.java CheckProgress.java Columns.java CommitTable.java Ddl.java Index.java
//SOURCES Integrity.java LargeRows.java Query.java RowForm.java RunConditions.java RunTree.java RunWriter.java RunsTable.java Schema.java
//SOURCES SchemaForm.java StartTimes.java StatusWords.java TableCheck.java Tree.java UnknownTriggers.java VirtualTable.java WriteTrial.java
//SOURCES WriterTables.java ../RunFilter.java ../Runs.java
/**
 * SQL about runs, reading and writing, behind {@code Runs}; the seven versions of the schema. Knows no day file. Read {@code Schema} first.
 */
package telemetry.runs;
