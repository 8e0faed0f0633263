///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Tell whether the database is locked, who holds the lock, and end the holder if need be.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/locks/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.time.Duration;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.locks.*;

@Command(name = "locks", mixinStandardHelpOptions = true,
        description = "Tell whether the database is locked, who holds the lock, and end the holder if need be.",
        footer = {"",
            "Exit code 0: free within a second. 1: free after a longer wait, or a program that died left a -wal or -journal, "
                    + "which is never deleted here. 3: still locked. Only Linux says who holds a lock; elsewhere the output lists "
                    + "who has the database open.",
            "",
            "--kill ends only a process that holds the write lock when it is called, after the wait, and immediately before it is "
                    + "ended; for any other process the exit code is 64. TERM comes first, KILL 5 s later. Then the lock is tried "
                    + "and the database quick-checked.",
            "", "Examples:", "  locks --wait 5s", "  locks --kill 11036 --yes"})
class locks extends Procedure {

    @Mixin
    private Consent consent;

    @Option(names = "--wait", paramLabel = "TIME", defaultValue = "30s",
            description = "How long to wait for the lock; not for a stopped process. Default: ${DEFAULT-VALUE}.")
    private Duration wait;

    @Option(names = "--kill", paramLabel = "PID", description = "End this process if it still holds the lock after --wait.")
    private Long kill;

    Duration grace = LockRelease.GRACE;

    public static void main(String... args) {
        Cli.main(new locks(), args);
    }

    @Override
    public Integer call() {
        Store store = this.store.existing();
        var locks = new Locks(store, clock);
        LockRelease release = kill == null ? null : new LockRelease(store, locks, kill, grace);
        LocksReport report = locks.look(wait, this::note);
        if (kill == null) return result(report);
        if (report.isFree()) return notEnded(report);
        if (consent.isDryRun()) return preview(report.toEnd(kill), true, consent);
        output.note(report);
        return consent.to("End process " + kill + "? What it has not committed is rolled back.") ? result(release.run()) : Cli.OK;
    }

    private int notEnded(LocksReport report) {
        int code = result(report);
        note("the lock is free, process " + kill + " was left alone");
        return code;
    }
}
