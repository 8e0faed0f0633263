package telemetry.setup;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.PriorityQueue;
import telemetry.DayFile;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.text.Ndjson;
import telemetry.text.Progress;

/** Writes a sample's day files: puts the lines of overlapping runs into one order, and each line into the file of its day of writing. */
final class SampleLines implements AutoCloseable {
    private final Path folder;

    /** Of the mode that a day file has here; null without one. */
    private final Path model;
    private final PriorityQueue<Sample.Line> waiting = new PriorityQueue<>(Comparator.comparing(Sample.Line::written));
    private LocalDate day;
    private Instant latest;
    private FileChannel file;
    private OutputStream out;
    private long count;
    private long bytes;
    private int files;

    /** @param folder for the files, in that of the day files; it is empty */
    SampleLines(Path folder) {
        this.folder = folder;
        DayFile newest = DayFile.newestIn(folder.getParent());
        this.model = newest == null ? null : newest.path();
    }

    /** Writes all lines; they are on the disk when this returns. */
    SampleWriter.Filled write(Sample sample, Progress progress) throws IOException {
        for (int n = 0; n < sample.runs(); n++) {
            Sample.Trace trace = sample.trace(n);
            Instant start = trace.lines().get(0).written();
            while (!waiting.isEmpty() && waiting.peek().written().isBefore(start)) write(waiting.remove());
            waiting.addAll(trace.lines());
            progress.at(n);
        }
        while (!waiting.isEmpty()) write(waiting.remove());
        finishFile();
        Disk.syncFolder(folder);
        Disk.syncFolder(folder.getParent());
        return new SampleWriter.Filled(sample.runs(), count, bytes, files);
    }

    private void write(Sample.Line line) throws IOException {
        LocalDate written = DayFile.dayOf(line.written());
        if (!written.equals(day)) {
            finishFile();
            day = written;
            file = NewFile.create(folder.resolve(DayFile.name(day)), model);
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

    /** A past day's file gets that day's time: a file younger than an hour would not be archived. */
    private void finishFile() throws IOException {
        if (file == null) return;
        out.flush();
        Inside.at(folder.resolve(DayFile.name(day)), there -> {
            FileTime time = FileTime.from(latest);
            Files.getFileAttributeView(there, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).setTimes(time, null, null);
            return there;
        });
        file.force(true);
        file.close();
    }

    @Override
    public void close() throws IOException {
        if (file != null) file.close();
    }
}
