/* heng bench decode: how many captured frames one core decodes in a second.
 *
 * Every good frame of the file is decoded in full: preamble, link check, header, and each record to its exact value.
 * Reading the file and hex digits is not part of the time. */
#include "app/cmd/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/protocol_names.h"
#include "base/hex.h"
#include "base/time.h"
#include "codec/present.h"

enum { LINE_MAX_BYTES = 4096, FRAME_MAX_BYTES = 1024, CORPUS_MAX_BYTES = 1 << 28, SECONDS_MAX = 600 };

static const char bench[] = "bench";

static const char usage[] =
    "usage: heng bench decode [--protocol NAME] [--seconds N] FILE\n"
    "Decodes the frames of FILE (hex, one frame per line; blank lines and lines that start with # are skipped) over\n"
    "and over for N seconds of processor time, 2 if not given, and prints the speed of one core. Frames that are\n"
    "refused are counted and left out. Exit status: 0, or 1 when FILE holds no good frame, 2 wrong usage.\n\n"
    "  --protocol NAME  one of %s;\n"
    "                   without it the protocol of each frame is recognised\n";

struct bench_frame {
    const struct heng_codec *codec;
    uint32_t at, n; /* where its bytes are in the corpus */
};

struct bench_corpus {
    struct bench_frame *frames;
    uint8_t *bytes;
    size_t count, frames_cap, used, bytes_cap, refused;
    struct heng_err first_refusal; /* at: line number */
};

struct bench_options {
    uint32_t protocols;
    int64_t seconds;
    const char *path;
};

/* What a line driver keeps between frames too; check depends on every record, so that no work can be left out. */
struct bench_tally {
    uint64_t frames, records, check;
    struct heng_telegram telegram;
    struct heng_record record;
};

/* --- the frames ------------------------------------------------------------------------------------------ */

static void *grown(void *items, size_t *cap, size_t wanted, size_t item_bytes)
{
    if (wanted <= *cap) return items;
    size_t cap_new = *cap ? *cap * 2 : 1024;
    while (cap_new < wanted) cap_new *= 2;
    void *items_new = realloc(items, cap_new * item_bytes);
    if (items_new) *cap = cap_new;
    return items_new;
}

/* Errors: ENOMEM; ELIMIT beyond CORPUS_MAX_BYTES. */
static heng_rc add_frame(struct bench_corpus *corpus, heng_protocol protocol, struct heng_slice frame,
                         struct heng_err *err)
{
    if (corpus->used + frame.n > CORPUS_MAX_BYTES)
        return heng_fail(err, HENG_ELIMIT, 0, "more than %d bytes of frames", CORPUS_MAX_BYTES);
    uint8_t *bytes = grown(corpus->bytes, &corpus->bytes_cap, corpus->used + frame.n, 1);
    if (bytes) corpus->bytes = bytes;
    struct bench_frame *frames = grown(corpus->frames, &corpus->frames_cap, corpus->count + 1, sizeof *frames);
    if (frames) corpus->frames = frames;
    if (!bytes || !frames) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the frames");
    memcpy(bytes + corpus->used, frame.p, frame.n);
    frames[corpus->count++] =
        (struct bench_frame){.codec = heng_codec_of(protocol), .at = (uint32_t)corpus->used, .n = (uint32_t)frame.n};
    corpus->used += frame.n;
    return HENG_OK;
}

static void refuse(struct bench_corpus *corpus, uint32_t line, const char *why)
{
    if (corpus->refused++ == 0) (void)heng_fail(&corpus->first_refusal, HENG_EFORMAT, line, "%s", why);
}

/* One line of the file; what is no good frame is counted. Errors: those of add_frame. */
static heng_rc take_line(struct bench_corpus *corpus, uint32_t protocols, struct heng_slice text, uint32_t line,
                         struct heng_err *err)
{
    uint8_t bytes[FRAME_MAX_BYTES];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_err why = {0};
    struct heng_capture capture;
    if (heng_hex_parse(text, &buf, &why) != HENG_OK) {
        refuse(corpus, line, why.text);
        return HENG_OK;
    }
    struct heng_slice frame = heng_buf_slice(&buf);
    heng_capture_init(&capture, heng_codec_recognise_among(protocols, frame), frame);
    if (capture.rc != HENG_OK) {
        refuse(corpus, line, capture.err.text);
        return HENG_OK;
    }
    const struct heng_telegram *t = &capture.telegram;
    if (t->asked.n == 0) return add_frame(corpus, capture.protocol, frame, err);
    heng_rc rc = add_frame(corpus, capture.protocol, t->asked, err);
    return rc == HENG_OK ? add_frame(corpus, capture.protocol, t->frame, err) : rc;
}

static bool is_skipped(const char *line)
{
    size_t blank = strspn(line, " \t\r\n");
    return line[blank] == '\0' || line[blank] == '#';
}

/* The rest of a line that did not fit. */
static void skip_line(FILE *file)
{
    int c;
    do c = getc(file);
    while (c != EOF && c != '\n');
}

/* Errors: EIO; those of add_frame; EFORMAT when there is no good frame at all. */
static heng_rc load(struct bench_corpus *corpus, const struct bench_options *options, struct heng_err *err)
{
    char text[LINE_MAX_BYTES];
    uint32_t line = 0;
    heng_rc rc = HENG_OK;
    FILE *file = fopen(options->path, "r");
    if (!file) return heng_fail(err, HENG_EIO, 0, "cannot open '%s': %s", options->path, strerror(errno));
    while (rc == HENG_OK && fgets(text, sizeof text, file)) {
        size_t n = strlen(text);
        line++;
        if (n + 1 == sizeof text && text[n - 1] != '\n') {
            skip_line(file);
            refuse(corpus, line, "the line is longer than 4095 characters");
        } else if (!is_skipped(text)) {
            rc = take_line(corpus, options->protocols, heng_slice_of(text, n), line, err);
        }
    }
    if (rc == HENG_OK && ferror(file))
        rc = heng_fail(err, HENG_EIO, 0, "cannot read '%s': %s", options->path, strerror(errno));
    fclose(file);
    if (rc != HENG_OK || corpus->count) return rc;
    if (corpus->refused)
        return heng_fail(err, HENG_EFORMAT, 0, "no good frame in '%s'; line %u: %s", options->path,
                         (unsigned)corpus->first_refusal.at, corpus->first_refusal.text);
    return heng_fail(err, HENG_EFORMAT, 0, "no frame in '%s'", options->path);
}

/* --- the measurement ------------------------------------------------------------------------------------- */

static void decode_round(const struct bench_corpus *corpus, struct bench_tally *tally)
{
    uint64_t frames = 0, records_seen = 0, check = 0;
    for (size_t i = 0; i < corpus->count; i++) {
        const struct bench_frame *frame = &corpus->frames[i];
        size_t used;
        if (frame->codec->decode(heng_slice_of(corpus->bytes + frame->at, frame->n), &tally->telegram, &used, NULL) !=
            HENG_OK)
            continue;
        struct heng_records records = heng_telegram_records(&tally->telegram);
        /* what heng_record_next does for a meter without a dialect */
        while (frame->codec->next(&records, &tally->record, NULL) == HENG_OK) {
            records_seen++;
            check += (uint64_t)tally->record.dec.mantissa + tally->record.length;
        }
        frames++;
    }
    tally->frames += frames;
    tally->records += records_seen;
    tally->check += check;
}

static void measure(const struct bench_corpus *corpus, int64_t seconds)
{
    struct bench_tally tally = {0};
    enum { FRAMES_PER_LOOK = 20000 }; /* decoded between two looks at the clock */
    size_t rounds = FRAMES_PER_LOOK / corpus->count + 1;
    heng_us start, spent;
    decode_round(corpus, &tally); /* the first one fills the caches */
    tally = (struct bench_tally){0};
    struct mallinfo2 before = mallinfo2();
    start = heng_clock_cpu();
    do {
        for (size_t i = 0; i < rounds; i++) decode_round(corpus, &tally);
        spent = heng_clock_cpu() - start;
    } while (spent < seconds * HENG_US_PER_S);
    struct mallinfo2 after = mallinfo2();
    size_t allocated = after.uordblks > before.uordblks ? after.uordblks - before.uordblks : 0;
    printf("# %zu frames, %zu bytes on average, %zu refused\n", corpus->count, corpus->used / corpus->count,
           corpus->refused);
    printf("# %" PRId64 " ms of processor time on one core, %" PRIu64 " records/s, %" PRIu64
           " bytes allocated per frame, check %" PRIx64 "\n",
           spent / 1000, tally.records * HENG_US_PER_S / (uint64_t)spent, allocated / tally.frames, tally.check);
    printf("%" PRIu64 " frames/s\n", tally.frames * HENG_US_PER_S / (uint64_t)spent);
}

/* --- the command ----------------------------------------------------------------------------------------- */

/* The value of "--name VALUE" or "--name=VALUE" at argv[*i]; NULL when it is another option or has no value. */
static const char *option_value(const char *name, int argc, char **argv, int *i)
{
    size_t n = strlen(name);
    if (strncmp(argv[*i], name, n) != 0) return NULL;
    if (argv[*i][n] == '=') return argv[*i] + n + 1;
    return argv[*i][n] == '\0' && *i + 1 < argc ? argv[++*i] : NULL;
}

static int read_options(int argc, char **argv, struct bench_options *ret)
{
    const char *value;
    *ret = (struct bench_options){.protocols = (1u << HENG_PROTOCOL_COUNT) - 1, .seconds = 2};
    for (int i = 2; i < argc; i++) {
        if ((value = option_value("--protocol", argc, argv, &i))) {
            ret->protocols = heng_protocols_named(value);
            if (!ret->protocols)
                return heng_usage_error(bench, "there is no protocol '%s': use one of %s", value,
                                        heng_protocol_names());
        } else if ((value = option_value("--seconds", argc, argv, &i))) {
            char *end;
            ret->seconds = strtoll(value, &end, 10);
            if (*end || end == value || ret->seconds < 1 || ret->seconds > SECONDS_MAX)
                return heng_usage_error(bench, "--seconds wants 1 to %d, not '%s'", SECONDS_MAX, value);
        } else if (argv[i][0] == '-') {
            return heng_usage_error(bench, "there is no option '%s', or its value is missing", argv[i]);
        } else if (ret->path) {
            return heng_usage_error(bench, "one file at a time: '%s' is the second", argv[i]);
        } else {
            ret->path = argv[i];
        }
    }
    return ret->path ? 0 : heng_usage_error(bench, "the file with the frames is missing");
}

static int bench_decode(const struct bench_options *options)
{
    struct bench_corpus corpus = {0};
    struct heng_err err = {0};
    int status = EXIT_SUCCESS;
    if (load(&corpus, options, &err) == HENG_OK)
        measure(&corpus, options->seconds);
    else
        status = heng_failure(bench, &err);
    free(corpus.frames);
    free(corpus.bytes);
    return status;
}

int heng_cmd_bench(int argc, char **argv)
{
    struct bench_options options;
    bool help = false;
    for (int i = 1; i < argc; i++) help = help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    int status = EXIT_SUCCESS;
    if (help)
        printf(usage, heng_protocol_names());
    else if (argc < 2 || strcmp(argv[1], "decode") != 0)
        status = heng_usage_error(bench, "say what to measure: heng bench decode FILE");
    else if ((status = read_options(argc, argv, &options)) == 0)
        status = bench_decode(&options);
    return fflush(stdout) == 0 && !ferror(stdout) ? status : EXIT_FAILURE;
}
