//SOURCES GroupCommit.java LineLimit.java Recorder.java RunLine.java RunTable.java ../Metrics.java ../NewRun.java ../RunContext.java
//SOURCES ../TelemetryClient.java
/**
 * How a run is recorded, behind {@code TelemetryClient}: first its line, fsynced, then its row. Several threads share an fsync. Read {@code
 * Recorder} first.
 */
package telemetry.recording;
