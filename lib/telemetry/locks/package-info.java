//SOURCES LockRelease.java Locks.java LocksReport.java User.java
/**
 * Whether the database is locked, who holds the lock, and how that process is ended. Read {@code Locks} first.
 */
package telemetry.locks;
