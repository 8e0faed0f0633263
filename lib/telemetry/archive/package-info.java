//SOURCES Archive.java ArchiveCheck.java ArchiveList.java ArchiveManifest.java ArchivePacker.java ArchivePlan.java ArchiveReport.java
//SOURCES ArchiveRestore.java ArchiveRun.java ArchiveState.java
/**
 * Day files compressed, verified, and only then deleted; brought back, and expired. Knows no database, so it works on a
 * full disk. Read {@code Archive} first.
 */
package telemetry.archive;
