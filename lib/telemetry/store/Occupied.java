package telemetry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.os.Inside;
import telemetry.os.Link;

/**
 * A folder of the store that takes room on the disk, besides the day files and the database.
 *
 * @param size of its files together
 * @param next what frees some of it, or shows what may go
 */
public record Occupied(Path folder, Size size, Next next) {

    /** Less helps nobody. */
    private static final long WORTH_NAMING = 100_000;

    /** The largest first. */
    public static List<Occupied> of(Store store) {
        List<Occupied> all = new ArrayList<>();
        all.add(of(store.backups(), store.command("backup", "expire", "--dry-run")));
        all.add(of(store.quarantine(), store.command("recover", "quarantine")));
        all.add(of(store.archive(), store.command("archive", "expire", "--older-than", "365d", "--dry-run")));
        Next byHand = Next.words("no command expires it: delete what nobody needs");
        for (String folder : List.of("reports", "exports", "logs")) all.add(of(store.base().resolve(folder), byHand));
        all.removeIf(one -> one.size.bytes() < WORTH_NAMING);
        all.sort(Comparator.comparing(Occupied::size).reversed());
        return all;
    }

    private static Occupied of(Path folder, Next next) {
        return new Occupied(folder, new Size(bytes(folder)), next);
    }

    /** Of all files in a folder and those below it, in bytes; one that goes away meanwhile counts as none. Links in it are not followed. */
    public static long bytes(Path folder) {
        try {
            return Inside.tree(Link.followed(folder)).stream().filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException e) {
            return 0;
        }
    }

    /** {@code /data/telemetry/backups: 1.2 GB} */
    @Override
    public String toString() {
        return folder + ": " + size;
    }
}
