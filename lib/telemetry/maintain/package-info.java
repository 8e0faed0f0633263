//SOURCES ArchivedFiles.java Checklist.java DatabaseCopies.java Forecast.java OldDayFiles.java PerformanceReview.java RetentionReview.java
//SOURCES RunbookPage.java Schedule.java Task.java TaskFile.java Trend.java
/** The weekly, monthly and quarterly checklists, their forecasts, and the lines that schedule them. Read {@code Checklist} first. */
package telemetry.maintain;
