//SOURCES Affinity.java AgentStatistics.java AgentWalk.java AllowedWords.java ChangedRows.java CheckProgress.java Columns.java
//SOURCES CommitTable.java Ddl.java Index.java Integrity.java LargeRows.java Limits.java NewerRows.java Query.java RowForm.java
//SOURCES RunConditions.java RunTree.java RunWriter.java RunsTable.java Schema.java SchemaForm.java StartTimes.java StatusWords.java
//SOURCES TableCheck.java Tree.java UnknownTriggers.java VirtualTable.java WriteTrial.java WriterTables.java WritersStatements.java
//SOURCES ../RunFilter.java ../Runs.java
/**
 * SQL about runs, reading and writing, behind {@code Runs}; the seven versions of the schema. Knows no day file. Read {@code Schema} first.
 */
package telemetry.runs;
