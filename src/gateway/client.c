/* heng-gateway status, read, export ...: asks the gateway that runs on this box, and prints what it says. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/json_reader.h"
#include "gateway/local.h"
#include "gateway/options.h"

enum { REQUEST_MAX = 400, LINE_MAX_BYTES = 2 * 1024 * 1024, READ_BYTES = 64 * 1024 };

static const char directory_usual[] = "/var/lib/heng-gateway";

struct client {
    const char *word, *directory, *file;
    char local[GATEWAY_PATH_MAX], request[REQUEST_MAX], part[1024];
    bool json, sends;
    heng_us from_us, until_us;
    int fd, file_fd;
    uint64_t raw; /* bytes of a file that come next */
    struct heng_str line;
    struct heng_local_words words;
};

static int fail(const char *word, const char *text)
{
    fprintf(stderr, "heng-gateway %s: %s\n", word, text);
    return EXIT_FAILURE;
}

static int misuse(const char *text)
{
    fprintf(stderr, "heng-gateway: %s; see heng-gateway help\n", text);
    return GATEWAY_EXIT_USAGE;
}

/* --- socket and file -------------------------------------------------------------------------------------------- */

static int dial(const char *path, const char *word)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fail(word, "the path of the socket is too long");
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    fprintf(stderr, "heng-gateway %s: no gateway answers at '%s': %s\n", word, path, strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

/* Beside it first: nobody finds half a file under the name that he asked for. */
static bool open_file(struct client *c)
{
    if (strcmp(c->file, "-") == 0) {
        c->file_fd = STDOUT_FILENO;
        return true;
    }
    if (snprintf(c->part, sizeof c->part, "%s.part", c->file) >= (int)sizeof c->part) return false;
    c->file_fd = open(c->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return c->file_fd >= 0;
}

static bool close_file(struct client *c, bool good)
{
    if (c->file_fd < 0 || c->file_fd == STDOUT_FILENO) return true;
    if (good && fsync(c->file_fd) != 0) good = false;
    if (close(c->file_fd) != 0) good = false;
    c->file_fd = -1;
    if (good && rename(c->part, c->file) == 0) return true;
    int error = errno;
    (void)unlink(c->part);
    errno = error;
    return false;
}

static bool send_file(struct client *c)
{
    static char bytes[READ_BYTES];
    int fd = open(c->file, O_RDONLY | O_CLOEXEC);
    struct stat what;
    bool good = fd >= 0 && fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
    if (fd >= 0 && !good) errno = EINVAL;
    if (good) snprintf(c->request, sizeof c->request, "import %lld\n", (long long)what.st_size);
    if (good) good = write_all(c->fd, c->request, strlen(c->request));
    for (off_t left = good ? what.st_size : 0; good && left > 0;) {
        ssize_t n = read(fd, bytes, left < READ_BYTES ? (size_t)left : READ_BYTES);
        good = n > 0 && write_all(c->fd, bytes, (size_t)n);
        left -= n;
    }
    int error = errno;
    if (fd >= 0) close(fd);
    errno = error;
    return good;
}

/* --- what the gateway says -------------------------------------------------------------------------------------- */

/* -1: there is more; else the exit status. */
static int take_line(struct client *c)
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_of(c->line.text, c->line.n));
    struct heng_slice key;
    char text[300];
    int status = -1;
    heng_json_open_object(&r);
    if (!heng_json_next_key(&r, &key)) return fail(c->word, "the gateway says what cannot be understood");
    if (heng_slice_is(key, "bytes")) {
        c->raw = (uint64_t)heng_json_get_int(&r, 1, INT32_MAX);
        return r.err.rc == HENG_OK ? -1 : fail(c->word, r.err.text);
    }
    if (heng_slice_is(key, "end")) return EXIT_SUCCESS;
    if (heng_slice_is(key, "error")) {
        heng_json_get_string(&r, text, sizeof text);
        if (!c->json) return fail(c->word, text);
        status = EXIT_FAILURE;
    }
    struct heng_str out = {.max = LINE_MAX_BYTES};
    if (c->json)
        heng_str_fmt(&out, "%s\n", c->line.text);
    else
        heng_local_say(&c->words, c->line.text, c->line.n, &out);
    bool written = out.n == 0 || (fwrite(out.text, 1, out.n, stdout) == out.n && fflush(stdout) == 0);
    heng_str_fini(&out);
    return written ? status : EXIT_FAILURE;
}

static int take(struct client *c, const char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        if (c->raw) {
            size_t part = n - at < c->raw ? n - at : (size_t)c->raw;
            if (c->file_fd < 0 || !write_all(c->file_fd, bytes + at, part)) return fail(c->word, strerror(errno));
            c->raw -= part;
            at += part;
            continue;
        }
        const char *end = memchr(bytes + at, '\n', n - at);
        size_t part = end ? (size_t)(end - (bytes + at)) : n - at;
        heng_str_put(&c->line, bytes + at, part);
        at += part + (end != NULL);
        if (!end) continue;
        if (c->line.rc != HENG_OK) return fail(c->word, "the gateway says too much at once");
        int status = take_line(c);
        heng_str_clear(&c->line);
        if (status >= 0) return status;
    }
    return -1;
}

static int listen_to(struct client *c)
{
    static char bytes[READ_BYTES];
    for (;;) {
        ssize_t n = read(c->fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(c->word, "the gateway has hung up");
        int status = take(c, bytes, (size_t)n);
        if (status >= 0) return status;
    }
}

static int ask(struct client *c)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL); /* cannot fail for this signal */
    c->fd = dial(c->local, c->word);
    if (c->fd < 0) return EXIT_FAILURE;
    bool good = true;
    if (c->sends)
        good = send_file(c) || errno == EPIPE || errno == ECONNRESET; /* it wants no more of it, and may say why */
    else if (c->file)
        good = open_file(c);
    if (!good) fprintf(stderr, "heng-gateway %s: '%s': %s\n", c->word, c->file, strerror(errno));
    if (good && !c->sends) good = write_all(c->fd, c->request, strlen(c->request));
    int status = good ? listen_to(c) : EXIT_FAILURE;
    if (!close_file(c, status == EXIT_SUCCESS) && status == EXIT_SUCCESS) status = fail(c->word, strerror(errno));
    close(c->fd);
    heng_str_fini(&c->line);
    return status;
}

/* --- what is asked ---------------------------------------------------------------------------------------------- */

/* "2026-11-20", UTC. */
static bool day_of(const char *text, heng_us *ret)
{
    char full[40];
    snprintf(full, sizeof full, "%.10sT00:00:00Z", text);
    return strlen(text) == 10 && heng_us_parse(full, ret, NULL) == HENG_OK;
}

static int read_options(struct client *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},  {"local", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},       {"from", required_argument, NULL, 'f'},
        {"days", required_argument, NULL, 'n'}, {0}};
    int option;
    long days = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'd': c->directory = optarg; break;
        case 'l':
            if (strlen(optarg) >= sizeof c->local) return misuse("the path of the socket is too long");
            memcpy(c->local, optarg, strlen(optarg) + 1);
            break;
        case 'j': c->json = true; break;
        case 'f':
            if (!day_of(optarg, &c->from_us)) return misuse("--from wants a day, such as 2026-11-20");
            break;
        case 'n':
            days = strtol(optarg, NULL, 10);
            if (days < 1 || days > 36500) return misuse("--days wants a number of days");
            break;
        case ':': return misuse("an option lacks its value");
        }
        if (option == '?') return misuse("there is no such option");
    }
    if (days && !c->from_us) c->from_us = heng_clock_wall() - days * HENG_US_PER_DAY;
    c->until_us = days && c->from_us + days * HENG_US_PER_DAY < heng_clock_wall() ? c->from_us + days * HENG_US_PER_DAY
                                                                                  : INT64_MAX;
    return EXIT_SUCCESS;
}

/* The words behind the first become the request; a name with blanks in it is not one of ours. */
static int make_request(struct client *c, char **words, size_t count)
{
    size_t wanted = strcmp(c->word, "scan") == 0                                   ? 2
                    : strcmp(c->word, "export") == 0                               ? 2
                    : strcmp(c->word, "read") == 0 || strcmp(c->word, "stop") == 0 ? 1
                    : strcmp(c->word, "import") == 0                               ? 1
                                                                                   : 0;
    if (strcmp(c->word, "read") == 0 && count == 0) {
        snprintf(c->request, sizeof c->request, "read all\n");
        return EXIT_SUCCESS;
    }
    if (count != wanted) return misuse("too many or too few words");
    if (strcmp(c->word, "import") == 0) {
        c->sends = true;
        c->file = words[0];
        return EXIT_SUCCESS;
    }
    size_t n = 0;
    if (strcmp(c->word, "export") == 0) {
        c->file = words[1];
        if (strcmp(words[0], "list") != 0 && strcmp(words[0], "entries") != 0) return misuse("export list, or entries");
        bool list = strcmp(words[0], "list") == 0;
        snprintf(c->request, sizeof c->request, list ? "export list\n" : "export entries %lld %lld\n",
                 (long long)c->from_us, (long long)c->until_us);
        return EXIT_SUCCESS;
    }
    n = (size_t)snprintf(c->request, sizeof c->request, "%s", c->word);
    for (size_t i = 0; i < count; i++) {
        if (strpbrk(words[i], " \t\r\n") || n + strlen(words[i]) + 3 > sizeof c->request)
            return misuse("use the number of the line or meter, of status");
        n += (size_t)snprintf(c->request + n, sizeof c->request - n, " %s", words[i]);
    }
    snprintf(c->request + n, sizeof c->request - n, "\n");
    return EXIT_SUCCESS;
}

int heng_local_client(int argc, char **argv)
{
    struct client c = {.word = argv[0], .fd = -1, .file_fd = -1, .line = {.max = LINE_MAX_BYTES}};
    struct heng_err err = {.text = ""};
    int status = read_options(&c, argc, argv);
    if (status != EXIT_SUCCESS) return status;
    if (!c.directory) c.directory = directory_usual;
    if (!c.local[0] && gateway_socket_path(c.directory, c.local, &err) != HENG_OK) return fail(c.word, err.text);
    status = make_request(&c, argv + optind, (size_t)(argc - optind));
    return status == EXIT_SUCCESS ? ask(&c) : status;
}
