package telemetry.sqlite;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * One page of a table's b-tree, read without SQLite: the rows of a leaf, the children of an interior page. Bounds are checked at each step;
 * a cell that is none gives no row. Source: sqlite.org/fileformat2.html, 1.6 and 2.1.
 */
public final class TablePage {
    private static final int LEAF = 13;
    private static final int INTERIOR = 5;

    /** No row of runs is as long; garbage may say that it is. */
    private static final int LONGEST = 256 << 20;

    /**
     * @param id     the row's number
     * @param values in the order of the table's columns, String, Long, Double, byte[] or null; a table's own number column is null
     */
    public record Cell(long id, List<Object> values) { }

    private final ByteBuffer page;
    private final int start;
    private final int usable;
    private final Charset charset;
    private final IntFunction<ByteBuffer> pages;
    private long unreadable;

    /**
     * @param number of this page; the first has the database's header before its own
     * @param first  the database's first page, which says how texts are encoded; null when it is not known
     * @param pages  gives the others by their numbers, for rows that do not fit; null for one that there is not
     */
    public TablePage(ByteBuffer page, int number, ByteBuffer first, IntFunction<ByteBuffer> pages) {
        this.page = page;
        this.start = number == 1 ? 100 : 0;
        this.usable = page.capacity() - (first == null ? 0 : first.get(20) & 0xff);
        this.charset = switch (first == null ? 1 : first.getInt(56)) {
            case 2 -> StandardCharsets.UTF_16LE;
            case 3 -> StandardCharsets.UTF_16BE;
            default -> StandardCharsets.UTF_8;
        };
        this.pages = pages;
    }

    public boolean isLeaf() {
        return page.get(start) == LEAF;
    }

    /** The numbers of the pages below; none of a leaf. */
    public List<Integer> children() {
        List<Integer> children = new ArrayList<>();
        if (page.get(start) != INTERIOR) return children;
        for (int i = 0; i < cells(); i++) {
            int at = pointer(i, 12);
            if (at >= 0) children.add(page.getInt(at));
        }
        children.add(page.getInt(start + 8));
        return children;
    }

    /** The rows of a leaf that can be read. */
    public List<Cell> rows() {
        List<Cell> rows = new ArrayList<>();
        if (!isLeaf()) return rows;
        for (int i = 0; i < cells(); i++) {
            Cell row = row(pointer(i, 8));
            if (row == null) unreadable++;
            else rows.add(row);
        }
        return rows;
    }

    /** Cells that gave no row, because pages are missing that they go on in, or because they are none. */
    public long unreadable() {
        return unreadable;
    }

    private int cells() {
        return Math.min(page.getShort(start + 3) & 0xffff, usable / 2);
    }

    /** -1 for one that leads out of the page. */
    private int pointer(int cell, int headerLength) {
        int at = start + headerLength + 2 * cell;
        int offset = at + 2 > usable ? -1 : page.getShort(at) & 0xffff;
        return offset < start + headerLength || offset + 4 > usable ? -1 : offset;
    }

    private Cell row(int offset) {
        if (offset < 0) return null;
        try {
            ByteBuffer cell = page.duplicate().position(offset);
            long length = varint(cell);
            long id = varint(cell);
            ByteBuffer payload = length < 1 || length > LONGEST ? null : payload(cell, (int) length);
            return payload == null ? null : new Cell(id, values(payload));
        } catch (IndexOutOfBoundsException | java.nio.BufferUnderflowException | IllegalArgumentException e) {
            return null;
        }
    }

    /** With what stands on overflow pages. Null when one of them is missing. */
    private ByteBuffer payload(ByteBuffer cell, int length) {
        int most = usable - 35;
        int least = (usable - 12) * 32 / 255 - 23;
        int spilled = least + (length - least) % (usable - 4);
        int local = length <= most ? length : spilled <= most ? spilled : least;
        if (cell.position() + local > usable) return null;
        ByteBuffer payload = ByteBuffer.allocate(length);
        payload.put(cell.duplicate().limit(cell.position() + local));
        int next = local == length ? 0 : cell.getInt(cell.position() + local);
        while (payload.hasRemaining()) {
            ByteBuffer more = next <= 0 ? null : pages.apply(next);
            if (more == null) return null;
            payload.put(more.duplicate().position(4).limit(4 + Math.min(payload.remaining(), usable - 4)));
            next = more.getInt(0);
        }
        return payload.flip();
    }

    private List<Object> values(ByteBuffer record) {
        int headerEnd = (int) varint(record);
        ByteBuffer body = record.duplicate().position(headerEnd);
        List<Object> values = new ArrayList<>();
        while (record.position() < headerEnd) values.add(value(varint(record), body));
        if (record.position() != headerEnd || body.hasRemaining()) throw new IllegalArgumentException("no record");
        return values;
    }

    private Object value(long type, ByteBuffer body) {
        return switch ((int) Math.min(type, 12)) {
            case 0 -> null;
            case 1 -> (Object) (long) body.get();
            case 2 -> (long) body.getShort();
            case 3 -> ((long) body.get() << 16) | (body.getShort() & 0xffffL);
            case 4 -> (long) body.getInt();
            case 5 -> ((long) body.getShort() << 32) | (body.getInt() & 0xffffffffL);
            case 6 -> body.getLong();
            case 7 -> body.getDouble();
            case 8 -> 0L;
            case 9 -> 1L;
            case 12 -> bytes(type, body);
            default -> throw new IllegalArgumentException("no value");
        };
    }

    private Object bytes(long type, ByteBuffer body) {
        long length = (type - 12) / 2;
        if (length > body.remaining()) throw new IllegalArgumentException("no value");
        byte[] bytes = new byte[(int) length];
        body.get(bytes);
        return type % 2 == 0 ? bytes : new String(bytes, charset);
    }

    private static long varint(ByteBuffer bytes) {
        long value = 0;
        for (int i = 0; i < 8; i++) {
            byte next = bytes.get();
            value = value << 7 | next & 0x7f;
            if (next >= 0) return value;
        }
        return value << 8 | bytes.get() & 0xff;
    }
}
