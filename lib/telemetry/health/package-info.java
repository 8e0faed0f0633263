//SOURCES ActivityCheck.java BackgroundCheck.java DatabaseChecks.java DayFilesCheck.java Divergence.java FolderChecks.java HealthRules.java
//SOURCES JournalCheck.java LockCheck.java Measure.java NewestBackup.java OddDayFile.java RunCount.java StaleCheck.java WriteCheck.java
//SOURCES ../Health.java
/**
 * The daily checks behind {@code Health}: each looks at one thing and says what to do. Nothing in the store is changed.
 * Read {@code DatabaseChecks} first.
 */
package telemetry.health;
