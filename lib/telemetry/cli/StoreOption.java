package telemetry.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import telemetry.Store;

/** Mixin of every script that works on a store. */
public final class StoreOption {

    @Option(names = "--store", paramLabel = "DIR", scope = ScopeType.INHERIT,
            description = "The store's folder. Default: $TELEMETRY_DB_PATH's store, $TELEMETRY_BASE_DIR, "
            + "$AGENT_METRICS_DIR, the first usual place that exists, ~/.telemetry.")
    private Path folder;

    /** Where the store is or would be. */
    public Store store() {
        return folder == null ? Store.fromEnv() : Store.at(folder);
    }

    /** Where the store is or can be made. @throws StoreException {@code MISSING} when a file stands there */
    public Store orNew() {
        return store().orNew();
    }

    /** @throws StoreException {@code MISSING} when there is none */
    public Store existing() {
        return store().orThrow();
    }
}
