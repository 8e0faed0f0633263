package telemetry;

import java.util.Locale;

/** An amount of bytes as people write it. kB, MB, GB and TB count in thousands, as disks are sold; KiB, MiB, GiB and TiB in 1,024. */
public record Size(long bytes) implements Comparable<Size> {
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB"};

    /**
     * Reads {@code 500MB}, {@code 1.5GB} or {@code 64MiB}, with a space before the unit or without; a bare number is bytes.
     *
     * @throws IllegalArgumentException when it is none, negative or beyond a million TB
     */
    public static Size parse(String text) {
        String t = text.strip();
        int digits = 0;
        while (digits < t.length() && (Character.digit(t.charAt(digits), 10) >= 0 || t.charAt(digits) == '.')) digits++;
        double unit = unit(t.substring(digits).strip().toLowerCase(Locale.ROOT));
        try {
            double bytes = Double.parseDouble(t.substring(0, digits)) * unit;
            if (unit > 0 && bytes <= 1e18) return new Size(Math.round(bytes));
        } catch (NumberFormatException e) {
            // thrown below
        }
        throw new IllegalArgumentException("'" + text + "' is not a size (500MB, 1.5GB, 64MiB)");
    }

    private static double unit(String unit) {
        return switch (unit) {
            case "", "b" -> 1;
            case "k", "kb" -> 1e3;
            case "m", "mb" -> 1e6;
            case "g", "gb" -> 1e9;
            case "t", "tb" -> 1e12;
            case "kib" -> 1L << 10;
            case "mib" -> 1L << 20;
            case "gib" -> 1L << 30;
            case "tib" -> 1L << 40;
            default -> 0;
        };
    }

    @Override
    public int compareTo(Size other) {
        return Long.compare(bytes, other.bytes);
    }

    /** One decimal below ten of a unit: {@code 740 B}, {@code 1.5 GB}, {@code 84 MB}. */
    @Override
    public String toString() {
        long unit = 1;
        int name = 0;
        while (name < UNITS.length - 1 && bytes / unit >= 1_000) {
            unit *= 1_000;
            name++;
        }
        long tenths = Math.round(bytes * 10.0 / unit);
        return (tenths < 100 && unit > 1 ? tenths / 10 + "." + tenths % 10 : String.valueOf(Math.round((double) bytes / unit)))
                + " " + UNITS[name];
    }
}
