//SOURCES CarryOver.java CommitLines.java Conveyor.java Dispute.java Disputes.java EndsSeen.java EventIds.java LinesRead.java LiveSwap.java
//SOURCES NewDatabase.java OldDatabase.java Rebuild.java RebuildPreview.java Rebuilt.java RefusedRows.java Replay.java Replayed.java
//SOURCES Reshape.java RunDifferences.java RunFeed.java RunLoader.java RunScanner.java SeveralEnds.java Unread.java
/**
 * A new database from the day files, with what only the old one has; and the replay of lines that a database lacks. Read {@code Rebuild}
 * first.
 */
package telemetry.rebuild;
