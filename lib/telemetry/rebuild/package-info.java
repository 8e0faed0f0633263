//SOURCES CarryOver.java Conveyor.java EventIds.java LiveSwap.java NewDatabase.java OldDatabase.java Rebuild.java Rebuilt.java Replay.java
//SOURCES RunDifferences.java RunFeed.java RunLoader.java RunScanner.java SeveralEnds.java Unread.java
/**
 * A new database from the day files and what only the old one knows; and the replay of lines that a database lacks. Read
 * {@code Rebuild} first.
 */
package telemetry.rebuild;
