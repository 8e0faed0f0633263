///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Check that the machine, the toolkit and the store's set-up are as the procedures need them. Read only.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/recording/package-info.java ../lib/telemetry/logs/package-info.java
//SOURCES ../lib/telemetry/archive/package-info.java ../lib/telemetry/locks/package-info.java ../lib/telemetry/backup/package-info.java
//SOURCES ../lib/telemetry/track/package-info.java ../lib/telemetry/query/package-info.java ../lib/telemetry/prune/package-info.java
//SOURCES ../lib/telemetry/health/package-info.java ../lib/telemetry/measure/package-info.java ../lib/telemetry/rebuild/package-info.java
//SOURCES ../lib/telemetry/upgrade/package-info.java ../lib/telemetry/setup/package-info.java ../lib/telemetry/alert/package-info.java
//SOURCES ../lib/telemetry/validate/package-info.java ../lib/telemetry/restore/package-info.java ../lib/telemetry/maintain/package-info.java
//SOURCES ../lib/telemetry/recover/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import telemetry.*;
import telemetry.cli.*;
import telemetry.validate.*;

@Command(name = "validate_installation", mixinStandardHelpOptions = true,
        description = "Check that the machine, the toolkit and the store's set-up are as the procedures need them. Read only.",
        footer = {"", "Examples:", "  validate_installation", "  validate_installation --json"})
class validate_installation extends Procedure {

    Duration patience = Database.PATIENCE;
    Installation.Surroundings around = Installation.Surroundings.ofThisProcess();

    public static void main(String... args) {
        Cli.main(new validate_installation(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--help");
    }

    @Override
    public Integer call() {
        return result(Installation.of(store.store(), around, clock, patience, err()));
    }
}
