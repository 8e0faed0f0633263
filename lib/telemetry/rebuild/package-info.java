//SOURCES CarryOver.java CommitLines.java Converted.java Conveyor.java Dispute.java Disputes.java EndsSeen.java EventIds.java LinesRead.java
//SOURCES LiveSwap.java Loading.java Making.java NewDatabase.java NewTables.java OldDatabase.java OpenRuns.java Rebuild.java
//SOURCES RebuildPreview.java Rebuilt.java RefusedRows.java Replay.java ReplayResult.java Replayed.java Reshape.java RunDifferences.java
//SOURCES RunEnds.java RunFeed.java RunLoader.java RunScanner.java SeveralEnds.java Sources.java TranslatedRow.java Unread.java
/**
 * A new database from the day files, with what only the old one has; and the replay of lines that a database lacks. Read {@code Rebuild}
 * first.
 */
package telemetry.rebuild;
