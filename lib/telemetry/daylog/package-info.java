//SOURCES BriefRecord.java BrokenLine.java ByteSearch.java DayFolder.java Held.java InFlight.java LogFiles.java LogReader.java
//SOURCES LogWriter.java Records.java Tail.java ../DayFile.java ../EventLog.java ../LogEntry.java
/**
 * Day files line by line, plain or gzipped, behind {@code EventLog}: reading past damage, appending without gluing, searching bytes. Knows
 * no database. Read {@code LogReader} first.
 */
package telemetry.daylog;
