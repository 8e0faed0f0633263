package telemetry.kit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A file system that syncs files and no folders, as some shares are: fsync of a folder fails in every process that is started so. */
public final class NoFolderSync {
    private static final String SOURCE = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <stdlib.h>
            #include <string.h>
            #include <sys/stat.h>
            static int refused(int fd) {
                struct stat s;
                if (fstat(fd, &s) || !S_ISDIR(s.st_mode)) return 0;
                errno = atoi(getenv("FOLDER_SYNC_ERRNO"));
                return 1;
            }
            int fsync(int fd) {
                return refused(fd) ? -1 : ((int (*)(int)) dlsym(RTLD_NEXT, "fsync"))(fd);
            }
            static int ends(const char *name) {
                const char *end = getenv("NO_NAME");
                if (!end || strlen(name) < strlen(end) || strcmp(name + strlen(name) - strlen(end), end)) return 0;
                errno = EIO;
                return 1;
            }
            int link(const char *from, const char *to) {
                return ends(to) ? -1 : ((int (*)(const char *, const char *)) dlsym(RTLD_NEXT, "link"))(from, to);
            }
            int rename(const char *from, const char *to) {
                return ends(to) ? -1 : ((int (*)(const char *, const char *)) dlsym(RTLD_NEXT, "rename"))(from, to);
            }
            int fdatasync(int fd) {
                return refused(fd) ? -1 : ((int (*)(int)) dlsym(RTLD_NEXT, "fdatasync"))(fd);
            }
            """;

    private NoFolderSync() { }

    /**
     * The variables of such a process. With {@code NO_NAME} besides, no file gets a name that ends so. Skips the test where there is no C
     * compiler.
     * @param errno of Linux
     */
    public static Map<String, String> environment(Path dir, int errno) throws IOException, InterruptedException {
        Path library = dir.resolve("nofoldersync.so");
        Path source = Files.writeString(dir.resolve("nofoldersync.c"), SOURCE);
        boolean isMade = System.getProperty("os.name").equals("Linux") && isCompiled(source, library);
        assumeTrue(isMade, "no C compiler to take fsync away with");
        return Map.of("LD_PRELOAD", library.toString(), "FOLDER_SYNC_ERRNO", String.valueOf(errno));
    }

    private static boolean isCompiled(Path source, Path library) throws InterruptedException {
        try {
            return new ProcessBuilder("cc", "-shared", "-fPIC", "-o", library.toString(), source.toString(), "-ldl").inheritIO().start()
                    .waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
