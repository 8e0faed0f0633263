//SOURCES Account.java Answer.java Arguments.java Attempt.java Birth.java Disk.java DiskSpace.java FolderWay.java GitCheckout.java
//SOURCES GitCommit.java GzipFile.java HeldFolder.java InUse.java Inside.java KeptFree.java LegalPath.java Link.java Machine.java
//SOURCES MountPoint.java NewFile.java Openers.java OpenersElsewhere.java Program.java ScratchFolder.java Sha256.java Unfinished.java
//SOURCES ../Store.java
/**
 * What the operating system does, and does differently on Windows and Linux: files that appear whole or not at all, permissions, open
 * files, other programs, the machine itself. Knows words only. Read {@code Disk} first.
 */
package telemetry.os;
