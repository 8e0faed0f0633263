//SOURCES Heard.java PassThrough.java SelfTest.java TrackedProgram.java
/**
 * A program run as a tracked run, and the proof that tracking works. Read {@code TrackedProgram} first.
 */
package telemetry.track;
