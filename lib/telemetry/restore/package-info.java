//SOURCES LastState.java PageForm.java Restore.java RestorePlace.java Restored.java SafetyCopy.java StandingRows.java TakenAway.java
/**
 * A backup put in the database's place, with what was there kept and the later lines replayed. Read {@code Restore}
 * first.
 */
package telemetry.restore;
