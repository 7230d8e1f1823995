#include "api/route.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/contract.h"

/* Does the path fit the template? Parts in braces match one segment that is not empty. */
static bool matches(const char *template, const char *path, struct heng_api_input *input)
{
    input->part_count = 0;
    while (*template) {
        if (*template != '{') {
            if (*template ++ != *path++) return false;
            continue;
        }
        size_t n = strcspn(path, "/");
        char *part = input->parts[input->part_count];
        if (n == 0 || n >= sizeof input->parts[0] || input->part_count == HENG_API_PARTS_MAX) return false;
        memcpy(part, path, n);
        part[n] = '\0';
        input->part_count++;
        path += n;
        template += strcspn(template, "}") + 1;
    }
    return *path == '\0';
}

const struct heng_api_route *heng_api_find_route(const char *method, const char *path, struct heng_api_input *input,
                                                 char ret_allow[static HENG_API_ALLOW_MAX])
{
    size_t n = 0;
    if (strcmp(method, "HEAD") == 0) method = "GET";
    ret_allow[0] = '\0';
    for (size_t i = 0; i < HENG_API_ROUTE_COUNT; i++) {
        const struct heng_api_route *route = &heng_api_routes[i];
        if (!matches(route->path, path, input)) continue;
        if (strcmp(route->method, method) == 0) return route;
        if (n < HENG_API_ALLOW_MAX)
            n += (size_t)snprintf(ret_allow + n, HENG_API_ALLOW_MAX - n, "%s%s", n ? ", " : "",
                                  strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method);
    }
    return NULL;
}

static heng_rc take_int(const struct heng_api_param *param, const char *text, int64_t *ret, struct heng_err *err)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool digits = (text[0] >= '0' && text[0] <= '9') || (text[0] == '-' && text[1] >= '0' && text[1] <= '9');
    if (!digits || *end || errno == ERANGE || value < param->min || value > param->max)
        return heng_fail(err, HENG_ERANGE, 0, "parameter '%s' must be a whole number between %lld and %lld",
                         param->name, (long long)param->min, (long long)param->max);
    *ret = value;
    return HENG_OK;
}

static heng_rc take_word(const struct heng_api_param *param, const char *text, unsigned *ret, struct heng_err *err)
{
    char words[96] = "";
    size_t n = 0;
    for (unsigned i = 0; i < param->word_count; i++) {
        if (strcmp(param->words[i], text) == 0) {
            *ret = i;
            return HENG_OK;
        }
        for (const char *p = i ? " " : ""; *p && n + 1 < sizeof words; p++) words[n++] = *p;
        for (const char *p = param->words[i]; *p && n + 1 < sizeof words; p++) words[n++] = *p;
    }
    words[n] = '\0';
    return heng_fail(err, HENG_ERANGE, 0, "parameter '%s' must be one of: %s", param->name, words);
}

/* Check one text and store it as the member at `to`. */
static heng_rc take_one(const struct heng_api_param *param, const char *text, char *to, struct heng_err *err)
{
    int64_t number = 0;
    unsigned word = 0;
    heng_us at_us = 0;
    heng_rc rc = HENG_OK;
    switch (param->kind) {
    case HENG_API_PARAM_INT:
        rc = take_int(param, text, &number, err);
        memcpy(to, &number, sizeof number);
        break;
    case HENG_API_PARAM_TEXT:
        if (strlen(text) > param->max_length)
            return heng_fail(err, HENG_ERANGE, 0, "parameter '%s' is longer than %zu bytes", param->name,
                             param->max_length);
        memcpy(to, &text, sizeof text);
        break;
    case HENG_API_PARAM_TIME:
        rc = heng_us_parse(text, &at_us, NULL);
        if (rc != HENG_OK)
            rc = heng_fail(err, HENG_ERANGE, 0, "parameter '%s' must be a UTC time such as 2026-11-20T12:00:00Z",
                           param->name);
        memcpy(to, &at_us, sizeof at_us);
        break;
    case HENG_API_PARAM_ENUM:
        rc = take_word(param, text, &word, err);
        memcpy(to, &word, sizeof word);
        break;
    }
    return rc;
}

static const char *find_text(const struct heng_api_param *param, const struct heng_api_input *input)
{
    if (param->path_index >= 0)
        return (size_t)param->path_index < input->part_count ? input->parts[param->path_index] : NULL;
    for (size_t i = 0; i < input->arg_count; i++)
        if (strcmp(input->args[i].name, param->name) == 0) return input->args[i].value;
    return NULL;
}

static heng_rc check_names(const struct heng_api_route *route, const struct heng_api_input *input, struct heng_err *err)
{
    for (size_t i = 0; i < input->arg_count; i++) {
        const char *name = input->args[i].name;
        bool known = false;
        for (size_t j = 0; j < route->param_count && !known; j++)
            known = route->params[j].path_index < 0 && strcmp(route->params[j].name, name) == 0;
        if (!known) return heng_fail(err, HENG_ERANGE, 0, "parameter '%.40s' is not known", name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(input->args[j].name, name) == 0)
                return heng_fail(err, HENG_ERANGE, 0, "parameter '%s' is given twice", name);
    }
    return HENG_OK;
}

heng_rc heng_api_take_params(const struct heng_api_route *route, const struct heng_api_input *input, void *ret_params,
                             struct heng_err *err)
{
    char *to = ret_params;
    heng_rc rc = check_names(route, input, err);
    for (size_t i = 0; rc == HENG_OK && i < route->param_count; i++) {
        const struct heng_api_param *param = &route->params[i];
        const char *text = find_text(param, input);
        if (!text && param->required) return heng_fail(err, HENG_ERANGE, 0, "parameter '%s' is missing", param->name);
        if (text) rc = take_one(param, text, to + param->offset, err);
        if (!text && param->has_default) memcpy(to + param->offset, &param->fallback, sizeof param->fallback);
        if (text && param->has_offset != HENG_API_ALWAYS) memcpy(to + param->has_offset, &(bool){true}, sizeof(bool));
    }
    return rc;
}
