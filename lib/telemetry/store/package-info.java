//SOURCES KnownLosses.java Layout.java Pruned.java Quarantine.java Reports.java StoreLock.java
/**
 * The store as a place: its folders, its quarantine, the toolkit's own records in it, and the lock that lets one
 * procedure at a time replace the database. Read {@code Layout} first.
 */
package telemetry.store;
