//SOURCES Store.java StoreException.java Disk.java Times.java RunStatus.java
//SOURCES LogRecord.java Run.java Event.java Damage.java Ndjson.java LogEntry.java LogReader.java LogWriter.java DayFile.java EventLog.java
//SOURCES Database.java DatabaseFile.java SqliteConnection.java SqliteStatements.java SqliteLibrary.java SqliteCursor.java SqliteErrors.java LockHolders.java
//SOURCES WalRoom.java Row.java Rows.java Schema.java RunWriter.java EndUpdate.java
//SOURCES Table.java Check.java Checks.java JsonText.java Cli.java Version.java Output.java StoreOption.java Consent.java
//SOURCES Size.java
//SOURCES Health.java HealthRules.java Measure.java FolderChecks.java DatabaseChecks.java Integrity.java BackgroundCheck.java
//SOURCES Divergence.java BriefRecord.java
//SOURCES PluginLine.java Textfile.java WholeFile.java Reports.java HealthLog.java HealthRecord.java
//SOURCES Task.java Checklist.java Trend.java Forecast.java DayFileSizes.java RetentionReview.java PerformanceReview.java BackupList.java
//SOURCES RunbookPage.java Schedule.java
//SOURCES Alert.java AlertState.java AlertMemory.java AlertMessage.java AlertTarget.java AlertPost.java AlertCommand.java
//SOURCES Replay.java Pruned.java RowForm.java
//SOURCES Rebuild.java RunFeed.java RunScanner.java RunRow.java Conveyor.java RunLoader.java CarryOver.java Ddl.java Quarantine.java
//SOURCES SeveralEnds.java EventIds.java
//SOURCES RunDifferences.java NewDatabase.java OldDatabase.java LiveSwap.java Unfinished.java Openers.java LogFiles.java
//SOURCES Layout.java Sample.java SampleWriter.java SampleLines.java Progress.java
//SOURCES TelemetryClient.java NewRun.java RunContext.java Metrics.java RunForm.java LineLimit.java Recorder.java GroupCommit.java
//SOURCES RunTable.java GitCheckout.java Host.java
//SOURCES PassThrough.java TrackedProgram.java Heard.java SelfTest.java
//SOURCES LogQuery.java LogFilter.java LogFollower.java LogLine.java DaySummary.java ByteSearch.java DayRange.java
//SOURCES Archive.java ArchiveRun.java ArchivePacker.java ArchiveManifest.java ArchivedFile.java ArchiveCheck.java ArchiveRestore.java
//SOURCES GzipFile.java Held.java OpenFiles.java
//SOURCES AgentStatistics.java AgentWalk.java
//SOURCES Runs.java RunFilter.java RunConditions.java RunTree.java RunEvents.java RunReport.java BriefRuns.java Query.java ReadOnlySql.java
//SOURCES FormatOption.java Csv.java Sheet.java PeriodOption.java FilterOption.java
//SOURCES Backup.java BackupManifest.java BackupCheck.java BackupContent.java Backups.java NewBackup.java
//SOURCES EarlySync.java Snapshot.java
//SOURCES Sha256.java Retention.java Restore.java Restored.java RestorePlace.java SafetyCopy.java LastState.java
//SOURCES Locks.java LocksReport.java LockRelease.java Program.java OpenersElsewhere.java Answer.java
//SOURCES Recovery.java RecoveryPlan.java RecoveryMark.java Recovered.java Salvage.java GapFill.java Alone.java
//SOURCES Installation.java MachineChecks.java FoundDatabase.java ScratchChecks.java ToolkitChecks.java
//SOURCES OldRuns.java RunGroups.java StaleRuns.java
//SOURCES Latencies.java QueryTime.java QueryTimes.java Index.java IndexAdvice.java Advice.java Baselines.java Footprint.java Growth.java
//SOURCES StoreFigures.java
//SOURCES ScratchStore.java WriteTimes.java WriterProcesses.java Rate.java Tuning.java PerformanceHistory.java PerformanceReport.java
//SOURCES Launchers.java QuickStart.java Rehearsal.java
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:-UsePerfData -Djdk.console=java.base
//JAVAC_OPTIONS -encoding UTF-8 -XDstringConcat=inline -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC
/**
 * The toolkit's library. This file is the only list of its sources and of the options that every script runs with;
 * a dependency is pinned in the one file that imports it.
 */
package telemetry;
