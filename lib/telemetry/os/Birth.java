package telemetry.os;

import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * A file by the time at which it was made, where files have no number, as on Windows. Some shares have no such time and give that of the
 * last change instead; there only the name counts.
 */
record Birth(Path file, FileTime made, boolean isTold) {

    static Birth of(Path file, BasicFileAttributes its) {
        return new Birth(file, its.creationTime(), !its.creationTime().equals(its.lastModifiedTime()));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Birth its && (isTold && its.isTold ? made.equals(its.made) : file.equals(its.file));
    }

    /** The same for all: of two that are equal one may be told and the other not. */
    @Override
    public int hashCode() {
        return 0;
    }
}
