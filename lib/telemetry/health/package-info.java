//SOURCES ActivityCheck.java BackgroundCheck.java BufferCheck.java DatabaseChecks.java DayFilesCheck.java Divergence.java FolderChecks.java
//SOURCES HealthRules.java JournalCheck.java LockCheck.java Measure.java NewestBackup.java OddDayFile.java PostingCheck.java RunCount.java
//SOURCES StaleCheck.java WriteCheck.java ../Health.java
/**
 * The daily checks behind {@code Health}: each looks at one thing and says what to do. Nothing in the store is changed.
 * Read {@code DatabaseChecks} first.
 */
package telemetry.health;
