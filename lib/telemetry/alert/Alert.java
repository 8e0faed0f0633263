package telemetry.alert;

import java.time.Duration;
import telemetry.Health;
import telemetry.Store;

/**
 * Tells somebody how the store is when that is news: it is not ok, it is worse, it is ok again, or it is not ok for so long that it is
 * to be repeated. What was told is remembered when it was taken, so what did not get through is tried again by the next call.
 */
public final class Alert {
    private final AlertMemory memory;
    private final AlertTarget target;
    private final Duration repeat;
    private final Duration patience;

    /**
     * @param repeat   after so long, what has not changed is told again
     * @param patience how long the target may take
     */
    public Alert(Store store, AlertTarget target, Duration repeat, Duration patience) {
        this.memory = new AlertMemory(store, target);
        this.target = target;
        this.repeat = repeat;
        this.patience = patience;
    }

    /**
     * @return true when it was news, and was told
     * @throws StoreException when it was not taken, or was and cannot be remembered
     */
    public boolean tell(Health health) {
        AlertState told = memory.recall();
        AlertState now = AlertState.of(health);
        boolean isNews = now.isNewsAfter(told, repeat);
        if (isNews) {
            target.tell(new AlertMessage(health, told.status()), patience);
            memory.keep(now);
        } else {
            memory.prepare(now);
        }
        return isNews;
    }
}
