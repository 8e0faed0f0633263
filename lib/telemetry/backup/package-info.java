//SOURCES Backup.java BackupCheck.java BackupContent.java BackupList.java BackupManifest.java Backups.java MadeBackup.java NewBackup.java
//SOURCES Retention.java Snapshot.java
/**
 * Verified copies of the database with a manifest, and which of them to keep. Read {@code Backups} first.
 */
package telemetry.backup;
