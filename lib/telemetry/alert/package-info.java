//SOURCES Alert.java AlertCommand.java AlertFormat.java AlertMemory.java AlertMessage.java AlertPost.java AlertState.java AlertTarget.java
//SOURCES EnvironmentProxy.java HealthLog.java HealthRecord.java PluginLine.java PostAnswer.java Textfile.java
/**
 * What happens with a health result: an alert by webhook or command, a record, a line for Nagios, a file for Prometheus. Read {@code Alert}
 * first.
 */
package telemetry.alert;
