//SOURCES Archive.java ArchiveAdvice.java ArchiveCheck.java ArchiveExpiry.java ArchiveList.java ArchiveManifest.java ArchivePacker.java
//SOURCES ArchivePlan.java ArchiveReport.java ArchiveRestore.java ArchiveRun.java ArchiveState.java ExpiredDays.java
/**
 * Day files compressed, verified, and only then deleted; restored and expired. Knows no database, so it works on a full disk. Read {@code
 * Archive} first.
 */
package telemetry.archive;
