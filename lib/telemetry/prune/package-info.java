//SOURCES DeletedRuns.java DeletedRunsReport.java OldRuns.java OldRunsReport.java RowPlaces.java RunGroups.java StaleRuns.java
//SOURCES StaleRunsReport.java
/**
 * Deletes old runs from the database and cancels runs that never ended, in groups that stay whole; finds runs that others deleted. Read
 * {@code OldRuns} first.
 */
package telemetry.prune;
