//SOURCES DatabaseFile.java InstantFunction.java JsonFunction.java LockHolders.java ReadOnlyCopy.java SqliteConnection.java
//SOURCES SqliteCursor.java SqliteErrors.java SqliteLibrary.java SqliteStatements.java StatementLimit.java TablePage.java Transactions.java
//SOURCES WalRoom.java WriteAheadLog.java ../Database.java
/**
 * SQLite's driver, behind {@code Database}. JDBC ends here: no other room names java.sql or org.sqlite. Also the files that SQLite keeps
 * beside a database, and what its error codes mean to an operator. Read {@code SqliteConnection} first.
 */
package telemetry.sqlite;
