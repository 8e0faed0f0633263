//JAVA 17+
//DESCRIPTION Open JShell with the toolkit's library and the store at hand.
//DEPS ../lib/telemetry/package-info.java
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
//RUNTIME_OPTIONS --limit-modules=java.se,jdk.jshell,jdk.unsupported,jdk.zipfs,jdk.crypto.ec,jdk.localedata,jdk.management,jdk.httpserver
import telemetry.*;
import java.nio.file.*;
import java.time.*;
import java.util.*;

/** What {@code --store} names; null when nothing does. */
String named() {
    if (args.length == 2 && args[0].equals("--store")) return args[1];
    return args.length == 1 && args[0].startsWith("--store=") ? args[0].substring("--store=".length()) : null;
}

Store store = named() == null ? Store.fromEnv() : Store.at(Path.of(named()));
Database database = null;
Runs runs = null;
String found = "try runs.recent(5), database.query(\"SELECT …\"), health(), /exit";
try {
    database = Database.openToRead(store.orThrow().database());
    runs = new Runs(database);
} catch (StoreException e) {
    found = store.message(e);
}
EventLog log = new EventLog(store);

/** Prints the daily check. */
void health() { System.out.println(Health.of(store, Clock.systemUTC())); }

if (named() == null && args.length > 0) System.out.println("not understood: " + String.join(" ", args) + "; name the store with --store DIR");
System.out.println("store " + store.base() + "; " + found);
