/* heng bill: bills on the database itself. Each verb is one function. */
#include "app/cmd/bill.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd/bill_run.h"
#include "app/options.h"
#include "billing/bundle.h"
#include "codec/present.h"
#include "meter/profile.h"
#include "seal/proof.h"
#include "store/money/runs.h"

enum { OUTPUT_MAX = 512 << 20, ENTRIES_MAX = HENG_EXPLAIN_ENTRIES_MAX };

struct asked {
    const char *verb, *number, *data, *bundle;
    heng_language language;
    bool json;
};

/* --- frames ------------------------------------------------------------------------------------------------------ */

struct decoder {
    struct heng_profiles profiles;
    struct heng_explained entries[ENTRIES_MAX];
};

static void say_frame(void *ctx, const struct heng_frame *frame, bool as_json, struct heng_str *out)
{
    struct decoder *decoder = ctx;
    struct heng_capture capture;
    const struct heng_profile *profile = NULL;
    heng_capture_init(&capture, frame->protocol, heng_slice_of(frame->bytes, frame->n));
    if (capture.has_telegram) profile = heng_profiles_recognise(&decoder->profiles, &capture.telegram);
    if (profile) heng_capture_use(&capture, &profile->dialect);
    if (as_json) {
        struct heng_json json = heng_json_of(out);
        heng_present_json(&capture, profile && !profile->generic ? profile->name : NULL, &json);
        return;
    }
    if (capture.rc != HENG_OK) {
        heng_str_fmt(out, "        %s: %s\n", heng_rc_name(capture.rc), capture.err.text);
        return;
    }
    size_t n = heng_explain(&capture, decoder->entries, ENTRIES_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct heng_explained *entry = &decoder->entries[i];
        if (entry->record >= 0) heng_str_fmt(out, "        %4u  %-28s %s\n", entry->at, entry->name, entry->value);
    }
}

/* --- explain ----------------------------------------------------------------------------------------------------- */

static heng_rc write_file(const char *path, const struct heng_str *text, struct heng_err *err)
{
    FILE *file = fopen(path, "wxb");
    if (!file) return heng_fail(err, HENG_EIO, 0, "'%.100s' cannot be made, or is there already", path);
    bool ok = fwrite(text->text, 1, text->n, file) == text->n;
    ok = fclose(file) == 0 && ok;
    return ok ? HENG_OK : heng_fail(err, HENG_EIO, 0, "'%.100s' cannot be written", path);
}

/* What the seal says of the bill. One that is not sealed yet has no proof; one that is not what was sealed says so. */
static bool say_proof(void *ctx, const struct heng_bill *bill, struct heng_str *out)
{
    struct heng_store_reader *reader = ctx;
    struct heng_err why = {0};
    int64_t position = 0;
    if (heng_store_bill_seal_position(reader, bill->id, &position, &why) != HENG_OK) return false;
    heng_rc rc = heng_seal_proof(reader, HENG_SEAL_BILL, position, out, &why);
    if (rc != HENG_ECONFLICT) return rc == HENG_OK;
    heng_str_clear(out);
    struct heng_json json = heng_json_of(out);
    heng_json_object(&json);
    heng_json_key(&json, "conflict");
    heng_json_text(&json, why.text);
    heng_json_end_object(&json);
    return true;
}

static heng_rc explain_with(const struct asked *a, struct heng_store_reader *reader, struct decoder *decoder,
                            struct heng_bill_explanation *how, struct heng_str *out, struct heng_err *err)
{
    struct heng_charger *charger = NULL;
    struct heng_bill bill;
    heng_rc rc = heng_store_find_bill(reader, 0, a->number, &bill, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no bill '%.40s'", a->number);
    if (rc == HENG_OK) rc = heng_charger_new(reader, &charger, err);
    *how = (struct heng_bill_explanation){.language = a->language, .words = say_frame, .words_ctx = decoder};
    if (rc == HENG_OK && a->bundle)
        rc = heng_bill_bundle(charger, &bill, how, say_proof, reader, out, err);
    else if (rc == HENG_OK && a->json)
        rc = heng_bill_explain_json(charger, &bill, how, out, err);
    else if (rc == HENG_OK)
        rc = heng_bill_explain_text(charger, &bill, how, out, err);
    heng_charger_free(charger);
    return rc;
}

/* 0: it comes out the same; 1: it does not, or failed. */
static int explain(const struct asked *a)
{
    char name[DATA_PATH_MAX];
    struct heng_store_reader *reader = NULL;
    struct heng_str out = {.max = OUTPUT_MAX};
    struct heng_bill_explanation how = {0};
    struct heng_err err = {0};
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (!a->number) {
        free(decoder);
        return heng_usage_error("bill", "explain needs the number of a bill");
    }
    heng_rc rc = decoder ? heng_profiles_init(&decoder->profiles, &err) : HENG_ENOMEM;
    bool has_profiles = rc == HENG_OK;
    if (rc == HENG_OK) rc = heng_data_name(a->data, name, &err);
    if (rc == HENG_OK) rc = heng_store_reader_open(name, &reader, &err);
    if (rc == HENG_OK) rc = explain_with(a, reader, decoder, &how, &out, &err);
    if (rc == HENG_OK && a->bundle)
        rc = write_file(a->bundle, &out, &err);
    else if (rc == HENG_OK)
        printf("%s%s", out.text, a->json ? "\n" : "");
    heng_str_fini(&out);
    heng_store_reader_close(reader);
    if (has_profiles) heng_profiles_fini(&decoder->profiles);
    free(decoder);
    if (rc != HENG_OK) return heng_failure("bill", &err);
    if (how.differ) fprintf(stderr, "heng bill: %u of %u charges differ\n", how.differ, how.charges);
    return how.differ ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- verbs ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int (*run)(const struct asked *a);
} verbs[] = {
    {"explain", explain},
};

static const char help[] =
    "usage: heng bill explain NUMBER [--language zh|en|de] [--json] [--bundle FILE] [--data DIR]\n"
    "Tells why a bill says what it says: lines, steps, days of usage, readings, the frames of the meters, and works it "
    "out\nagain.\n"
    "heng bill run|list|show|issue|cancel|reverse|correct|late --help tells of runs of bills.\n"
    "  --json         as JSON\n"
    "  --bundle FILE  write all that proves it to a tar file, for the customer or a court (docs/trace.md)\n"
    "Exit status: 0 it comes out the same, 1 it does not or failed, 2 wrong usage.\n";

static const struct option options[] = {
    {"data", required_argument, NULL, 'd'}, {"language", required_argument, NULL, 'l'},
    {"json", no_argument, NULL, 'j'},       {"bundle", required_argument, NULL, 'b'},
    {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0}};

int heng_cmd_bill(int argc, char **argv)
{
    struct asked a = {.data = "data", .language = HENG_LANGUAGE_EN};
    int option;
    if (argc > 1 && heng_is_bill_run_verb(argv[1])) return heng_cmd_bill_run(argc, argv);
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) switch (option) {
        case 'd': a.data = optarg; break;
        case 'l':
            a.language = heng_language_of(optarg);
            if (a.language == HENG_LANGUAGES) return heng_usage_error("bill", "'%s' is not zh, en or de", optarg);
            break;
        case 'j': a.json = true; break;
        case 'b': a.bundle = optarg; break;
        case 'h': fputs(help, stdout); return EXIT_SUCCESS;
        default: return heng_option_error("bill", option, argv);
        }
    if (optind < argc) a.verb = argv[optind++];
    if (optind < argc) a.number = argv[optind++];
    if (optind < argc) return heng_usage_error("bill", "'%s' is too much", argv[optind]);
    for (size_t i = 0; a.verb && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, a.verb) == 0) return verbs[i].run(&a);
    return heng_usage_error("bill", a.verb ? "'%s' is no verb" : "what is to be done?%s", a.verb ? a.verb : "");
}
