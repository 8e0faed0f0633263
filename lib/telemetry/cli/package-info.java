//SOURCES Cli.java Consent.java Csv.java Failures.java FilterOption.java FormatOption.java Output.java PeriodOption.java Procedure.java
//SOURCES QuickStart.java Rehearsal.java
/**
 * How a procedure meets the command line: its options, its output, its exit code, and consent before something is deleted. Also what starts
 * a script without JBang, since every script has this room. picocli ends here and in the scripts. Knows no procedure. Read {@code
 * Procedure} first.
 */
package telemetry.cli;
