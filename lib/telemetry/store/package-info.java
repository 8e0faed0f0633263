//SOURCES Buffers.java CutShort.java Description.java Exchange.java ExchangeMark.java KnownLosses.java Layout.java Occupied.java Pruned.java
//SOURCES Quarantine.java QuarantineList.java Quarantined.java Reports.java Reserve.java StoreLock.java TakenBack.java Writers.java
/**
 * The store as a place: its folders, its quarantine, the toolkit's own records in it, and the lock that lets one
 * procedure at a time replace the database. Read {@code Layout} first.
 */
package telemetry.store;
