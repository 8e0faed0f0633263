//SOURCES Cli.java Consent.java Csv.java FilterOption.java FormatOption.java Output.java PeriodOption.java Procedure.java QuickStart.java
//SOURCES Rehearsal.java
/**
 * How a procedure meets the command line: its options, its output, its exit code, and consent before something is
 * deleted. picocli ends here and in the scripts. Knows no procedure. Read {@code Cli} first.
 */
package telemetry.cli;
