//SOURCES CarryOver.java CommitLines.java Conveyor.java Dispute.java EventIds.java LiveSwap.java NewDatabase.java OldDatabase.java
//SOURCES Rebuild.java RebuildPreview.java Rebuilt.java RefusedRows.java Replay.java RunDifferences.java RunFeed.java RunLoader.java
//SOURCES RunScanner.java SeveralEnds.java Unread.java
/**
 * A new database from the day files, with what only the old one has; and the replay of lines that a database lacks. Read {@code Rebuild}
 * first.
 */
package telemetry.rebuild;
