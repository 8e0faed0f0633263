//SOURCES AtStake.java FillReport.java Filling.java GapFill.java IndexRepair.java KeyRanges.java LeftLog.java LogSalvage.java Recovered.java
//SOURCES Recovery.java RecoveryLook.java RecoveryMark.java RecoveryPlan.java RecoveryRun.java Salvage.java SchemaFill.java TableFill.java
/**
 * A damaged or lost database made good again from backup, day files and what is left of it. Read {@code Recovery} first.
 */
package telemetry.recover;
