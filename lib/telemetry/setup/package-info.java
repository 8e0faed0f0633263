//SOURCES Launchers.java Sample.java SampleLines.java SampleWriter.java SetupReport.java
/** A sample month for a new store, and launchers that start scripts without JBang. Read {@code Launchers} first. */
package telemetry.setup;
