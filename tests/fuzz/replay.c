/* Runs a fuzz target once over its corpus and over the golden files, without libFuzzer: what the fuzzer ever found
 * worth keeping is seen by every build, with every compiler. Linked with one fuzz_*.c; prints TAP.
 *   test_fuzz_NAME [FILE...]    files, instead of the corpus, to see one finding again */
#include "base/hex.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 1 << 18, LINE_MAX_BYTES = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned inputs;

/* Its own allocation of exactly its size, so that the sanitizer sees one byte too much. */
static void attack(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy) exit(1);
    if (n) memcpy(copy, bytes, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
    inputs++;
}

static void attack_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        printf("Bail out! cannot read '%s'\n", path);
        exit(1);
    }
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    attack(bytes, n);
}

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Every file of a folder, in the order of their names. */
static void each_file(const char *folder, void (*take)(const char *path))
{
    struct dirent **entries;
    int count = scandir(folder, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        char path[1024];
        int n = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (n > 0 && (size_t)n < sizeof path) take(path);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

/* Every frame of a golden file, whatever its protocol: a codec must stand those of others, too. */
static void attack_golden(const char *path)
{
    static char line[LINE_MAX_BYTES];
    size_t length = strlen(path);
    if (length < 4 || strcmp(path + length - 4, ".tsv") != 0) return;
    FILE *file = fopen(path, "r");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        uint8_t bytes[1024];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        char *rest = line;
        strsep(&rest, "\t");
        const char *hex = strsep(&rest, "\t");
        if (hex && heng_hex_parse(heng_slice_str(hex), &buf, NULL) == HENG_OK) attack(bytes, buf.n);
    }
    fclose(file);
}

int main(int argc, char **argv)
{
    printf("1..1\n");
    fflush(stdout);
    for (int i = 1; i < argc; i++) attack_file(argv[i]);
    if (argc == 1) {
        attack(NULL, 0);
        each_file(HENG_SOURCE_DIR "/tests/fuzz/corpus/" HENG_FUZZ_NAME, attack_file);
        each_file(HENG_SOURCE_DIR "/tests/golden", attack_golden);
        each_file(HENG_SOURCE_DIR "/profiles", attack_file);
    }
    printf("ok 1 - %s: %u inputs without a finding\n", HENG_FUZZ_NAME, inputs);
    return 0;
}
