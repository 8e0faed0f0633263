//SOURCES AtStake.java BackupChoice.java FillReport.java Filling.java GapFill.java IndexRepair.java KeyRanges.java LeftLog.java
//SOURCES LogSalvage.java Recovered.java Recovery.java RecoveryLook.java RecoveryMark.java RecoveryPlan.java RecoveryRun.java Salvage.java
//SOURCES SchemaFill.java TableFill.java
/**
 * A damaged or lost database made good again from backup, day files and what is left of it. Read {@code Recovery} first.
 */
package telemetry.recover;
