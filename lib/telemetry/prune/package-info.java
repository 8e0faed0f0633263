//SOURCES OldRuns.java OldRunsReport.java RowPlaces.java RunGroups.java StaleRuns.java StaleRunsReport.java
/** Deletes old runs from the database and cancels runs that never ended, in groups that stay whole. Read {@code OldRuns} first. */
package telemetry.prune;
