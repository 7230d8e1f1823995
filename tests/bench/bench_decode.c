/* How many captured frames per second one core decodes: link check, header and every record. */
#include "base/hex.h"
#include "base/time.h"
#include "codec/telegram.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAMES_MAX = 128, FRAME_MAX = 300, LINE_BYTES = 1 << 16 };

struct corpus {
    uint8_t bytes[FRAMES_MAX][FRAME_MAX];
    size_t n[FRAMES_MAX];
    size_t count, total_bytes;
};

/* What a line driver keeps between frames too. */
struct tally {
    uint64_t frames, records, check;
    struct heng_telegram telegram;
    struct heng_record record;
};

/* Decode one frame to the last record; false when any of it fails. */
static bool decode(const struct heng_codec *codec, struct heng_slice in, struct tally *tally)
{
    size_t used;
    if (codec->decode(in, &tally->telegram, &used, NULL) != HENG_OK) return false;
    struct heng_records records = heng_telegram_records(&tally->telegram);
    heng_rc rc;
    while ((rc = codec->next(&records, &tally->record, NULL)) == HENG_OK) {
        tally->records++;
        tally->check += (uint64_t)tally->record.dec.mantissa + tally->record.length; /* nothing is optimised away */
    }
    tally->frames++;
    return rc == HENG_ENOTFOUND;
}

/* The second column of a golden file, good frames only. */
static void load(const struct heng_codec *codec, const char *path, struct corpus *corpus)
{
    static char line[LINE_BYTES];
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "bench_decode: cannot open %s\n", path);
        exit(1);
    }
    while (fgets(line, sizeof line, file) && corpus->count < FRAMES_MAX) {
        char *hex = strchr(line, '\t'), *end = hex ? strchr(hex + 1, '\t') : NULL;
        if (!end) continue;
        struct heng_buf buf = heng_buf_of(corpus->bytes[corpus->count], FRAME_MAX);
        struct tally unused = {0};
        if (heng_hex_parse(heng_slice_of(hex + 1, (size_t)(end - hex - 1)), &buf, NULL) != HENG_OK) continue;
        if (!decode(codec, heng_buf_slice(&buf), &unused)) continue;
        corpus->n[corpus->count++] = buf.n;
        corpus->total_bytes += buf.n;
    }
    fclose(file);
}

static void run(const char *name, heng_protocol protocol, const char *path)
{
    static struct corpus corpus;
    const struct heng_codec *codec = heng_codec_of(protocol);
    corpus.count = corpus.total_bytes = 0;
    load(codec, path, &corpus);
    if (corpus.count == 0) {
        fprintf(stderr, "bench_decode: no good frame in %s\n", path);
        exit(1);
    }
    struct tally tally = {0};
    struct mallinfo2 before = mallinfo2();
    heng_us start = heng_clock_mono(), spent;
    do {
        for (int round = 0; round < 1000; round++)
            for (size_t i = 0; i < corpus.count; i++)
                (void)decode(codec, heng_slice_of(corpus.bytes[i], corpus.n[i]), &tally);
        spent = heng_clock_mono() - start;
    } while (spent < 2 * HENG_US_PER_S);
    struct mallinfo2 after = mallinfo2();
    printf("decode %s: %llu frames/s, %llu records/s, %zu bytes allocated (conditions: one core, %zu frames of mean "
           "length %zu, check %llx)\n",
           name, (unsigned long long)(tally.frames * HENG_US_PER_S / (uint64_t)spent),
           (unsigned long long)(tally.records * HENG_US_PER_S / (uint64_t)spent), after.uordblks - before.uordblks,
           corpus.count, corpus.total_bytes / corpus.count, (unsigned long long)tally.check);
}

int main(void)
{
    run("mbus", HENG_PROTOCOL_MBUS, HENG_SOURCE_DIR "/tests/golden/mbus-wired.tsv");
    run("cjt188", HENG_PROTOCOL_CJT188, HENG_SOURCE_DIR "/tests/golden/cjt188.tsv");
    return 0;
}
