//SOURCES DatabaseFile.java InstantFunction.java JsonFunction.java LockHolders.java Opening.java PageCopy.java ReadOnlyCopy.java
//SOURCES SqliteConnection.java SqliteCursor.java SqliteErrors.java SqliteLibrary.java SqliteStatements.java StatementLimit.java
//SOURCES TablePage.java Transactions.java WalRoom.java WriteAheadLog.java ../Database.java
/**
 * SQLite's driver, behind {@code Database}. JDBC ends here: no other room names java.sql or org.sqlite. Also the files that SQLite keeps
 * beside a database, and what its error codes mean to an operator. Read {@code SqliteConnection} first.
 */
package telemetry.sqlite;
