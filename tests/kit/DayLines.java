package telemetry.kit;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import telemetry.DayFile;
import telemetry.Store;

/** Day files for tests, and all the lines that a store has, wherever they stand. Knows nothing of how the archive goes about it. */
public final class DayLines {
    public static final LocalDate FIRST = LocalDate.parse("2025-12-01");

    private DayLines() { }

    /** A store without a database: so many days from {@link #FIRST} on, each line different, at rest for two days. */
    public static Store store(Path base, int days, int linesADay) {
        Store store = Store.at(base);
        try {
            Files.createDirectories(store.raw());
            for (int day = 0; day < days; day++) {
                var lines = new StringBuilder();
                for (int n = 0; n < linesADay; n++) lines.append(line(FIRST.plusDays(day), n)).append('\n');
                Files.writeString(file(store, day), lines);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        rest(store, Instant.now());
        return store;
    }

    public static String line(LocalDate day, int n) {
        return String.format("{\"run_id\": \"%s-link-checker-%08x\", \"event_type\": \"checkpoint\", \"timestamp\": "
                + "\"%sT%02d:%02d:%02d+00:00\", \"payload_json\": \"{\\\"step\\\": %d}\", \"id\": null, \"record_type\": \"event\"}",
                day.toString().replace("-", "") + "T000000Z", n, day, n / 3600 % 24, n / 60 % 60, n % 60, n * 7919);
    }

    public static Path file(Store store, int day) {
        return store.raw().resolve(DayFile.name(FIRST.plusDays(day)));
    }

    /** As a writer does: open, write, close. */
    public static void append(Path file, String line) throws IOException {
        Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Nobody has changed a raw file for two days. */
    public static void rest(Store store, Instant now) {
        try (Stream<Path> files = Files.list(store.raw())) {
            for (Path file : files.toList()) Files.setLastModifiedTime(file, FileTime.from(now.minus(Duration.ofDays(2))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * All lines, sorted. A gzipped part whose content a plain file of the day begins with (while a day is moved both are there) counts
     * once.
     *
     * @param archives the store's own when none is given
     */
    public static List<String> of(Store store, Path... archives) throws IOException {
        List<DayFile> all = new ArrayList<>(files(store.raw()));
        for (Path archive : archives.length == 0 ? new Path[] {store.archive()} : archives) all.addAll(files(archive));
        List<DayFile> parts = new ArrayList<>(all.stream().filter(DayFile::compressed)
                .sorted(Comparator.comparing(DayFile::part)).toList());
        List<String> lines = new ArrayList<>();
        for (DayFile plain : all) if (!plain.compressed()) lines.addAll(lines(takeOut(parts, plain)));
        for (DayFile part : parts) lines.addAll(lines(content(part.path())));
        lines.sort(null);
        return lines;
    }

    /** These lines and no others, each as often; says the first difference only. */
    public static void assertHas(List<String> expected, Store store, String... when) throws IOException {
        List<String> actual = of(store);
        if (actual.equals(expected)) return;
        int at = 0;
        while (at < Math.min(actual.size(), expected.size()) && actual.get(at).equals(expected.get(at))) at++;
        fail(String.join(" ", when) + ": " + actual.size() + " lines instead of " + expected.size()
                + ", the first that differs is " + actual.stream().skip(at).findFirst().orElse("(none)")
                + " instead of " + expected.stream().skip(at).findFirst().orElse("(none)"));
    }

    private static byte[] takeOut(Collection<DayFile> parts, DayFile plain) throws IOException {
        byte[] content = Files.readAllBytes(plain.path());
        int held = 0;
        for (DayFile part : parts.stream().filter(part -> part.day().equals(plain.day())).toList()) {
            byte[] begun = content(part.path());
            if (held + begun.length > content.length || !Arrays.equals(content, held, held + begun.length, begun, 0, begun.length))
                continue;
            held += begun.length;
            parts.remove(part);
        }
        return content;
    }

    public static byte[] content(Path gzip) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var in = new GZIPInputStream(Files.newInputStream(gzip))) {
            in.transferTo(out);
        }
        return out.toByteArray();
    }

    private static List<String> lines(byte[] content) {
        return new String(content, StandardCharsets.ISO_8859_1).lines().toList();
    }

    public static List<DayFile> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.map(DayFile::of).flatMap(java.util.Optional::stream).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }
}
