//SOURCES LockRelease.java Locks.java LocksReport.java ServiceLock.java User.java
/** Whether the database is locked, which process holds the lock, and how to end that process. Read {@code Locks} first. */
package telemetry.locks;
