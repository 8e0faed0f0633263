//SOURCES Advice.java Baselines.java Footprint.java Growth.java IndexAdvice.java Latencies.java PerformanceHistory.java
//SOURCES PerformanceReport.java QueryTime.java QueryTimes.java ScratchStore.java StoreFigures.java Tuning.java WriteTimes.java
//SOURCES WriterProcesses.java
/**
 * How fast and how large a store is, what to change, and the change itself. Measures writing in a scratch store beside the real one. Read
 * {@code PerformanceReport} first.
 */
package telemetry.measure;
