//SOURCES OldRuns.java OldRunsReport.java RunGroups.java StaleRuns.java StaleRunsReport.java
/**
 * Old runs deleted from the database and runs that never ended cancelled, in groups that stay whole. Read {@code
 * OldRuns} first.
 */
package telemetry.prune;
