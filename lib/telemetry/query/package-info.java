//SOURCES ReadOnlySql.java RunEvents.java RunReport.java RunTables.java
/**
 * What an operator asks about runs, beyond the questions of {@code Runs}: one run with its events, SQL that only reads.
 * Read {@code RunReport} first.
 */
package telemetry.query;
