#include "app/cmd_decode.h"
#include "base/hex.h"
#include "codec/present.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* LINE_MAX_BYTES: the longest frame is 268 bytes; written as "0xFE, " and with a preamble it fits easily. */
enum { LINE_MAX_BYTES = 4096, FRAME_MAX = 1024, JSON_MAX = 1 << 20, OK = 0, SOME_BAD = 1, USAGE = 2 };

static const char usage[] =
    "usage: heng decode [--protocol mbus|cjt188] [HEX...]\n"
    "Decodes captured frames and prints one JSON object per line. Without HEX it reads one frame per line from\n"
    "standard input; blank lines and lines that start with # are skipped. Without --protocol the protocol is\n"
    "recognised from the bytes. Exit status: 0 every frame decoded, 1 one did not, 2 wrong usage.\n";

struct options {
    bool help, protocol_given;
    heng_protocol protocol;
};

static void put_hex_error(const struct options *options, const struct heng_err *err, struct heng_json *json)
{
    heng_json_object(json);
    heng_json_key(json, "ok");
    heng_json_bool(json, false);
    heng_json_key(json, "protocol");
    heng_json_text(json, options->protocol_given ? heng_protocol_text(options->protocol) : NULL);
    heng_json_key(json, "error");
    heng_json_text(json, "format");
    heng_json_key(json, "offset");
    heng_json_int(json, err->at);
    heng_json_key(json, "message");
    heng_json_text(json, err->text);
    heng_json_end_object(json);
}

/* Decode one frame of hex text and print its line. Returns OK or SOME_BAD. */
static int decode_text(const struct options *options, struct heng_slice text)
{
    uint8_t bytes[FRAME_MAX];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_str out = {.max = JSON_MAX};
    struct heng_json json = heng_json_of(&out);
    struct heng_err err = {0};
    heng_rc rc = heng_hex_parse(text, &buf, &err);
    if (rc == HENG_OK) {
        struct heng_slice frame = heng_buf_slice(&buf);
        heng_protocol protocol = options->protocol_given ? options->protocol : heng_codec_recognise(frame);
        rc = heng_present_json(protocol, frame, &json);
    } else {
        put_hex_error(options, &err, &json);
    }
    if (out.rc == HENG_OK)
        puts(out.text);
    else
        fprintf(stderr, "heng decode: no memory for the answer\n");
    if (out.rc != HENG_OK) rc = out.rc;
    heng_str_fini(&out);
    return rc == HENG_OK ? OK : SOME_BAD;
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

static int decode_stdin(const struct options *options)
{
    static char line[LINE_MAX_BYTES];
    size_t n;
    bool too_long;
    int status = OK;
    while (!ferror(stdout) && read_line(line, sizeof line, &n, &too_long)) {
        if (too_long) {
            static const char message[] = "{\"ok\":false,\"protocol\":null,\"error\":\"format\",\"offset\":4096,"
                                          "\"message\":\"line is longer than 4096 characters\"}";
            puts(message);
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

static int decode_joined(const struct options *options, int count, char **arguments)
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

static int decode_arguments(const struct options *options, int count, char **arguments)
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
        fprintf(stderr, "heng decode: --protocol wants a name: mbus or cjt188\n");
        return USAGE;
    }
    options->protocol = heng_protocol_of(name);
    options->protocol_given = true;
    if (options->protocol == HENG_PROTOCOL_COUNT) {
        fprintf(stderr, "heng decode: there is no protocol '%s': use mbus or cjt188\n", name);
        return USAGE;
    }
    return OK;
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
        fputs(usage, stdout);
        return finish_output(OK);
    }
    int count = argc - first;
    bool from_stdin = count == 0 || (count == 1 && strcmp(argv[first], "-") == 0);
    return finish_output(from_stdin ? decode_stdin(&options) : decode_arguments(&options, count, argv + first));
}
