package telemetry.os;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/** The way to a folder. As long as only root and this account can change what it goes through, names do. */
final class FolderWay {
    private static final int OTHERS_WRITE = 0022;
    private static final int STICKY = 01000;
    private static final int LINK = 0120000;
    private static final int FOLDER = 0040000;
    private static final int KIND = 0170000;

    /** More links on the way are a loop. */
    private static final int MOST_LINKS = 40;

    private final Path folder;
    private final int own;
    private final Deque<Path> ahead = new ArrayDeque<>();
    private Path at;
    private int links;

    FolderWay(Path folder) {
        this.folder = folder;
        this.own = HeldFolder.Owner.NUMBER;
        this.at = folder.getRoot();
        for (Path part : folder.normalize()) ahead.add(part);
    }

    HeldFolder walk() throws IOException {
        if (!isKnown()) return null;
        Map<String, Object> here = HeldFolder.its(at);
        while (!ahead.isEmpty()) {
            Path next = at.resolve(ahead.peek());
            Map<String, Object> there = HeldFolder.its(next);
            if (!isOurs(here, there)) return held();
            ahead.remove();
            if ((HeldFolder.mode(there) & KIND) == LINK) {
                follow(Files.readSymbolicLink(next));
                here = HeldFolder.its(at);
            } else {
                at = next;
                here = there;
            }
        }
        if (isOurs(here, null)) return null;
        if ((HeldFolder.mode(here) & KIND) != FOLDER) throw new NotDirectoryException(folder.toString());
        return held();
    }

    /** False where files have no owners, or this process has none. */
    boolean isKnown() {
        return own >= 0 && at != null && at.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    private void follow(Path target) throws IOException {
        if (++links > MOST_LINKS) throw new FileSystemException(folder.toString(), null, "a link on its way leads back to itself");
        Path whole = at.resolve(target).normalize();
        Deque<Path> parts = new ArrayDeque<>();
        for (Path part : whole) parts.add(part);
        parts.addAll(ahead);
        ahead.clear();
        ahead.addAll(parts);
        at = whole.getRoot();
    }

    /** True when only root and this account can change what an entry's name stands for. @param entry null for one to come */
    private boolean isOurs(Map<String, Object> in, Map<String, Object> entry) {
        boolean isClosed = (HeldFolder.mode(in) & OTHERS_WRITE) == 0
                || entry != null && (HeldFolder.mode(in) & STICKY) != 0 && isOwn((int) entry.get("uid"));
        return isClosed && isOwn((int) in.get("uid"));
    }

    private boolean isOwn(int uid) {
        return uid == own || uid == 0;
    }

    /** The rest of the way goes through folders of others. */
    private HeldFolder held() throws IOException {
        HeldFolder held = HeldFolder.opened(Inside.patient(at, at, Files::newDirectoryStream));
        if (held == null) return null;
        try {
            while (!ahead.isEmpty()) {
                HeldFolder next = held.enter(ahead.remove(), own);
                held.close();
                held = next;
            }
            return held;
        } catch (IOException | RuntimeException e) {
            held.close();
            throw e;
        }
    }
}
