package telemetry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import telemetry.Store;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.os.LegalPath;

/**
 * The files in which the clients of v6 and later keep the runs that they could not send to their service: {@code telemetry_*.jsonl.active}
 * while they write it, then {@code .ready}, and {@code .synced} when the service has it all.
 */
public final class Buffers {

    /** The clients' variable for the folder. */
    public static final String VARIABLE = "TELEMETRY_BUFFER_DIR";

    private static final Pattern NAME = Pattern.compile(".*\\.jsonl\\.(active|ready|synced)|telemetry_.*\\.(jsonl|active|ready|synced)");
    private static final List<String> USUAL_NAMES = List.of("telemetry_buffer", "buffer");

    private Buffers() { }

    /**
     * The files of the places where clients of this store may have put them: its own folder, the usual folders in it, the one that the
     * variable names.
     *
     * @param given another folder; null for none
     */
    public static List<Path> of(Store store, Map<String, String> env, Path given) {
        Set<Path> folders = new LinkedHashSet<>(List.of(store.base()));
        for (String name : USUAL_NAMES) folders.add(store.base().resolve(name));
        Path named = named(env.get(VARIABLE), store.base());
        if (named != null) folders.add(named);
        if (given != null) folders.add(given.toAbsolutePath().normalize());
        List<Path> files = new ArrayList<>();
        for (Path folder : folders) if (Files.isDirectory(folder) && Files.isReadable(folder)) files.addAll(in(folder));
        files.removeIf(file -> !Files.isRegularFile(file));
        return files;
    }

    private static Path named(String folder, Path base) {
        if (folder == null || folder.isBlank() || LegalPath.whyNot(base.getFileSystem(), folder.strip()) != null) return null;
        return base.getFileSystem().getPath(folder.strip()).toAbsolutePath().normalize();
    }

    /**
     * The files in this folder, by name.
     *
     * @throws telemetry.StoreException {@code MISSING} when it is not there
     */
    public static List<Path> in(Path folder) {
        List<Path> files = new ArrayList<>();
        Attempt.of("list the buffer files in", folder.toAbsolutePath(), () -> list(folder.toAbsolutePath(), files));
        files.sort(null);
        return files;
    }

    private static void list(Path folder, List<Path> files) throws IOException {
        for (Path file : Inside.list(folder)) if (NAME.matcher(file.getFileName().toString()).matches()) files.add(file);
    }

    /** True for a file that the service has received whole, as its client says. */
    public static boolean isDelivered(Path file) {
        return file.getFileName().toString().endsWith(".synced");
    }
}
