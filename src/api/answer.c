#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "api/upload.h"
#include "base/log.h"

/* The policy that the console needs and no more: its own files, styles set by scripts, icons in style sheets. */
#define POLICY                                                                                                         \
    "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "              \
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"

void heng_api_common_headers(struct MHD_Response *response)
{
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Content-Security-Policy", POLICY);
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static struct MHD_Response *finish(struct MHD_Response *response, const char *content_type)
{
    if (!response) return NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    heng_api_common_headers(response);
    return response;
}

struct MHD_Response *heng_api_response_take(char *body, size_t n, const char *content_type)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(n, body, MHD_RESPMEM_MUST_FREE);
    if (!response) free(body);
    return finish(response, content_type);
}

struct MHD_Response *heng_api_response_keep(const void *body, size_t n, const char *content_type)
{
    /* The library takes a pointer without const, but never writes to persistent memory. */
    union {
        const void *in;
        void *out;
    } memory = {.in = body};
    return finish(MHD_create_response_from_buffer(n, memory.out, MHD_RESPMEM_PERSISTENT), content_type);
}

static const char *title_of(unsigned status)
{
    switch (status) {
    case MHD_HTTP_BAD_REQUEST: return "The request is not right";
    case MHD_HTTP_NOT_FOUND: return "Not found";
    case MHD_HTTP_METHOD_NOT_ALLOWED: return "Method not allowed";
    case MHD_HTTP_FORBIDDEN: return "Not allowed";
    case MHD_HTTP_CONFLICT: return "It contradicts what is there";
    case MHD_HTTP_CONTENT_TOO_LARGE: return "Too large";
    case MHD_HTTP_UNSUPPORTED_MEDIA_TYPE: return "Not of a type that is taken here";
    case MHD_HTTP_UNPROCESSABLE_CONTENT: return "It cannot be done";
    case MHD_HTTP_MISDIRECTED_REQUEST: return "Not this server";
    case MHD_HTTP_SERVICE_UNAVAILABLE: return "Too busy";
    }
    return "The server failed";
}

struct MHD_Response *heng_api_problem_response(unsigned status, const char *code, const char *detail)
{
    struct heng_str text = {.max = 4096};
    struct heng_json json = heng_json_of(&text);
    struct heng_api_problem problem = {
        .title = title_of(status), .status = status, .code = code, .has_detail = detail && detail[0], .detail = detail};
    heng_api_write_problem(&json, &problem);
    if (text.rc != HENG_OK) {
        heng_str_fini(&text);
        return NULL;
    }
    struct MHD_Response *response = heng_api_response_take(text.text, text.n, "application/problem+json");
    if (response) MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (response && status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    return response;
}

unsigned heng_api_status_of(heng_rc rc)
{
    switch (rc) {
    case HENG_OK: return MHD_HTTP_OK;
    case HENG_ENOTFOUND: return MHD_HTTP_NOT_FOUND;
    case HENG_ERANGE: return MHD_HTTP_BAD_REQUEST;
    case HENG_EBUSY: return MHD_HTTP_SERVICE_UNAVAILABLE;
    case HENG_MORE:
    case HENG_ECHECKSUM:
    case HENG_EFORMAT:
    case HENG_EUNSUPPORTED:
    case HENG_ELIMIT:
    case HENG_ETIMEOUT:
    case HENG_ECLOSED:
    case HENG_ENOMEM:
    case HENG_EIO:
    case HENG_EEXISTS:
    case HENG_EDENIED:
    case HENG_ECONFIG:
    case HENG_ECONFLICT:
    case HENG_EBUG: return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

unsigned heng_api_wish_status_of(heng_rc rc)
{
    switch (rc) {
    case HENG_OK: return MHD_HTTP_OK;
    case HENG_ENOTFOUND: return MHD_HTTP_NOT_FOUND;
    case HENG_ERANGE:
    case HENG_ECONFIG:
    case HENG_EFORMAT: return MHD_HTTP_BAD_REQUEST;
    case HENG_EUNSUPPORTED: return MHD_HTTP_UNPROCESSABLE_CONTENT;
    case HENG_EDENIED: return MHD_HTTP_FORBIDDEN;
    case HENG_ECONFLICT:
    case HENG_EEXISTS: return MHD_HTTP_CONFLICT;
    case HENG_EBUSY:
    case HENG_ELIMIT:
    case HENG_ETIMEOUT:
    case HENG_ECLOSED: return MHD_HTTP_SERVICE_UNAVAILABLE;
    case HENG_MORE:
    case HENG_ECHECKSUM:
    case HENG_ENOMEM:
    case HENG_EIO:
    case HENG_EBUG: return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

/* What the client may know of a failure; what is inside of the server goes to the log. */
static struct MHD_Response *answer_failure(const struct heng_api_route *route, bool is_wish, heng_rc rc,
                                           const struct heng_err *err, unsigned *ret_status)
{
    *ret_status = heng_api_wish_status_of(rc);
    if (is_wish && *ret_status != MHD_HTTP_INTERNAL_SERVER_ERROR)
        return heng_api_problem_response(*ret_status, heng_rc_name(rc), err->text);
    *ret_status = heng_api_status_of(rc);
    if (*ret_status == MHD_HTTP_BAD_REQUEST) return heng_api_problem_response(*ret_status, heng_rc_name(rc), err->text);
    if (rc == HENG_ENOTFOUND)
        return heng_api_problem_response(*ret_status, heng_rc_name(rc), "there is nothing with this id");
    heng_log(HENG_LOG_ERROR, "api", "event=failed operation=%s rc=%s text='%s'", route->operation, heng_rc_name(rc),
             err->text);
    return heng_api_problem_response(*ret_status, heng_rc_name(rc), "the log of the server says why");
}

struct MHD_Response *heng_api_run_route(struct heng_api *api, const struct heng_api_route *route,
                                        const struct heng_api_input *input, const struct heng_api_upload *upload,
                                        struct heng_store_reader *reader, unsigned *ret_status)
{
    struct heng_api_file file = {.fd = -1};
    union heng_api_any_params params;
    union heng_api_any_body body;
    struct heng_err err = {0};
    memset(&params, 0, sizeof params);
    memset(&body, 0, sizeof body);
    heng_rc rc = heng_api_take_params(route, input, &params, &err);
    if (rc != HENG_OK) return answer_failure(route, false, rc, &err, ret_status);

    struct heng_arena arena = {.max = HENG_API_ARENA_MAX};
    const struct heng_api_message message = {input->headers, input->header_count, input->body};
    struct heng_api_call call = {.api = api,
                                 .reader = reader,
                                 .arena = &arena,
                                 .upload = upload,
                                 .file = &file,
                                 .message = &message,
                                 .route = route,
                                 .input = input};
    struct heng_str text = {.max = HENG_API_BODY_MAX};
    struct heng_json json = heng_json_of(&text);
    if (!route->message) rc = heng_api_take_body(route, input, &arena, &body, &err);
    if (rc == HENG_OK) rc = route->run(&call, &params, &body, &json, &err);
    heng_arena_fini(&arena);
    if (rc == HENG_OK && text.rc != HENG_OK) rc = heng_fail(&err, text.rc, 0, "the answer is too large");
    if (rc != HENG_OK) {
        heng_str_fini(&text);
        return answer_failure(route, call.is_wish, rc, &err, ret_status);
    }
    *ret_status = route->status;
    if (route->file) {
        heng_str_fini(&text);
        struct MHD_Response *answer = NULL;
        if (file.status) *ret_status = file.status;
        rc = heng_api_file_response(&file, &answer, &err);
        return rc == HENG_OK ? answer : answer_failure(route, false, rc, &err, ret_status);
    }
    struct MHD_Response *response = heng_api_response_take(text.text, text.n, "application/json");
    if (response) MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return response;
}
