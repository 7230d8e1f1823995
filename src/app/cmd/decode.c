#include "app/cmd/decode.h"
#include "app/explain_table.h"
#include "app/protocol_names.h"
#include "app/site/profiles.h"
#include "base/hex.h"
#include "codec/present.h"
#include "meter/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* LINE_MAX_BYTES: the longest frame is 268 bytes; written as "0xFE, " and with a preamble it fits easily. */
enum { LINE_MAX_BYTES = 4096, FRAME_MAX = 1024, JSON_MAX = 1 << 20, OK = 0, SOME_BAD = 1, USAGE = 2 };

static const char usage[] =
    "usage: heng decode [--protocol NAME] [--profile NAME|FILE] [--explain] [HEX...]\n"
    "Decodes captured frames and prints one JSON object per line. Without HEX it reads one frame per line from\n"
    "standard input; blank lines and lines that start with # are skipped. A Modbus answer may have its request in\n"
    "front of it. Exit status: 0 every frame decoded, 1 one did not, 2 wrong usage.\n\n"
    "  --protocol NAME  one of %s;\n"
    "                   without it the protocol is recognised from the bytes\n"
    "  --profile NAME|FILE\n"
    "                   read the frames as this meter model has them: a name of 'heng profile list' or a file;\n"
    "                   without it the model is recognised from what the frame says about the meter\n"
    "  --explain        print what each byte means, as a table, instead of JSON\n";

struct options {
    bool help, explain;
    uint32_t protocols; /* bits 1 << heng_protocol; 0: not given */
    const char *protocol_name, *profile_name;
    struct heng_profiles profiles;
    const struct heng_profile *profile; /* as given; NULL: recognised */
    struct heng_profile from_file;
    bool any_printed;
};

static void put_refusal(const struct options *options, const struct heng_err *err, struct heng_json *json)
{
    heng_json_object(json);
    heng_json_key(json, "ok");
    heng_json_bool(json, false);
    heng_json_key(json, "protocol");
    heng_json_text(json, options->protocol_name);
    heng_json_key(json, "error");
    heng_json_text(json, "format");
    heng_json_key(json, "offset");
    heng_json_int(json, err->at);
    heng_json_key(json, "message");
    heng_json_text(json, err->text);
    heng_json_end_object(json);
}

/* What a text that is no frame gets instead of a decoded one. */
static void print_refusal(struct options *options, const struct heng_err *err)
{
    struct heng_str out = {.max = JSON_MAX};
    struct heng_json json = heng_json_of(&out);
    if (options->explain) {
        printf("refused: format at character %u: %s\n", (unsigned)err->at, err->text);
        return;
    }
    put_refusal(options, err, &json);
    if (out.rc == HENG_OK)
        puts(out.text);
    else
        fprintf(stderr, "heng decode: no memory for the answer\n");
    heng_str_fini(&out);
}

/* Print one frame in the form that was asked for. Errors: ENOMEM. */
static heng_rc print_capture(struct options *options, const struct heng_capture *capture, const char *profile)
{
    struct heng_str out = {.max = JSON_MAX};
    struct heng_json json = heng_json_of(&out);
    if (options->explain) {
        heng_explain_table(capture, profile);
        return HENG_OK;
    }
    heng_present_json(capture, profile, &json);
    heng_rc rc = out.rc;
    if (rc == HENG_OK)
        puts(out.text);
    else
        fprintf(stderr, "heng decode: no memory for the answer\n");
    heng_str_fini(&out);
    return rc;
}

/* Read the frame as its meter model has it. Returns the name of the model, NULL for none of its own. */
static const char *use_profile(const struct options *options, struct heng_capture *capture)
{
    if (!capture->has_telegram) return NULL;
    const struct heng_profile *profile =
        options->profile ? options->profile : heng_profiles_recognise(&options->profiles, &capture->telegram);
    if (!profile) return NULL;
    heng_capture_use(capture, &profile->dialect);
    return profile->generic ? NULL : profile->name;
}

/* Decode one frame of hex text and print it. Returns OK or SOME_BAD. */
static int decode_text(struct options *options, struct heng_slice text)
{
    uint8_t bytes[FRAME_MAX];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_err err = {0};
    if (options->explain && options->any_printed) puts("");
    options->any_printed = true;
    if (heng_hex_parse(text, &buf, &err) != HENG_OK) {
        print_refusal(options, &err);
        return SOME_BAD;
    }
    struct heng_slice frame = heng_buf_slice(&buf);
    struct heng_capture capture;
    heng_capture_init(&capture,
                      options->protocols ? heng_codec_recognise_among(options->protocols, frame)
                                         : heng_codec_recognise(frame),
                      frame);
    const char *profile = use_profile(options, &capture);
    return print_capture(options, &capture, profile) == HENG_OK && capture.rc == HENG_OK ? OK : SOME_BAD;
}

/* The next line of stdin without its end; false at the end of input. Of an over-long line the start is kept
 * and ret_too_long set. */
static bool read_line(char *line, size_t cap, size_t *ret_n, bool *ret_too_long)
{
    size_t n = 0;
    int c;
    *ret_too_long = false;
    while ((c = getchar()) != EOF && c != '\n') {
        if (n < cap)
            line[n++] = (char)c;
        else
            *ret_too_long = true;
    }
    *ret_n = n;
    return c != EOF || n > 0;
}

static bool is_skipped(const char *line, size_t n)
{
    size_t i = 0;
    while (i < n && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r')) i++;
    return i == n || line[i] == '#';
}

static int decode_stdin(struct options *options)
{
    static char line[LINE_MAX_BYTES];
    size_t n;
    bool too_long;
    int status = OK;
    while (!ferror(stdout) && read_line(line, sizeof line, &n, &too_long)) {
        if (too_long) {
            static const struct heng_err too_long_err = {HENG_EFORMAT, LINE_MAX_BYTES,
                                                         "line is longer than 4096 characters"};
            print_refusal(options, &too_long_err);
            status = SOME_BAD;
        } else if (!is_skipped(line, n) && decode_text(options, heng_slice_of(line, n)) != OK) {
            status = SOME_BAD;
        }
        fflush(stdout); /* a program that feeds us line by line waits for each answer */
    }
    if (ferror(stdin)) {
        fprintf(stderr, "heng decode: cannot read standard input\n");
        return SOME_BAD;
    }
    return status;
}

/* Arguments such as 10 40 FD 3D 16 are one frame written byte by byte: one of them alone is too short for any
 * frame, but E5 is a whole one, so a list of nothing but E5 stays a list. */
static bool is_one_frame(int count, char **arguments)
{
    bool only_ack = true;
    if (count < 2) return false;
    for (int i = 0; i < count; i++) {
        if (strlen(arguments[i]) > 2) return false;
        only_ack = only_ack && (strcmp(arguments[i], "E5") == 0 || strcmp(arguments[i], "e5") == 0);
    }
    return !only_ack;
}

static int decode_joined(struct options *options, int count, char **arguments)
{
    char text[LINE_MAX_BYTES];
    size_t n = 0;
    for (int i = 0; i < count; i++) {
        size_t length = strlen(arguments[i]);
        if (n + length + 1 > sizeof text) {
            fprintf(stderr, "heng decode: a frame of %d bytes is too long: 1024 bytes is the limit\n", count);
            return USAGE;
        }
        memcpy(text + n, arguments[i], length);
        n += length;
        text[n++] = ' ';
    }
    return decode_text(options, heng_slice_of(text, n));
}

static int decode_arguments(struct options *options, int count, char **arguments)
{
    int status = OK;
    if (is_one_frame(count, arguments)) return decode_joined(options, count, arguments);
    for (int i = 0; i < count; i++)
        if (decode_text(options, heng_slice_str(arguments[i])) != OK) status = SOME_BAD;
    return status;
}

/* The name after --protocol; USAGE when there is none or it is not a protocol. */
static int read_protocol(const char *name, struct options *options)
{
    if (!name) {
        fprintf(stderr, "heng decode: --protocol wants a name: one of %s\n", heng_protocol_names());
        return USAGE;
    }
    options->protocols = heng_protocols_named(name);
    options->protocol_name = name;
    if (options->protocols == 0) {
        fprintf(stderr, "heng decode: there is no protocol '%s': use one of %s\n", name, heng_protocol_names());
        return USAGE;
    }
    return OK;
}

/* Errors: EIO, ELIMIT; those of heng_profile_parse. */
static heng_rc read_profile_file(struct options *options, struct heng_err *err)
{
    static char text[HENG_PROFILE_BYTES_MAX + 1];
    struct heng_err why = {.text = ""};
    size_t n = 0;
    heng_rc rc = heng_profile_file_read(options->profile_name, text, &n, &why);
    if (rc != HENG_OK)
        return heng_fail(err, rc, 0, "there is no profile '%.60s' (see heng profile list), and as a file it %s",
                         options->profile_name, why.text);
    return heng_profile_parse(heng_slice_of(text, n), &options->profiles.arena, &options->from_file, err);
}

/* The built-in profiles, and the one that was asked for. Returns OK or USAGE. */
static int load_profiles(struct options *options)
{
    struct heng_err err = {0};
    heng_rc rc = heng_profiles_init(&options->profiles, &err);
    if (rc == HENG_OK && options->profile_name) {
        options->profile = heng_profiles_find(&options->profiles, options->profile_name);
        if (!options->profile && (rc = read_profile_file(options, &err)) == HENG_OK)
            options->profile = &options->from_file;
    }
    if (rc != HENG_OK) {
        if (err.at)
            fprintf(stderr, "heng decode: %s:%u: %s\n", options->profile_name, (unsigned)err.at, err.text);
        else
            fprintf(stderr, "heng decode: %s\n", err.text);
        return USAGE;
    }
    if (!options->profile) return OK;
    if (options->protocols && !(options->protocols & options->profile->protocols)) {
        fprintf(stderr, "heng decode: meters of the profile '%s' do not speak '%s'\n", options->profile->name,
                options->protocol_name);
        return USAGE;
    }
    options->protocols =
        options->protocols ? options->protocols & options->profile->protocols : options->profile->protocols;
    return OK;
}

/* The name after --profile. */
static int read_profile(const char *name, struct options *options)
{
    options->profile_name = name;
    if (name && name[0]) return OK;
    fprintf(stderr, "heng decode: --profile wants a name of heng profile list, or a file\n");
    return USAGE;
}

/* Options stand in front of the frames; *ret_first is then the first frame. Behind "--" everything is a frame. */
static int read_options(int argc, char **argv, struct options *options, int *ret_first)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            options->help = true;
            return OK;
        }
        if (strcmp(argv[i], "--") == 0) {
            *ret_first = i + 1;
            return OK;
        }
        if (strcmp(argv[i], "--protocol") == 0) {
            i++;
            if (read_protocol(i < argc ? argv[i] : NULL, options) != OK) return USAGE;
        } else if (strncmp(argv[i], "--protocol=", 11) == 0) {
            if (read_protocol(argv[i] + 11, options) != OK) return USAGE;
        } else if (strcmp(argv[i], "--profile") == 0) {
            i++;
            if (read_profile(i < argc ? argv[i] : NULL, options) != OK) return USAGE;
        } else if (strncmp(argv[i], "--profile=", 10) == 0) {
            if (read_profile(argv[i] + 10, options) != OK) return USAGE;
        } else if (strcmp(argv[i], "--explain") == 0) {
            options->explain = true;
        } else {
            fprintf(stderr, "heng decode: there is no option '%s': try heng decode --help\n", argv[i]);
            return USAGE;
        }
    }
    *ret_first = i;
    if (i + 1 == argc) return OK; /* one argument: a frame, or "-" for standard input */
    for (; i < argc; i++) {
        if (argv[i][0] != '-') continue;
        fprintf(stderr, "heng decode: '%s' stands among the frames: options go in front of them\n", argv[i]);
        return USAGE;
    }
    return OK;
}

/* Every answer must have reached the reader: a full disk is not "every frame decoded". */
static int finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    fprintf(stderr, "heng decode: cannot write to standard output: is the disk full, or the reader gone?\n");
    return SOME_BAD;
}

int heng_cmd_decode(int argc, char **argv)
{
    struct options options = {0};
    int first = 1;
    if (read_options(argc, argv, &options, &first) != OK) return USAGE;
    if (options.help) {
        printf(usage, heng_protocol_names());
        return finish_output(OK);
    }
    int count = argc - first, status = load_profiles(&options);
    bool from_stdin = count == 0 || (count == 1 && strcmp(argv[first], "-") == 0);
    if (status == OK) status = from_stdin ? decode_stdin(&options) : decode_arguments(&options, count, argv + first);
    heng_profiles_fini(&options.profiles);
    return finish_output(status);
}
