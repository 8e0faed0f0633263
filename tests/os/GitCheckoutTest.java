package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import telemetry.Database;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

class GitCheckoutTest {
    @TempDir
    Path dir;

    private Path checkout(String head, String config) throws IOException {
        Path git = Files.createDirectories(dir.resolve("checkout/.git"));
        Files.writeString(git.resolve("HEAD"), head);
        Files.writeString(git.resolve("config"), config);
        return dir.resolve("checkout");
    }

    @Test
    void theNearestCheckoutAboveIsFound() throws IOException {
        Path folder = Files.createDirectories(checkout("ref: refs/heads/feature/größe\n",
                "[remote \"origin\"]\n\turl = https://example.invalid/repo.git\n").resolve("a/b"));
        GitCheckout git = GitCheckout.around(folder).orElseThrow();
        assertEquals("https://example.invalid/repo.git", git.repo());
        assertEquals("feature/größe", git.branch());
        Files.writeString(dir.resolve("checkout/.git/HEAD"), "ref: refs/heads/other\n");
        assertEquals("other", git.branch(), "the branch may change");
    }

    @Test
    void aDetachedHeadIsNoBranch() throws IOException {
        assertNull(GitCheckout.around(checkout("0123456789012345678901234567890123456789\n", "")).orElseThrow().branch());
    }

    @Test
    void aFolderOutsideOfAnyIsNone() {
        assertTrue(GitCheckout.around(dir).isEmpty());
    }

    @Test
    void originComesBeforeOtherRemotes() throws IOException {
        Path folder = checkout("ref: refs/heads/main", """
            [core]
                url = no
            [remote "fork"]
                pushurl = https://push.invalid/x
                url = https://fork.invalid/x
            [Remote "other"]
                url = https://other.invalid/x
            [remote "origin"]
                URL="https://origin.invalid/x"
            [url "https://elsewhere.invalid/"]
                insteadOf = https://origin.invalid/
            """);
        assertEquals("https://origin.invalid/x", GitCheckout.around(folder).orElseThrow().repo());
        Files.writeString(folder.resolve(".git/config"), "[remote \"fork\"]\n url = https://fork.invalid/x\n");
        assertEquals("https://fork.invalid/x", GitCheckout.around(folder).orElseThrow().repo());
        Files.delete(folder.resolve(".git/config"));
        assertNull(GitCheckout.around(folder).orElseThrow().repo());
    }

    @Test
    void aWorktreeHasItsOwnBranchAndTheCommonRemote() throws IOException {
        Path main = checkout("ref: refs/heads/main", "[remote \"origin\"]\n url = https://example.invalid/repo.git\n");
        Path own = Files.createDirectories(main.resolve(".git/worktrees/tree"));
        Files.writeString(own.resolve("HEAD"), "ref: refs/heads/side\n");
        Files.writeString(own.resolve("commondir"), "../..\n");
        Path tree = Files.createDirectory(dir.resolve("tree"));
        Files.writeString(tree.resolve(".git"), "gitdir: ../checkout/.git/worktrees/tree\n");
        GitCheckout git = GitCheckout.around(tree).orElseThrow();
        assertEquals("side", git.branch());
        assertEquals("https://example.invalid/repo.git", git.repo());
    }

    @ParameterizedTest
    @CsvSource({
        "https://user:token@host.invalid/x.git, https://host.invalid/x.git",
        "https://ghp_token@host.invalid/x.git, https://host.invalid/x.git",
        "https://a:b@c@host.invalid:8443/x@y, https://host.invalid:8443/x@y",
        "https://host.invalid/x.git?token=secret#also, https://host.invalid/x.git",
        "https://user:token@host.invalid, https://host.invalid",
        "ssh://git:secret@host.invalid/x, ssh://host.invalid/x",
        "git@host.invalid:x/y.git, git@host.invalid:x/y.git",
        "user:secret@host.invalid:x/y.git, host.invalid:x/y.git",
        "/srv/git/x@y.git, /srv/git/x@y.git",
        "C:\\git\\x@y, C:\\git\\x@y"
    })
    void theRepositorysAddressNamesNoSecret(String url, String recorded) throws IOException {
        assertEquals(recorded, GitCheckout.around(checkout("ref: refs/heads/main", "[remote \"origin\"]\n url = " + url + "\n"))
                .orElseThrow().repo());
    }

    @Test
    void whatIsNoCheckoutIsPassedOver() throws IOException {
        Path folder = checkout("ref: refs/heads/main", "");
        for (String link : new String[] {"gitdir: nowhere", "gitdir: \u0000", "gitdir:", "x".repeat(2_000_000), ""}) {
            Path odd = Files.createDirectories(folder.resolve("odd"));
            Files.writeString(odd.resolve(".git"), link);
            assertEquals(folder.resolve(".git"), GitCheckout.around(odd).orElseThrow().folder(),
                    link.substring(0, Math.min(20, link.length())));
        }
    }

    @Test
    void aRunThatStartsAfterTheBranchChangedSaysSo() throws Exception {
        Store store = Fixture.V3.empty(dir.resolve("store"));
        Path folder = checkout("ref: refs/heads/main\n", "");
        Process process = Script.processBuilder(Map.of(), "telemetry.os.GitCheckoutTest$Switching", store.base()).directory(folder.toFile())
                .redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), said);
        try (Database database = Database.open(store.database())) {
            assertEquals(List.of("main", "main", "side", "next"),
                    database.query("SELECT git_branch FROM agent_runs WHERE job_type = 'job' ORDER BY rowid")
                    .stream().map(row -> row.text("git_branch")).toList());
        }
    }

    /** Tracks runs and has HEAD name another branch now and then: as git does it, and as an editor does. */
    public static final class Switching {
        public static void main(String[] args) throws IOException {
            Path head = Path.of(".git/HEAD");
            try (TelemetryClient client = TelemetryClient.at(Store.at(Path.of(args[0])))) {
                for (int i = 0; i < 2; i++) client.track("agent", "job", run -> { });
                Files.writeString(Path.of(".git/HEAD.lock"), "ref: refs/heads/side\n");
                Files.move(Path.of(".git/HEAD.lock"), head, StandardCopyOption.REPLACE_EXISTING);
                client.track("agent", "job", run -> { });
                Files.setLastModifiedTime(head, FileTime.fromMillis(0));
                client.start("agent", "other");
                Files.writeString(head, "ref: refs/heads/next\n");
                client.track("agent", "job", run -> { });
            }
        }
    }
}
