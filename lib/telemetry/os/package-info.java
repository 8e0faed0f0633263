//SOURCES Answer.java Disk.java GitCheckout.java GzipFile.java Host.java OpenFiles.java Openers.java OpenersElsewhere.java Sha256.java
//SOURCES Unfinished.java WholeFile.java ../Store.java
/**
 * What the operating system does, and does differently on Windows and Linux: files that appear whole or not at all,
 * permissions, who has a file open, other programs, the machine itself. Knows words only. Read {@code Disk} first.
 */
package telemetry.os;
