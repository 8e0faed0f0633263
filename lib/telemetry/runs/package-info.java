//SOURCES AgentStatistics.java AgentWalk.java CheckProgress.java Columns.java Ddl.java Index.java Integrity.java LargeRows.java Query.java
//SOURCES RowForm.java RunConditions.java RunTree.java RunWriter.java RunbookTables.java RunsTable.java Schema.java StartTimes.java
//SOURCES StatusWords.java TableCheck.java Tree.java UnknownTriggers.java VirtualTable.java WriteTrial.java ../RunFilter.java ../Runs.java
/**
 * SQL about runs, reading and writing, behind {@code Runs}; the seven versions of the schema. Knows no day file. Read {@code Schema} first.
 */
package telemetry.runs;
