/** What is measured of a process; the last three the process tells itself. */
enum Figure {
    WALL("wall s"), CPU("CPU s"), PEAK("peak MB"), RATE("runs/s"), P50("p50 ms"), P99("p99 ms");

    private final String heading;

    Figure(String heading) {
        this.heading = heading;
    }

    /** With its unit; MB are those of 1,000,000 bytes. */
    String heading() {
        return heading;
    }

    /** {@code wall_s} */
    String key() {
        return heading.toLowerCase(java.util.Locale.ROOT).replace('/', '_').replace(' ', '_');
    }
}
