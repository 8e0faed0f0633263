//SOURCES FoundDatabase.java Installation.java MachineChecks.java ScratchChecks.java ServiceVariables.java ToolkitChecks.java
/** Whether machine, toolkit and store are set up as the procedures need them. Changes nothing. Read {@code Installation} first. */
package telemetry.validate;
