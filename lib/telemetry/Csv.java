//DEPS de.siegmar:fastcsv:4.0.0
package telemetry;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.Base64;
import java.util.List;

/** Rows as CSV (RFC 4180: lines end in CR LF). A null is nothing between two commas, an empty text two quotation marks, bytes are base64, a list is JSON. */
final class Csv {
    private final CsvWriter csv;

    /** @param out gets the headings now */
    Csv(Writer out, List<String> columns) {
        csv = CsvWriter.builder().lineDelimiter(LineDelimiter.CRLF).quoteStrategy(QuoteStrategies.EMPTY).bufferSize(1 << 16).build(out);
        csv.writeRecord(columns);
    }

    void write(List<Object> values) {
        String[] texts = new String[values.size()];
        for (int i = 0; i < texts.length; i++) texts[i] = text(values.get(i));
        csv.writeRecord(texts);
    }

    /** Gives the writer all that has been written. */
    void flush() {
        try {
            csv.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Object value) {
        if (value == null) return null;
        if (value instanceof byte[] bytes) return Base64.getEncoder().encodeToString(bytes);
        return value instanceof List<?> list ? JsonText.line(list) : value.toString();
    }
}
