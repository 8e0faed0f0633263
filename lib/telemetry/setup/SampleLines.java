package telemetry.setup;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import telemetry.DayFile;
import telemetry.os.Disk;
import telemetry.text.Ndjson;

/**
 * A sample's day files in the making: the lines of all runs that overlap are put into one order, and each into the file of the day it was
 * written on. That goes on on another thread, one batch behind its caller.
 */
final class SampleLines implements AutoCloseable {
    private final Path folder;
    private final PriorityQueue<Sample.Line> waiting = new PriorityQueue<>(Comparator.comparing(Sample.Line::written));
    private CompletableFuture<Void> batch = CompletableFuture.completedFuture(null);
    private LocalDate day;
    private Instant latest;
    private FileChannel file;
    private OutputStream out;
    private long count;
    private long bytes;
    private int files;

    /** @param folder where the files come into being; there is none yet */
    SampleLines(Path folder) {
        this.folder = folder;
    }

    /** @param traces of runs in the order they began, none earlier than those before */
    void add(List<Sample.Trace> traces) {
        await();
        batch = CompletableFuture.runAsync(() -> traces.forEach(this::take));
    }

    private void await() {
        try {
            batch.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof UncheckedIOException known ? known : e;
        }
    }

    private void take(Sample.Trace trace) {
        try {
            Instant start = trace.lines().get(0).written();
            while (!waiting.isEmpty() && waiting.peek().written().isBefore(start)) write(waiting.remove());
            waiting.addAll(trace.lines());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(Sample.Line line) throws IOException {
        LocalDate written = DayFile.dayOf(line.written());
        if (!written.equals(day)) {
            finishFile();
            day = written;
            file = FileChannel.open(folder.resolve(DayFile.name(day)), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            out = new BufferedOutputStream(Channels.newOutputStream(file), 1 << 18);
            files++;
        }
        latest = line.written();
        byte[] text = Ndjson.line(line.record()).getBytes(StandardCharsets.ISO_8859_1);
        out.write(text);
        out.write('\n');
        bytes += text.length + 1;
        count++;
    }

    /** A file of a past day has that day's time: what is younger than an hour would not be archived. */
    private void finishFile() throws IOException {
        if (file == null) return;
        out.flush();
        Files.setLastModifiedTime(folder.resolve(DayFile.name(day)), FileTime.from(latest));
        file.force(true);
        file.close();
    }

    /** When it returns, all lines are on the disk. */
    void finish() throws IOException {
        await();
        while (!waiting.isEmpty()) write(waiting.remove());
        finishFile();
        Disk.syncFolder(folder);
        Disk.syncFolder(folder.getParent());
    }

    /** The sum of it, once it is finished. */
    SampleWriter.Filled filled(int runs) {
        return new SampleWriter.Filled(runs, count, bytes, files);
    }

    @Override
    public void close() throws IOException {
        batch.exceptionally(e -> null).join();
        if (file != null) file.close();
    }
}
