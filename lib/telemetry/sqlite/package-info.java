//SOURCES DatabaseFile.java InstantFunction.java LockHolders.java ReadOnlyCopy.java SqliteConnection.java SqliteCursor.java
//SOURCES SqliteErrors.java SqliteLibrary.java SqliteStatements.java TablePage.java Transactions.java WalRoom.java WriteAheadLog.java
//SOURCES ../Database.java
/**
 * SQLite's driver, behind {@code Database}. JDBC ends here: no other room names java.sql or org.sqlite. Also the files that SQLite keeps
 * beside a database, and what its error codes mean to an operator. Read {@code SqliteConnection} first.
 */
package telemetry.sqlite;
