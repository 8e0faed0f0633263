package telemetry.cli;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import telemetry.Rows;
import telemetry.text.JsonText;
import telemetry.text.LargeValue;

/**
 * Rows as CSV (RFC 4180: lines end in CR LF), UTF-8. A null is an empty cell, an empty text two quotation marks; bytes are base64, a list
 * is JSON. Texts pass as the bytes that the database has, without being decoded and encoded on the way. Libraries take characters and are
 * slower (bench row {@code csv}).
 */
final class Csv implements Rows.Cells {

    /** In bytes; a longer buffer is printed. */
    private static final int CHUNK = 1 << 16;

    /** In bytes; a longer value is printed in parts. */
    private static final int LARGE = 1 << 20;

    private static final byte[] PLAIN = new byte[256];
    private static final byte QUOTED = 1;
    private static final byte NOT_ASCII = 2;

    static {
        for (char c : new char[] {',', '"', '\r', '\n'}) PLAIN[c] = QUOTED;
        Arrays.fill(PLAIN, 0x80, 0x100, NOT_ASCII);
    }

    private final Output out;
    private byte[] bytes = new byte[2 * CHUNK];
    private int length;
    private boolean isFirst = true;

    /** Begins with a line of the columns' names. */
    Csv(Output out, List<String> columns) {
        this.out = out;
        columns.forEach(column -> text(column.getBytes(StandardCharsets.UTF_8)));
        endRow();
    }

    @Override
    public void text(byte[] utf8) {
        if (utf8.length > LARGE) {
            large(LargeValue.of(utf8, StandardCharsets.UTF_8));
            return;
        }
        separate();
        byte kinds = 0;
        for (byte b : utf8) kinds |= PLAIN[b & 0xff];
        byte[] valid = (kinds & NOT_ASCII) == 0 ? utf8 : valid(utf8);
        if ((kinds & QUOTED) != 0 || valid.length == 0 || valid[0] == '#') quote(valid);
        else append(valid);
    }

    /** Invalid UTF-8 becomes U+FFFD. */
    private static byte[] valid(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void integer(long value) {
        separate();
        append(Long.toString(value).getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void other(Object value) {
        if (value == null) separate();
        else if (value instanceof LargeValue large) large(large);
        else if (value instanceof byte[] blob && blob.length > LARGE) large(LargeValue.of(blob, null));
        else if (value instanceof byte[] blob) text(Base64.getEncoder().encode(blob));
        else text((value instanceof List<?> list ? JsonText.line(list) : value.toString()).getBytes(StandardCharsets.UTF_8));
    }

    /** In quotation marks, in parts. */
    private void large(LargeValue value) {
        separate();
        bytes[length++] = '"';
        value.writeTo(part -> {
            append(part.replace("\"", "\"\"").getBytes(StandardCharsets.UTF_8));
            if (length > CHUNK) flush();
        });
        reserve(0);
        bytes[length++] = '"';
    }

    @Override
    public void endRow() {
        bytes[length++] = '\r';
        bytes[length++] = '\n';
        isFirst = true;
        if (length > CHUNK) flush();
    }

    /** Prints the rest of the buffer. */
    void flush() {
        out.text(bytes, length);
        length = 0;
        out.stopIfUnread();
    }

    private void separate() {
        reserve(0);
        if (!isFirst) bytes[length++] = ',';
        isFirst = false;
    }

    private void append(byte[] cell) {
        reserve(cell.length);
        System.arraycopy(cell, 0, bytes, length, cell.length);
        length += cell.length;
    }

    private void quote(byte[] cell) {
        reserve(2 * cell.length);
        bytes[length++] = '"';
        for (byte b : cell) {
            if (b == '"') bytes[length++] = '"';
            bytes[length++] = b;
        }
        bytes[length++] = '"';
    }

    /** Makes room for this many bytes, and for a comma, two quotation marks and the line's end. */
    private void reserve(int more) {
        if (length + (long) more + 5 <= bytes.length) return;
        bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, Math.addExact(length, more + 5)));
    }
}
