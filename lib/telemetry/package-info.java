//SOURCES text/package-info.java os/package-info.java sqlite/package-info.java daylog/package-info.java runs/package-info.java
//SOURCES cli/package-info.java store/package-info.java recording/package-info.java logs/package-info.java archive/package-info.java
//SOURCES locks/package-info.java backup/package-info.java track/package-info.java query/package-info.java prune/package-info.java
//SOURCES health/package-info.java measure/package-info.java rebuild/package-info.java upgrade/package-info.java setup/package-info.java
//SOURCES alert/package-info.java validate/package-info.java restore/package-info.java maintain/package-info.java recover/package-info.java
/**
 * The toolkit's library: two dozen nouns that a person may say. Behind them each command has a room (a package in a folder of its own),
 * over a few rooms that the commands share. A script names the rooms it needs; this file names all of them.
 */
package telemetry;
