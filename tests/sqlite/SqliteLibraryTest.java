package telemetry.sqlite;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Script;

/** The library in the cache is the one in the jar, or it is not used. In a process of its own each: a library is loaded once. */
class SqliteLibraryTest {

    @TempDir
    Path dir;

    /** Gets ready to load the library. */
    static final class Preparing {
        public static void main(String... args) {
            SqliteLibrary.prepare();
        }
    }

    @Test
    void aForgeryWithTheRightChecksumIsReplaced() throws Exception {
        Path library = preparing().resolve(System.mapLibraryName("sqlitejdbc"));
        byte[] right = Files.readAllBytes(library);
        FileTime time = Files.getLastModifiedTime(library);
        byte[] forged = forged(right);
        assertEquals(crc(right, right.length), crc(forged, forged.length));
        Files.write(library, forged);
        Files.setLastModifiedTime(library, time);
        preparing();
        assertArrayEquals(right, Files.readAllBytes(library));
    }

    @Test
    void aDamagedOneIsReplacedAlthoughTheSystemKnowsOfNoChange() throws Exception {
        Path library = preparing().resolve(System.mapLibraryName("sqlitejdbc"));
        byte[] right = Files.readAllBytes(library);
        byte[] damaged = right.clone();
        damaged[right.length / 2] ^= 1;
        Files.write(library, damaged);
        Map<String, Object> its = Files.readAttributes(library, "unix:dev,ino,ctime");
        Files.writeString(library.resolveSibling(library.getFileName() + ".compared"),
                its.get("dev") + " " + its.get("ino") + " " + ((FileTime) its.get("ctime")).toInstant());
        preparing();
        assertArrayEquals(right, Files.readAllBytes(library));
    }

    @Test
    void itIsComparedOnce() throws Exception {
        Path folder = preparing();
        Map<Path, FileTime> before = times(folder);
        assertEquals(2, before.size(), before.toString());
        assertEquals(folder, preparing());
        assertEquals(before, times(folder));
    }

    private static Map<Path, FileTime> times(Path folder) throws IOException {
        var times = new TreeMap<Path, FileTime>();
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.toList()) times.put(file, (FileTime) Files.getAttribute(file, "unix:ctime"));
        }
        return times;
    }

    /** @return where the library is now */
    private Path preparing() throws Exception {
        Process process = Script.processBuilder(Map.of("XDG_CACHE_HOME", dir.toString()), Preparing.class.getName())
                .inheritIO().start();
        assertEquals(0, process.waitFor());
        try (Stream<Path> unpacked = Files.walk(dir)) {
            return unpacked.filter(file -> file.endsWith(System.mapLibraryName("sqlitejdbc"))).findFirst().orElseThrow().getParent();
        }
    }

    /** One byte changed, and the last four so that the checksum is the same. */
    private static byte[] forged(byte[] right) {
        byte[] forged = right.clone();
        forged[right.length / 2] ^= 1;
        int wanted = ~(int) crc(right, right.length);
        int[] table = table();
        for (int i = 0; i < 4; i++) {
            int at = 0;
            while (table[at] >>> 24 != wanted >>> 24) at++;
            wanted = (wanted ^ table[at]) << 8 | at;
        }
        int patch = wanted ^ ~(int) crc(forged, forged.length - 4);
        for (int i = 0; i < 4; i++) forged[forged.length - 4 + i] = (byte) (patch >>> 8 * i);
        return forged;
    }

    private static int[] table() {
        int[] table = new int[256];
        Arrays.setAll(table, n -> {
            int c = n;
            for (int k = 0; k < 8; k++) c = (c & 1) != 0 ? 0xedb88320 ^ c >>> 1 : c >>> 1;
            return c;
        });
        return table;
    }

    private static long crc(byte[] bytes, int length) {
        var crc = new CRC32();
        crc.update(bytes, 0, length);
        return crc.getValue();
    }
}
