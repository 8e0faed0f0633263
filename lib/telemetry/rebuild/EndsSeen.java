package telemetry.rebuild;

import java.util.Arrays;

/**
 * Tells whether a run's end was read before, by eight bytes of a hash of its key. Two keys rarely meet, and then one is only taken for
 * seen. When there are too many, all are.
 */
final class EndsSeen {
    private static final int MOST = 1 << 21;

    private long[] slots = new long[1 << 12];
    private int size;

    /** @return false when it was there, or may have been */
    boolean add(String key) {
        if (size == MOST) return false;
        if (2 * size >= slots.length) grow();
        boolean isNew = put(hash(key));
        if (isNew) size++;
        return isNew;
    }

    private boolean put(long hash) {
        int place = (int) (hash >>> 32) & slots.length - 1;
        while (slots[place] != 0 && slots[place] != hash) place = place + 1 & slots.length - 1;
        boolean isNew = slots[place] == 0;
        slots[place] = hash;
        return isNew;
    }

    private void grow() {
        long[] before = slots;
        slots = new long[2 * before.length];
        Arrays.stream(before).filter(hash -> hash != 0).forEach(this::put);
    }

    /** FNV-1a over the characters, mixed once more; never 0, which marks an empty slot. */
    private static long hash(String key) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < key.length(); i++) hash = (hash ^ key.charAt(i)) * 0x100000001b3L;
        hash = (hash ^ hash >>> 32) * 0x9e3779b97f4a7c15L;
        return hash == 0 ? 1 : hash;
    }
}
