//SOURCES GapFill.java Recovered.java Recovery.java RecoveryLook.java RecoveryMark.java RecoveryPlan.java RecoveryRun.java Salvage.java
/**
 * A damaged or lost database made good again from backup, day files and what is left of it. Read {@code Recovery} first.
 */
package telemetry.recover;
