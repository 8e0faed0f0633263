//SOURCES Store.java StoreException.java Disk.java Times.java RunStatus.java
//SOURCES LogRecord.java Run.java Event.java Damage.java Ndjson.java LogEntry.java LogReader.java LogWriter.java DayFile.java EventLog.java
//SOURCES Database.java SqliteLibrary.java SqliteCursor.java SqliteErrors.java LockHolders.java Row.java Rows.java Schema.java RunWriter.java
//SOURCES Table.java Check.java Checks.java JsonText.java Cli.java Output.java StoreOption.java Consent.java
//SOURCES Replay.java Pruned.java Precedence.java
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
//JAVAC_OPTIONS -encoding UTF-8 -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC
/**
 * The toolkit's library. This file is the only list of its sources and of the options that every script runs with;
 * a dependency is pinned in the one file that imports it.
 */
package telemetry;
