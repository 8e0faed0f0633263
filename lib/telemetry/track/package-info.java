//SOURCES Heard.java PassThrough.java Pump.java RunCommit.java SelfTest.java ShellInFront.java TrackedProgram.java
/** Runs a program as a tracked run, and proves that tracking works. Read {@code TrackedProgram} first. */
package telemetry.track;
