//SOURCES Affinity.java AgentStatistics.java AgentWalk.java ChangedRows.java CheckProgress.java Columns.java CommitTable.java Ddl.java
//SOURCES Index.java Integrity.java LargeRows.java Limits.java NewerRows.java Query.java RowForm.java RunConditions.java RunTree.java
//SOURCES RunWriter.java RunsTable.java Schema.java SchemaForm.java StartTimes.java StatusWords.java TableCheck.java Tree.java
//SOURCES UnknownTriggers.java VirtualTable.java WriteTrial.java WriterTables.java WritersStatements.java ../RunFilter.java ../Runs.java
/**
 * SQL about runs, reading and writing, behind {@code Runs}; the seven versions of the schema. Knows no day file. Read {@code Schema} first.
 */
package telemetry.runs;
