///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Measure writing, queries and size against the runbook's baselines; advise, and carry advice out.
//SOURCES ../lib/telemetry/package-info.java

import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import telemetry.Advice;
import telemetry.Cli;
import telemetry.Database;
import telemetry.IndexAdvice;
import telemetry.Output;
import telemetry.QueryTimes;
import telemetry.Store;
import telemetry.StoreOption;

@Command(name = "measure_performance", mixinStandardHelpOptions = true,
        description = "Measure writing, queries and size against the runbook's baselines; advise, and carry advice out.")
class measure_performance implements Callable<Integer> {

    Clock clock = Clock.systemUTC();

    @Mixin
    private StoreOption place;

    @Mixin
    private Output output;

    public static void main(String... args) {
        Cli.main(new measure_performance(), args);
    }

    @Override
    public Integer call() {
        Store store = place.existing();
        try (Database database = Database.openToRead(store.database())) {
            QueryTimes times = QueryTimes.of(database, clock.instant());
            output.print(times);
            output.print(Advice.report(IndexAdvice.of(store, database, times).advice()));
        }
        return Cli.OK;
    }
}
