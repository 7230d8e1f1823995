#ifndef HENG_API_ROUTE_H
#define HENG_API_ROUTE_H
/* What the generated contract is made of: routes, their parameters and how these are checked. */
#include "base/arena.h"
#include "base/json.h"
#include "base/slice.h"

/* A body that is a file, spooled into one without a name: fd is read from anywhere, and closed by the server. type: the
 * media type that was said, one of the contract's. */
struct heng_api_upload {
    int fd;
    uint64_t n;
    const char *type;
};

/* The name by which libraries open such a file once more, as long as fd is open. */
enum { HENG_API_FD_PATH_MAX = 32 };
void heng_api_fd_path(int fd, char ret[static HENG_API_FD_PATH_MAX]);

/* A file as the answer. Owns: fd, which goes to the server when the handler returns OK. name: what the browser saves it
 * as; plain ASCII; "": it is shown. status 0: that of the route. */
enum { HENG_API_FILE_NAME_MAX = 96 };
struct heng_api_file {
    int fd;
    const char *type;
    char name[HENG_API_FILE_NAME_MAX];
    unsigned status;
};

/* A message as it came, whose sender is proved by what is in it. Texts are borrowed from the request. */
enum { HENG_API_HEADERS_MAX = 32, HENG_API_MESSAGE_MAX = 65536 };
struct heng_api_header {
    const char *name, *value;
};
struct heng_api_message {
    const struct heng_api_header *headers;
    size_t header_count;
    struct heng_slice body;
};

/* What a handler works with. */
struct heng_api;
struct heng_api_route;
struct heng_api_input;
struct heng_store_reader;
struct heng_api_call {
    struct heng_api *api;
    struct heng_store_reader *reader;
    struct heng_arena *arena;             /* lives until the answer is written */
    bool is_wish;                         /* set by a handler: the error it gives is meant for who asked */
    const struct heng_api_upload *upload; /* of a route that takes one */
    struct heng_api_file *file;           /* of a route that answers with one */
    const struct heng_api_route *route;
    const struct heng_api_input *input;
    const struct heng_api_message *message;
};

typedef enum heng_api_param_kind {
    HENG_API_PARAM_INT,
    HENG_API_PARAM_TEXT,
    HENG_API_PARAM_TIME,
    HENG_API_PARAM_ENUM
} heng_api_param_kind;

/* has_offset of a parameter that always has a value. */
#define HENG_API_ALWAYS SIZE_MAX

/* One parameter: what is allowed, and where it goes in the struct of its operation. */
struct heng_api_param {
    const char *name;
    heng_api_param_kind kind;
    int path_index; /* which {part} of the path; -1: of the query */
    bool required;
    int64_t min, max;         /* INT */
    size_t max_length;        /* TEXT, in bytes */
    const char *const *words; /* ENUM */
    unsigned word_count;
    bool has_default;
    int64_t fallback; /* the default of an INT */
    size_t offset, has_offset;
};

typedef enum heng_api_field_kind {
    HENG_API_FIELD_INT,
    HENG_API_FIELD_TEXT,
    HENG_API_FIELD_ENUM,
    HENG_API_FIELD_BOOL,
    HENG_API_FIELD_INTS,
    HENG_API_FIELD_JSON /* any value, as it stands in the text */
} heng_api_field_kind;

/* One field of a request's body: what is allowed, and where it goes in the struct of its schema. */
struct heng_api_field {
    const char *name;
    heng_api_field_kind kind;
    bool required;
    int64_t min, max;         /* INT, INTS */
    size_t most;              /* bytes of a TEXT or JSON, items of INTS */
    const char *const *words; /* ENUM */
    unsigned word_count;
    size_t offset, has_offset, count_offset;
};

/* run is NULL for a stream of events; fields is NULL for a request without a body. status: of a good answer.
 * upload_max: the body is a file of at most so many bytes, and of one of the types; 0: it is JSON. message: it is
 * anything, from anywhere. */
struct heng_api_route {
    const char *method, *path, *operation;
    const struct heng_api_param *params;
    size_t param_count;
    const struct heng_api_field *fields;
    size_t field_count;
    unsigned status;
    heng_rc (*run)(struct heng_api_call *call, const void *params, const void *body, struct heng_json *json,
                   struct heng_err *err);
    bool stream, file, message;
    uint64_t upload_max;
    const char *const *upload_types; /* NULL behind the last */
};

/* One name=value of the query, decoded. */
struct heng_api_arg {
    const char *name, *value;
};

/* What a request asks with: the {parts} of the path and the query. */
enum { HENG_API_PARTS_MAX = 4, HENG_API_ARGS_MAX = 16 };
struct heng_api_input {
    char parts[HENG_API_PARTS_MAX][64];
    size_t part_count;
    struct heng_api_arg args[HENG_API_ARGS_MAX];
    size_t arg_count;
    struct heng_api_header headers[HENG_API_HEADERS_MAX]; /* of a route for messages */
    size_t header_count;
    struct heng_slice body;
};

/* Find the route of a method and a path and fill the parts of input; NULL when there is none. HEAD is GET.
 * ret_allow: the methods that the path knows, "GET, HEAD, POST"; "" for a path that is not known. */
enum { HENG_API_ALLOW_MAX = 64 };
const struct heng_api_route *heng_api_find_route(const char *method, const char *path, struct heng_api_input *input,
                                                 char ret_allow[static HENG_API_ALLOW_MAX]);

/* Check the input and fill the struct of parameters; texts are borrowed from the input.
 * Errors: ERANGE, the text names the parameter. An unknown or repeated name is an error too: a filter with a typing
 *         mistake must not look like one that matched everything. */
HENG_NODISCARD heng_rc heng_api_take_params(const struct heng_api_route *route, const struct heng_api_input *input,
                                            void *ret_params, struct heng_err *err);

/* The same for the body: one JSON object with the fields of the route. Texts and lists go to the arena.
 * Errors: ERANGE, the text names the field; ENOMEM. */
HENG_NODISCARD heng_rc heng_api_take_body(const struct heng_api_route *route, const struct heng_api_input *input,
                                          struct heng_arena *arena, void *ret_body, struct heng_err *err);

#endif
