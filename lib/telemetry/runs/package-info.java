//SOURCES Affinity.java AgentStatistics.java AgentWalk.java ChangedRows.java CheckProgress.java Columns.java CommitTable.java Ddl.java
//SOURCES Index.java Integrity.java LargeRows.java Limits.java Query.java RowForm.java RunConditions.java RunTree.java RunWriter.java
//SOURCES RunsTable.java Schema.java SchemaForm.java StartTimes.java StatusWords.java TableCheck.java Tree.java UnknownTriggers.java
//SOURCES VirtualTable.java WriteTrial.java WriterTables.java ../RunFilter.java ../Runs.java
/**
 * SQL about runs, reading and writing, behind {@code Runs}; the seven versions of the schema. Knows no day file. Read {@code Schema} first.
 */
package telemetry.runs;
