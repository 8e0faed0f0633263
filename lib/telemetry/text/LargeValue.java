package telemetry.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.Consumer;
import telemetry.Size;

/** A text or blob of a row that is too large for memory. {@code toString()} is its beginning; {@link #writeTo} passes all of it. */
public final class LargeValue {

    /** In bytes; three of them are four characters of base64. */
    private static final int PIECE = 3 * 1_398_101;

    private static final int SLICE = 3 << 14;

    private final String beginning;
    private final long bytes;
    private final Charset charset;
    private final Source source;

    /** Where it stands. */
    public interface Source {
        /** At most so many bytes from this place on; none behind the end. */
        byte[] read(long from, int length);
    }

    /** @param charset of a text; null for a blob */
    public LargeValue(String beginning, long bytes, Charset charset, Source source) {
        this.beginning = beginning;
        this.bytes = bytes;
        this.charset = charset;
        this.source = source;
    }

    /** One that is in memory, but only once. @param charset of a text; null for a blob */
    public static LargeValue of(byte[] bytes, Charset charset) {
        return new LargeValue("", bytes.length, charset, (from, length) -> Arrays.copyOfRange(bytes, (int) from, (int) from + length));
    }

    public Size size() {
        return new Size(bytes);
    }

    /** Passes it in parts of some thousand characters, which split none; of a blob its base64. */
    public void writeTo(Consumer<String> out) {
        Decoder decoder = charset == null ? null : new Decoder(charset, out);
        for (long at = 0; at < bytes; at += PIECE) {
            byte[] piece = source.read(at, (int) Math.min(PIECE, bytes - at));
            if (decoder == null) base64(piece, out);
            else decoder.add(piece, at + PIECE >= bytes);
        }
    }

    /** Passes a text in parts that split no character. */
    public static void slices(String text, Consumer<String> out) {
        for (int from = 0, to; from < text.length(); from = to) {
            to = Math.min(from + SLICE, text.length());
            if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) to++;
            out.accept(text.substring(from, to));
        }
    }

    private static void base64(byte[] blob, Consumer<String> out) {
        for (int from = 0; from < blob.length; from += SLICE)
            out.accept(Base64.getEncoder().encodeToString(Arrays.copyOfRange(blob, from, Math.min(from + SLICE, blob.length))));
    }

    /** Its beginning and its size, for a sheet of one row. */
    String told() {
        return "(" + size() + "; --json, --ndjson and --csv have all of it) " + beginning + "…";
    }

    @Override
    public String toString() {
        return charset == null ? "(" + bytes + " bytes)" : beginning;
    }

    /** A character may begin in one piece and end in the next. */
    private static final class Decoder {
        private final CharsetDecoder decoder;
        private final Consumer<String> out;
        private final CharBuffer chars = CharBuffer.allocate(SLICE);
        private byte[] rest = {};

        Decoder(Charset charset, Consumer<String> out) {
            this.decoder = charset.newDecoder().onMalformedInput(CodingErrorAction.REPLACE)
                    .onUnmappableCharacter(CodingErrorAction.REPLACE);
            this.out = out;
        }

        void add(byte[] piece, boolean isLast) {
            byte[] all = rest.length == 0 ? piece : Arrays.copyOf(rest, rest.length + piece.length);
            if (rest.length > 0) System.arraycopy(piece, 0, all, rest.length, piece.length);
            ByteBuffer in = ByteBuffer.wrap(all);
            while (decoder.decode(in, chars, isLast).isOverflow()) pass();
            while (isLast && decoder.flush(chars).isOverflow()) pass();
            pass();
            rest = Arrays.copyOfRange(all, in.position(), all.length);
        }

        private void pass() {
            if (chars.flip().hasRemaining()) out.accept(chars.toString());
            chars.clear();
        }
    }
}
