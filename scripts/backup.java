///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Make a verified backup while agents write; list, verify, expire and restore backups.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/prune/package-info.java
//SOURCES ../lib/telemetry/rebuild/package-info.java ../lib/telemetry/restore/package-info.java
//RUNTIME_OPTIONS -XX:CompileThresholdScaling=4

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.backup.*;
import telemetry.cli.*;
import telemetry.os.*;
import telemetry.prune.DeletedRuns;
import telemetry.rebuild.ReplayResult;
import telemetry.restore.*;
import telemetry.store.*;
import telemetry.text.Runbook;

@Command(name = "backup", mixinStandardHelpOptions = true, sortOptions = false, addMethodSubcommands = false,
        description = "Make a verified backup while agents write; list, verify, expire and restore backups.",
        footer = {"", "Examples:", "  backup --to /mnt/second/backups --compress", "  backup verify all",
            "  backup restore latest --dry-run"})
class backup extends Procedure {

    Duration patience = Database.PATIENCE;

    @Option(names = "--restore", paramLabel = "FILE", description = "The same as the word restore.")
    private String restore;

    @Option(names = "--no-replay", scope = ScopeType.INHERIT,
            description = "Restore the backup alone, without runs that only the day files have.")
    private boolean noReplay;

    @Option(names = "--from-lines", scope = ScopeType.INHERIT,
            description = "With restore: the lines also replace rows that were changed after their run's end line: over HTTP, by a "
                    + "commit, by hand.")
    private boolean fromLines;

    @Option(names = "--to", paramLabel = "DIR", scope = ScopeType.INHERIT,
            description = "The folder of the backups, for example on a second disk. Default: backups in the store's folder.")
    private Path folder;

    @Option(names = "--compress", scope = ScopeType.INHERIT, description = "Write a .gz.")
    private boolean compress;

    @Option(names = "--check", paramLabel = "full|quick|none", defaultValue = "full", scope = ScopeType.INHERIT,
            description = "How SQLite checks the copy. With none it is a plain copy without a SHA-256 and counts as unverified. "
                    + "Default: ${DEFAULT-VALUE}.")
    private BackupCheck check;

    @Option(names = "--keep-days", paramLabel = "N", defaultValue = "7", scope = ScopeType.INHERIT,
            description = "Expire backups older than this many days; the 2 newest verified ones always stay. Default: ${DEFAULT-VALUE}.")
    private void keep(int days) {
        if (days < 0) throw wrong("--keep-days is " + days + ", which is less than 0");
        retention = new Retention(Duration.ofDays(days), Retention.AT_LEAST);
    }

    private Retention retention;

    @Option(names = "--keep-free", paramLabel = "SIZE", scope = ScopeType.INHERIT,
            description = "What unpacking leaves free on the disk, for the agents' next lines. Default: 1GB, or a twentieth of a smaller "
                    + "disk.")
    private void keepFree(Size size) {
        KeptFree.ask(size);
    }

    @Mixin
    private Consent consent;

    public static void main(String... args) {
        Cli.main(new backup(), args);
    }

    @Override
    public Integer call() {
        return make(consent, restore);
    }

    @Command(name = "make", mixinStandardHelpOptions = true,
            description = "Make a backup, verify it and expire old ones; the same as no word.")
    int make(@Mixin Consent consent, @Option(names = "--restore", paramLabel = "FILE", hidden = true) String restore) {
        if (restore != null) return restore(consent, restore);
        Backups backups = backups(store.existing());
        if (consent.isDryRun()) return preview(backups.plan(retention), true, consent);
        MadeBackup made = backups.make(patience, check, compress);
        Reserve.make(store.store());
        boolean isKnown = isRemembered(backups, made);
        String shrunk = retention.shrunk(made.backup(), backups.list());
        if (shrunk == null) {
            int status = result(made.expiring(backups.expire(retention)));
            return isKnown ? status : Math.max(status, Cli.WARNING);
        }
        result(made);
        note(Next.line(shrunk + "; nothing was expired. If that is right, expire the old ones yourself",
                store.store().command("backup", "expire", "--dry-run")));
        return Cli.WARNING;
    }

    /** One in another folder is found later only if the store remembers where; a store that nobody may write to cannot. */
    private boolean isRemembered(Backups backups, MadeBackup made) {
        try {
            backups.remember(made);
            return true;
        } catch (StoreException e) {
            note(store.store().message(e));
            return MountPoint.isReadOnly(store.store().reports());
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "List the backups and mark those that the next expiry deletes.")
    int list(@Mixin Consent unneeded) {
        Backups backups = backups(store.existing());
        BackupList list = backups.list(retention);
        int status = result(list);
        if (!list.expirable().isEmpty()) output.note("* the next expiry takes it");
        for (Backup backup : list.all()) if (!backup.isVerified()) output.note(backup.file().getFileName() + ": " + backup.doubt());
        for (KnownBackups.Away away : list.away()) output.note("not at hand: " + away);
        for (Path left : backups.manifestsAlone()) output.note(left.getFileName() + ": its backup is gone; the next expiry deletes it");
        return status;
    }

    @Command(name = "verify", mixinStandardHelpOptions = true, description = "Compare each byte with the manifest.")
    int verify(@Mixin Consent unneeded, @Parameters(paramLabel = "FILE", arity = "0..1", defaultValue = Backups.LATEST,
            description = "A backup: its path, its name, latest or all. Default: ${DEFAULT-VALUE}.") String file) {
        return result(backups(store.existing()).verify(file));
    }

    @Command(name = "expire", mixinStandardHelpOptions = true, description = "Delete old backups now.")
    int expire(@Mixin Consent consent) {
        Backups backups = backups(store.existing());
        if (!consent.isDryRun()) return result(backups.expire(retention));
        ExpiredBackups old = backups.expirable(retention);
        return preview(old, !old.isNothing(), consent);
    }

    @Command(name = "restore", mixinStandardHelpOptions = true,
            description = "Put a backup in the database's place and replay the runs that only the day files have.")
    int restore(@Mixin Consent consent,
            @Parameters(paramLabel = "FILE", description = "A backup: its path, its name, or latest.") String file) {
        Store store = this.store.orNew();
        Backup backup = backups(store).find(file);
        var restore = new Restore(store, clock, patience, err()).fromLines(fromLines);
        DeletedRuns.Older older = DeletedRuns.older(store, clock.instant());
        if (!noReplay && older.runs() > 0) note(Next.line(older.toString(), DeletedRuns.offer(store).in(Runbook.PRUNE)));
        String runs = backup.runs() == null ? "" : " of " + backup.runs() + " runs";
        String question = "Replace " + store.database() + " by the backup" + runs + " of " + Times.seconds(backup.time()) + "?";
        if (!consent.isDryRun() && !consent.to(question)) return Cli.OK;
        Restored restored = consent.isDryRun() ? restore.drill(backup, !noReplay) : restore.run(backup, !noReplay);
        int status = result(restored);
        restored.remarks().forEach(remark -> note(Next.line(remark.said(), store.on(remark.next()))));
        if (restored.inFlight() > 0) note(Next.line(ReplayResult.inFlight(restored.inFlight()),
                store.command("rebuild", "--replay-only")));
        if (consent.isDryRun()) sayNext(consent);
        return status;
    }

    private Backups backups(Store store) {
        return new Backups(store, folder, clock, err());
    }
}
