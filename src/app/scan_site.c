#include "app/scan_site.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/present.h"
#include "line/search.h"

enum { FILE_MAX = 1 << 22, WORD_MAX = 256 };

/* --- the list of known meters ------------------------------------------------------------------------------ */

static heng_rc add(struct heng_meter_config *list, size_t *n, heng_protocol protocol, const char *address,
                   const char *number, uint32_t line, struct heng_err *err)
{
    if (*n == HENG_SEARCH_METERS_MAX)
        return heng_fail(err, HENG_ELIMIT, line, "more than %d known meters", HENG_SEARCH_METERS_MAX);
    struct heng_meter_config *meter = &list[*n];
    if (strlen(address) >= sizeof meter->address || strlen(number) >= sizeof meter->number)
        return heng_fail(err, HENG_EFORMAT, line, "'%.40s' is no address of a meter", address);
    *meter = (struct heng_meter_config){.protocol = protocol, .medium = HENG_MEDIUM_UNKNOWN};
    snprintf(meter->address, sizeof meter->address, "%s", address);
    snprintf(meter->number, sizeof meter->number, "%s", number);
    (*n)++;
    return HENG_OK;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static heng_rc from_site(const char *text, size_t bytes, struct heng_meter_config *list, size_t *n,
                         struct heng_err *err)
{
    json_error_t where;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &where);
    if (!root) return heng_fail(err, HENG_EFORMAT, (uint32_t)(where.line > 0 ? where.line : 0), "%.120s", where.text);
    const json_t *meters = json_object_get(root, "meters");
    heng_rc rc =
        json_is_array(meters) ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "the site has no list 'meters' in brackets");
    size_t i;
    json_t *meter;
    json_array_foreach((json_t *)(uintptr_t)meters, i, meter)
    {
        heng_protocol protocol = heng_protocol_of(text_of(meter, "protocol"));
        heng_medium medium = heng_medium_of(text_of(meter, "medium"));
        if (rc == HENG_OK && (protocol == HENG_PROTOCOL_COUNT || !text_of(meter, "address")[0]))
            rc = heng_fail(err, HENG_EFORMAT, 0, "meters[%zu] has no protocol or no address", i);
        if (rc == HENG_OK) rc = add(list, n, protocol, text_of(meter, "address"), text_of(meter, "number"), 0, err);
        if (rc == HENG_OK && medium != HENG_MEDIUM_COUNT) list[*n - 1].medium = medium;
    }
    json_decref(root);
    return rc;
}

static heng_rc from_lines(char *text, heng_protocol protocol, struct heng_meter_config *list, size_t *n,
                          struct heng_err *err)
{
    uint32_t line = 1;
    for (char *p = text, *next; p; p = next, line++) {
        next = strchr(p, '\n');
        if (next) *next++ = '\0';
        p += strspn(p, " \t\r");
        p[strcspn(p, " \t\r#")] = '\0';
        heng_rc rc = p[0] ? add(list, n, protocol, p, "", line, err) : HENG_OK;
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

static heng_rc read_all(const char *path, char **ret, size_t *ret_n, struct heng_err *err)
{
    FILE *file = fopen(path, "rbe");
    if (!file) return heng_fail(err, HENG_EIO, 0, "cannot read '%.80s': %s", path, strerror(errno));
    char *text = malloc(FILE_MAX + 1);
    size_t n = text ? fread(text, 1, FILE_MAX + 1, file) : 0;
    bool bad = ferror(file) != 0;
    fclose(file);
    if (text && !bad && n <= FILE_MAX) {
        text[n] = '\0';
        *ret = text;
        *ret_n = n;
        return HENG_OK;
    }
    free(text);
    if (!text) return heng_fail(err, HENG_ENOMEM, 0, "no memory for '%.80s'", path);
    return bad ? heng_fail(err, HENG_EIO, 0, "cannot read '%.80s'", path)
               : heng_fail(err, HENG_ELIMIT, 0, "'%.80s' is longer than %d bytes", path, FILE_MAX);
}

heng_rc heng_scan_known(const char *path, heng_protocol protocol, struct heng_meter_config **ret, size_t *ret_count,
                        struct heng_err *err)
{
    char *text = NULL;
    size_t bytes = 0, n = 0;
    struct heng_err why = {.text = ""};
    heng_rc rc = read_all(path, &text, &bytes, err);
    if (rc != HENG_OK) return rc;
    struct heng_meter_config *list = calloc(HENG_SEARCH_METERS_MAX, sizeof *list);
    if (!list)
        rc = heng_fail(&why, HENG_ENOMEM, 0, "no memory for known meters");
    else if (text[strspn(text, " \t\r\n")] == '{')
        rc = from_site(text, bytes, list, &n, &why);
    else
        rc = from_lines(text, protocol, list, &n, &why);
    free(text);
    if (rc != HENG_OK) {
        free(list);
        return heng_fail(err, rc, why.at, "%.60s, line %u: %.90s", path, why.at, why.text);
    }
    *ret = list;
    *ret_count = n;
    return HENG_OK;
}

/* --- what was found ------------------------------------------------------------------------------------------ */

void heng_scan_found_json(const struct heng_search_found *found, const struct heng_line_config *line,
                          struct heng_str *out)
{
    struct heng_json j = heng_json_of(out);
    char parity[2] = {line->parity, '\0'};
    heng_json_object(&j);
    heng_present_text(&j, "protocol", heng_protocol_text(found->protocol));
    heng_present_text(&j, "address", found->address);
    heng_present_text(&j, "number", found->number);
    heng_present_text(&j, "manufacturer", found->manufacturer);
    heng_present_text(&j, "medium", heng_medium_text(found->medium));
    heng_json_key(&j, "primary");
    if (found->primary >= 0)
        heng_json_int(&j, found->primary);
    else
        heng_json_null(&j);
    heng_present_bool(&j, "known", found->known);
    heng_present_bool(&j, "twin", found->twin);
    heng_present_int(&j, "baud", line->baud);
    heng_present_text(&j, "parity", parity);
    heng_json_end_object(&j);
}

static void put_line(const struct heng_line_config *line, struct heng_json *j)
{
    char parity[2] = {line->parity, '\0'};
    heng_json_object(j);
    heng_present_text(j, "key", "line-1");
    heng_present_text(j, "name", "line 1");
    heng_present_text(j, "transport", heng_transport_text(line->transport));
    heng_present_text(j, "endpoint", line->endpoint);
    if (line->heartbeat[0]) heng_present_text(j, "heartbeat", line->heartbeat);
    heng_present_int(j, "baud", line->baud);
    heng_present_text(j, "parity", parity);
    heng_present_int(j, "latency_ms", line->latency_ms);
    heng_present_int(j, "period_s", 900);
    heng_json_end_object(j);
}

/* Does another meter of the list have this plate number too? */
static bool number_taken(const struct heng_search_found *found, size_t count, size_t i)
{
    for (size_t k = 0; k < count; k++)
        if (k != i && !found[k].twin && strcmp(found[k].number, found[i].number) == 0) return true;
    return false;
}

static void put_meter(const struct heng_search_found *found, size_t count, size_t i, struct heng_json *j)
{
    const struct heng_search_found *f = &found[i];
    char number[64];
    if (f->number[0] && !number_taken(found, count, i))
        snprintf(number, sizeof number, "%s", f->number);
    else /* a Modbus meter does not say its number: this one is to be replaced by the plate's */
        snprintf(number, sizeof number, "%s-%s", heng_protocol_text(f->protocol), f->address);
    heng_json_object(j);
    heng_present_text(j, "number", number);
    heng_present_text(j, "line", "line-1");
    heng_present_text(j, "protocol", heng_protocol_text(f->protocol));
    heng_present_text(j, "address", f->address);
    heng_present_text(j, "medium", heng_medium_text(f->medium));
    heng_present_text(j, "place", "found");
    if (f->manufacturer[0]) heng_present_text(j, "manufacturer", f->manufacturer);
    heng_json_end_object(j);
}

void heng_scan_site_json(const struct heng_line_config *line, const struct heng_search_found *found, size_t count,
                         struct heng_str *out)
{
    struct heng_json j = heng_json_of(out);
    heng_json_object(&j);
    heng_json_key(&j, "places");
    heng_json_array(&j);
    heng_json_object(&j);
    heng_present_text(&j, "key", "found");
    heng_present_text(&j, "kind", "building");
    heng_present_text(&j, "name", "found by heng scan");
    heng_json_end_object(&j);
    heng_json_end_array(&j);
    heng_json_key(&j, "lines");
    heng_json_array(&j);
    put_line(line, &j);
    heng_json_end_array(&j);
    heng_json_key(&j, "meters");
    heng_json_array(&j);
    for (size_t i = 0; i < count; i++)
        if (!found[i].twin) put_meter(found, count, i, &j);
    heng_json_end_array(&j);
    heng_json_end_object(&j);
}
