//SOURCES Launchers.java Sample.java SampleLines.java SampleWriter.java SetupReport.java
/**
 * A sample month for a new store, the launchers, and what lets a script start without JBang. Read {@code Launchers}
 * first.
 */
package telemetry.setup;
