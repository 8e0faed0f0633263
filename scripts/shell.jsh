//JAVA 17+
//DESCRIPTION Open JShell with the toolkit's library and the store at hand.
//DEPS ../lib/telemetry/package-info.java
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
//RUNTIME_OPTIONS --limit-modules=java.se,jdk.jshell,jdk.unsupported,jdk.zipfs,jdk.crypto.ec,jdk.localedata,jdk.management,jdk.httpserver
import telemetry.*;
import java.nio.file.*;
import java.time.*;
import java.util.*;

Store store = args.length == 2 && args[0].equals("--store") ? Store.at(Path.of(args[1])) : Store.fromEnv();
Database database = Files.exists(store.database()) ? Database.openToRead(store.database()) : null;
Runs runs = database == null ? null : new Runs(database);
EventLog log = new EventLog(store);

/** Prints the daily check. */
void health() { System.out.println(Health.of(store, Clock.systemUTC())); }

System.out.println("store " + store.base() + (database == null ? ": it has no database; " + store.command("setup", "") + " makes one"
        : "; try runs.recent(5), database.query(\"SELECT …\"), health(), /exit"));
