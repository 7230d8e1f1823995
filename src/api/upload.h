#ifndef HENG_API_UPLOAD_H
#define HENG_API_UPLOAD_H
/* Files that come in and go out, and databases to try something on; all of them in the folder of the options. Inside of
 * api/ only. */
#include "api/internal.h"

/* How many may come in at once. */
enum { HENG_API_UPLOADS_MAX = 2 };
/* Begin, when the head of the request is there: is it of a type that the route takes, not too long, and is there a
 * place? Sets the fields of request. Errors: EFORMAT the type, ELIMIT too long, EBUSY no place, EIO. */
HENG_NODISCARD heng_rc heng_api_upload_begin(struct heng_request *request, const struct heng_api_route *route,
                                             struct heng_err *err);
/* More of the body. What is too long, or finds no room on the disk, is dropped and remembered. */
void heng_api_upload_add(struct heng_request *request, const struct heng_api_route *route, const char *bytes, size_t n);
/* The file is gone, the place is free. */
void heng_api_upload_end(struct heng_request *request);

/* A file without a name in the folder of the options; in memory where there is none. -1: errno says why. */
int heng_api_spool(const struct heng_api *api);
/* A sketch of the database (store/sketch.h) in that folder, to try something on; close it in any case but an error. */
struct heng_api_sketch {
    struct heng_store *store;
    char path[1024];
};
HENG_NODISCARD heng_rc heng_api_sketch_open(const struct heng_api *api, struct heng_store_reader *reader,
                                            struct heng_api_sketch *ret, struct heng_err *err);
void heng_api_sketch_close(struct heng_api_sketch *sketch);
/* Those that a power cut left behind; before the first is made. */
void heng_api_sketches_clean(const struct heng_api *api);
/* The answer that is the file; takes fd. Errors: EIO. */
HENG_NODISCARD heng_rc heng_api_file_response(struct heng_api_file *file, struct MHD_Response **ret,
                                              struct heng_err *err);

#endif
