//SOURCES Upgrade.java UpgradePlan.java Upgraded.java
/**
 * A store's database becomes one of newer writers: what their tables are, what stands in the way, and the change itself, which is a rebuild
 * of another form. Read {@code Upgrade} first.
 */
package telemetry.upgrade;
