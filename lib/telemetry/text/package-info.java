//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:-UsePerfData -Djdk.console=java.base
//JAVAC_OPTIONS -encoding UTF-8 -XDstringConcat=inline -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC
//SOURCES DisplayWidth.java Escaped.java JsonText.java LargeValue.java Ndjson.java Notes.java Progress.java PythonFloat.java PythonJson.java
//SOURCES PythonText.java Result.java Runbook.java Table.java Terminal.java Words.java ../Check.java ../Checks.java ../Commit.java
//SOURCES ../Damage.java ../Event.java ../LogRecord.java ../Next.java ../Row.java ../Rows.java ../Run.java ../RunStatus.java ../Size.java
//SOURCES ../StoreException.java ../Times.java
/**
 * What people and programs read: tables, JSON, progress. The toolkit's words (a run, a time, a size, a check) belong to this floor. They
 * stand in the root, and each script compiles them. This room knows nothing but words. minimal-json ends here. Read {@code Table} first.
 *
 * <p>This file also holds the options that every script is compiled and run with.
 */
package telemetry.text;
