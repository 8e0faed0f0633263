//SOURCES Backup.java BackupCheck.java BackupContent.java BackupExpiry.java BackupFolder.java BackupList.java BackupManifest.java
//SOURCES BackupMemory.java Backups.java ExpiredBackups.java KnownBackups.java MadeBackup.java NewBackup.java Retention.java Snapshot.java
//SOURCES VerifiedBackups.java
/**
 * Verified copies of the database with a manifest, and which of them to keep. Read {@code Backups} first.
 */
package telemetry.backup;
