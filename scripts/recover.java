///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Make a damaged or missing database good again from backup, day files and what is left of it.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/logs/package-info.java ../lib/telemetry/archive/package-info.java
//SOURCES ../lib/telemetry/locks/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/prune/package-info.java
//SOURCES ../lib/telemetry/health/package-info.java ../lib/telemetry/rebuild/package-info.java ../lib/telemetry/restore/package-info.java
//SOURCES ../lib/telemetry/recover/package-info.java
//RUNTIME_OPTIONS -XX:CompileThresholdScaling=4

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.logs.WritersForm;
import telemetry.os.*;
import telemetry.recover.*;
import telemetry.store.*;
import telemetry.text.*;

@Command(name = "recover", mixinStandardHelpOptions = true, addMethodSubcommands = false,
        description = "Make a damaged or missing database good again from backup, day files and what is left of it.",
        footer = {"", "Examples:", "  recover --dry-run", "  recover --from /mnt/second/backups --dry-run", "  recover quarantine"})
class recover extends Procedure {
    @Mixin
    private Consent consent;

    @Option(names = "--wait", paramLabel = "TIME", defaultValue = "30s",
            description = "How long to wait for a lock, and for programs that have a damaged database open. Default: ${DEFAULT-VALUE}.")
    private Duration wait;

    @Option(names = "--salvage", paramLabel = "FILE",
            description = "Also fill gaps from this database or -wal, for example a damaged one in the quarantine. A run beside one that "
                    + "cannot be read is marked.")
    private Path salvage;

    @Option(names = "--from", paramLabel = "DIR",
            description = "Also consider the backups in this folder, for example those of backup --to. May be repeated.")
    private List<Path> from = List.of();

    @Option(names = "--from-lines",
            description = "The lines also replace rows that were changed after their run's end line: over HTTP, by a commit, by hand.")
    private boolean fromLines;

    @Option(names = "--keep-free", paramLabel = "SIZE",
            description = "What unpacking leaves free on the disk, for the agents' next lines. Default: 1GB, or a twentieth of a smaller "
                    + "disk.")
    private void keepFree(Size size) {
        KeptFree.ask(size);
    }

    public static void main(String... args) {
        Cli.main(new recover(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--dry-run");
    }

    @Override
    public Integer call() {
        Store store = from.isEmpty() ? this.store.existing() : this.store.orNew();
        var recovery = new Recovery(store, clock, wait, err()).fromLines(fromLines);
        if (salvage != null) recovery.salvaging(salvage);
        from.forEach(recovery::from);
        RecoveryPlan plan = recovery.look();
        if (salvage != null) note("would fill gaps from " + salvage + " too");
        boolean isAny = !plan.isHealthy() || salvage != null;
        if (!isAny || consent.isDryRun()) return preview(plan, isAny, consent);
        output.note(plan);
        if (!consent.to("Recover " + store.database() + "?")) return Cli.OK;
        int status = result(recovery.run(plan));
        String refused = WritersForm.refused(store);
        if (refused != null) note(Next.line(refused, store.command("upgrade", "--dry-run").in(Runbook.UPGRADE)));
        return refused == null ? status : Math.max(status, Cli.WARNING);
    }

    @Command(name = "quarantine", mixinStandardHelpOptions = true,
            description = "List what was set aside, and compare it with the store: what is taken back may go.")
    int quarantine() {
        Store store = this.store.existing();
        var list = new QuarantineList(Quarantined.of(store), clock.instant());
        int status = result(list);
        for (Quarantined one : list.data())
            if (one.next() != null) note(Next.line(one.path() + ": " + one.state(), one.next()));
        Duration age = list.ageOfAllThatMayGo();
        if (age != null) note(Next.line("what is taken back can be deleted",
                store.command("recover", "expire", "--older-than", age.toDays() + "d", "--dry-run").in(Runbook.DISK_FULL)));
        return status;
    }

    @Command(name = "expire", mixinStandardHelpOptions = true,
            description = "Delete what was set aside, once the store has all of it that can be read.")
    int expire(@Mixin Consent consent, @Option(names = "--older-than", paramLabel = "AGE", defaultValue = "30d",
            description = "Only what was set aside longer ago than this. Default: ${DEFAULT-VALUE}.") Duration age) {
        Store store = this.store.existing();
        QuarantineList.Expired old = new QuarantineList(Quarantined.of(store), clock.instant()).older(age);
        if (consent.isDryRun() || old.isEmpty()) return preview(old, !old.isEmpty(), consent);
        if (!consent.to("Delete " + old.what() + " for good?")) return Cli.OK;
        return result(new QuarantineList.Expired(Quarantined.expire(store, old.expired()), old.kept(), age, false));
    }
}
