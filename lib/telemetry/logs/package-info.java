//SOURCES DayList.java DayRange.java DaySummary.java LogFilter.java LogFollower.java LogLine.java LogPrinter.java LogQuery.java
//SOURCES UnreadLines.java WritersForm.java
/** Looks into day files: by day, agent, run or text; follows them; one line per day. Knows no database. Read {@code LogQuery} first. */
package telemetry.logs;
