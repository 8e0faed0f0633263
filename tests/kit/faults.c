/*
 * Loaded before libc into a process under test: what it does to files below one folder is counted, and a chosen call fails, is cut short,
 * ends the process or holds it. The test gives its orders in a page of memory that both share: the file that FAULTS names. Faults.java
 * knows the same layout.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE = 1, FSYNC = 2, RENAME = 4, UNLINK = 8, OPEN = 16, MKDIR = 32, TRUNCATE = 64, CREATE = 128 };
enum way { FAIL = 1, FAIL_FROM_HERE = 2, HALF = 3, KILL = 4, HOLD = 5 };

struct orders {
    volatile int kinds;
    volatile int nth;
    volatile int way;
    volatile int error;
    volatile int calls;
    volatile int held;
    char unused[40];
    char folder[1024];
    char struck[1024];
};

static struct orders *orders;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void read_orders(void) {
    const char *page = getenv("FAULTS");
    int fd = page ? open(page, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED) orders = mapped;
}

static const char *name_of(int kind) {
    return kind & WRITE ? "write" : kind & FSYNC ? "fsync" : kind & RENAME ? "rename" : kind & UNLINK ? "unlink"
            : kind & CREATE ? "create" : kind & OPEN ? "open" : kind & MKDIR ? "mkdir" : "truncate";
}

/* True when this very call is to go wrong. */
static int strikes(int kind, const char *path) {
    size_t length = strlen(orders->folder);
    if (strncmp(path, orders->folder, length) || (path[length] && path[length] != '/')) return 0;
    pthread_mutex_lock(&one_at_a_time);
    int call = __sync_add_and_fetch(&orders->calls, 1);
    int due = orders->nth > 0 && (call == orders->nth || (orders->way == FAIL_FROM_HERE && call > orders->nth));
    if (due && call == orders->nth) snprintf(orders->struck, sizeof orders->struck, "%s %.900s", name_of(kind), path + length);
    if (due && orders->way == KILL) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (due && orders->way == HOLD) {
        due = 0;
        for (orders->held = call; orders->held; ) usleep(200);
    }
    pthread_mutex_unlock(&one_at_a_time);
    return due;
}

static int is_watched(int kind) {
    return orders && (orders->kinds & kind);
}

static int strikes_open(int kind, int fd) {
    if (!is_watched(kind)) return 0;
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0) return 0;
    path[length] = 0;
    return strikes(kind, path);
}

/* The folder of a descriptor, in front of the rest of a path. */
static int strikes_beside(int kind, const char *link, const char *rest) {
    char path[PATH_MAX + 1];
    int before = errno;
    ssize_t length = readlink(link, path, PATH_MAX / 2);
    errno = before;
    if (length < 0) return 0;
    snprintf(path + length, sizeof path - length, "%s%s", *rest && *rest != '/' ? "/" : "", rest);
    return strikes(kind, path);
}

static int strikes_at(int kind, int folder, const char *path) {
    static const char handles[] = "/proc/self/fd/";
    char link[64];
    if (!is_watched(kind)) return 0;
    if (!strncmp(path, handles, sizeof handles - 1)) {
        size_t number = strspn(path + sizeof handles - 1, "0123456789") + sizeof handles - 1;
        snprintf(link, sizeof link, "%.*s", (int) number, path);
        return strikes_beside(kind, link, path + number);
    }
    if (*path == '/') return strikes(kind, path);
    if (folder == AT_FDCWD) return strikes_beside(kind, "/proc/self/cwd", path);
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    return strikes_beside(kind, link, path);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define REFUSE do { errno = orders->error; return -1; } while (0)

/* A write that is cut short has written half of it. */
#define WRITES(name, declared, passed, fd, size, halved) \
    ssize_t name declared { \
        REAL(name); \
        if (!strikes_open(WRITE, fd)) return real passed; \
        if (orders->way != HALF) REFUSE; \
        size_t half = (size) > 1 ? (size) / 2 : (size); \
        return real halved; \
    }
WRITES(write, (int fd, const void *bytes, size_t n), (fd, bytes, n), fd, n, (fd, bytes, half))
WRITES(pwrite, (int fd, const void *bytes, size_t n, off_t at), (fd, bytes, n, at), fd, n, (fd, bytes, half, at))
WRITES(pwrite64, (int fd, const void *bytes, size_t n, off64_t at), (fd, bytes, n, at), fd, n, (fd, bytes, half, at))
WRITES(sendfile, (int to, int from, off_t *at, size_t n), (to, from, at, n), to, n, (to, from, at, half))
WRITES(sendfile64, (int to, int from, off64_t *at, size_t n), (to, from, at, n), to, n, (to, from, at, half))
WRITES(copy_file_range, (int from, off64_t *start, int to, off64_t *at, size_t n, unsigned flags), (from, start, to, at, n, flags), to, n,
        (from, start, to, at, half, flags))
WRITES(writev, (int fd, const struct iovec *parts, int n), (fd, parts, n), fd, n, (fd, parts, (int) half))

#define ON_OPEN(kind, name, declared, passed, fd) \
    int name declared { \
        REAL(name); \
        if (strikes_open(kind, fd)) REFUSE; \
        return real passed; \
    }
ON_OPEN(FSYNC, fsync, (int fd), (fd), fd)
ON_OPEN(FSYNC, fdatasync, (int fd), (fd), fd)
ON_OPEN(TRUNCATE, ftruncate, (int fd, off_t size), (fd, size), fd)
ON_OPEN(TRUNCATE, ftruncate64, (int fd, off64_t size), (fd, size), fd)

#define ON_NAME(kind, name, declared, passed, folder, path) \
    int name declared { \
        REAL(name); \
        if (strikes_at(kind, folder, path)) REFUSE; \
        return real passed; \
    }
ON_NAME(RENAME, rename, (const char *from, const char *to), (from, to), AT_FDCWD, to)
ON_NAME(RENAME, renameat, (int from_in, const char *from, int in, const char *to), (from_in, from, in, to), in, to)
ON_NAME(RENAME, link, (const char *from, const char *to), (from, to), AT_FDCWD, to)
ON_NAME(RENAME, linkat, (int from_in, const char *from, int in, const char *to, int flags), (from_in, from, in, to, flags), in, to)
ON_NAME(UNLINK, unlink, (const char *path), (path), AT_FDCWD, path)
ON_NAME(UNLINK, unlinkat, (int in, const char *path, int flags), (in, path, flags), in, path)
ON_NAME(UNLINK, rmdir, (const char *path), (path), AT_FDCWD, path)
ON_NAME(MKDIR, mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
ON_NAME(MKDIR, mkdirat, (int in, const char *path, mode_t mode), (in, path, mode), in, path)

#define OPENS(name, declared, folder, passed) \
    int name declared { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & O_CREAT) { \
            va_list more; \
            va_start(more, flags); \
            mode = va_arg(more, mode_t); \
            va_end(more); \
        } \
        if (strikes_at(OPEN | (flags & O_CREAT ? CREATE : 0), folder, path)) REFUSE; \
        return real passed; \
    }
OPENS(open, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPENS(open64, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPENS(openat, (int in, const char *path, int flags, ...), in, (in, path, flags, mode))
OPENS(openat64, (int in, const char *path, int flags, ...), in, (in, path, flags, mode))
