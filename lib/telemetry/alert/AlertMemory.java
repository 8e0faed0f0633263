package telemetry.alert;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Sha256;
import telemetry.store.Reports;
import telemetry.text.JsonText;
import telemetry.text.Notes;

/**
 * What one target of alerts was last told, in {@code {base}/reports/alert-1a2b3c4d.json}. The digits are the target's checksum, because its
 * address is a secret. The file is overwritten in place and always has the same length, so a full disk does not matter. A file that a power
 * cut left half written counts as nothing: the next alert is one too many, not one too few.
 */
final class AlertMemory {

    /** At most one block of any disk. */
    private static final int BYTES = 2_048;
    private static final int DIGITS = 8;

    /** Of a file as this class writes it; more is something else. */
    private static final int MOST_BYTES = 1 << 20;

    private final Store store;
    private final Path file;

    AlertMemory(Store store, AlertTarget target) {
        this.store = store;
        String name = Sha256.of(target.text().getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
        this.file = store.reports().resolve("alert-" + name + ".json");
    }

    /** {@link AlertState#NOTHING} when it cannot be read: one alert too many is better than silence. */
    AlertState recall() {
        if (!Files.exists(file)) return AlertState.NOTHING;
        AlertState told = null;
        if (Files.isRegularFile(file)) try (InputStream in = Inside.stream(file)) {
            told = AlertState.read(new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8));
        } catch (IOException e) {
            // as one that says nothing
        }
        if (told == null) Notes.add("skipped " + file + " from byte 0 on: it does not say what was last told");
        return told == null ? AlertState.NOTHING : told;
    }

    /** Makes the file while there is room for it, before there is anything to report. */
    void prepare(AlertState told) {
        try {
            if (Files.notExists(file)) keep(told);
        } catch (StoreException e) {
            // nothing was reported yet
        }
    }

    /** @throws StoreException when it is not on the disk */
    void keep(AlertState told) {
        byte[] json = JsonText.ascii(JsonText.line(told)).getBytes(StandardCharsets.US_ASCII);
        byte[] block = Arrays.copyOf(json, Math.max(BYTES, json.length + 1));
        Arrays.fill(block, json.length, block.length - 1, (byte) ' ');
        block[block.length - 1] = '\n';
        try {
            Reports.make(store);
            if (Files.exists(file) && !Files.isRegularFile(file)) throw new IOException("it is no plain file");
            write(ByteBuffer.wrap(block));
        } catch (IOException e) {
            StoreException refused = Attempt.refused("remember the alert in", file, e);
            String why = refused.why() + ", so the next health repeats it";
            throw new StoreException(refused.reason(), "remember the alert in", file, why, null, e);
        }
    }

    private void write(ByteBuffer block) throws IOException {
        if (Files.notExists(file)) NewFile.make(file, null);
        try (FileChannel channel = Inside.write(file)) {
            while (block.hasRemaining()) channel.write(block);
            channel.truncate(block.limit());
            channel.force(true);
        }
    }
}
