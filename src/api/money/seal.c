/* The operations on seals: the newest checkpoint, the proof of a row, the comparison of everything. */
#include <stdlib.h>
#include <string.h>

#include "api/money/pay_parts.h"
#include "api/money/verification.h"
#include "base/log.h"
#include "seal/proof.h"
#include "seal/seal.h"
#include "seal/verify.h"

enum { FOUND_MAX = 100, PROOF_MAX = 64 << 20 };

heng_rc heng_api_get_seal(struct heng_api_call *call, struct heng_api_seal *ret, struct heng_err *err)
{
    char line[HENG_SEAL_LINE_CAP];
    heng_rc rc = heng_seal_head(call->reader, line, err);
    ret->sealed = ret->has_line = rc == HENG_OK;
    if (rc == HENG_OK) ret->line = heng_arena_text(call->arena, line);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_api_get_seal_proof(struct heng_api_call *call, const struct heng_api_get_seal_proof_params *params,
                                struct heng_api_file *ret, struct heng_err *err)
{
    struct heng_str out = {.max = PROOF_MAX};
    const heng_seal_stream stream = heng_seal_stream_of(heng_api_seal_stream_text(params->stream));
    call->is_wish = true; /* why there is no proof is for who asked */
    heng_rc rc = heng_seal_proof(call->reader, stream, params->position, &out, err);
    if (rc == HENG_OK)
        rc = heng_api_file_of(call, heng_slice_of(out.text, out.n), "application/json;charset=utf-8", "proof.json", ret,
                              err);
    heng_str_fini(&out);
    return rc;
}

/* --- the comparison ------------------------------------------------------------------------------------------------
 */

/* All below mutex, but stop and what the thread alone has: reader. */
struct heng_verification {
    const char *database;
    pthread_mutex_t mutex;
    pthread_t thread;
    bool joins; /* the thread is there to be joined */
    atomic_bool stop;
    heng_api_verification_state state;
    heng_us began_us, ended_us, from_us;
    heng_seal_stream stream;
    struct heng_seal_line head;
    bool has_head;
    uint64_t rows;
    struct heng_seal_told told;
    struct heng_seal_finding found[FOUND_MAX];
    size_t found_n;
    char why[HENG_DETAIL_MAX];
};

struct heng_verification *heng_verification_new(const char *database)
{
    struct heng_verification *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    v->database = database;
    v->state = HENG_API_VERIFICATION_STATE_NEVER;
    pthread_mutex_init(&v->mutex, NULL);
    return v;
}

void heng_verification_free(struct heng_verification *v)
{
    if (!v) return;
    atomic_store(&v->stop, true);
    if (v->joins) pthread_join(v->thread, NULL);
    pthread_mutex_destroy(&v->mutex);
    free(v);
}

static heng_rc keep_finding(void *owner, const struct heng_seal_finding *finding, struct heng_err *err)
{
    struct heng_verification *v = owner;
    (void)err;
    pthread_mutex_lock(&v->mutex);
    if (v->found_n < FOUND_MAX) v->found[v->found_n++] = *finding;
    v->told.findings++; /* until the end says it */
    pthread_mutex_unlock(&v->mutex);
    return HENG_OK;
}

static void keep_progress(void *owner, uint64_t rows)
{
    struct heng_verification *v = owner;
    pthread_mutex_lock(&v->mutex);
    v->rows = rows;
    pthread_mutex_unlock(&v->mutex);
}

static void *verify(void *cls)
{
    struct heng_verification *v = cls;
    struct heng_store_reader *reader = NULL;
    struct heng_seal_told told = {0};
    struct heng_err err = {.text = ""};
    const struct heng_seal_ask ask = {.from_us = v->from_us,
                                      .stream = v->stream,
                                      .heads = v->has_head ? &v->head : NULL,
                                      .head_count = v->has_head,
                                      .owner = v,
                                      .found = keep_finding,
                                      .progress = keep_progress,
                                      .stop = &v->stop};
    heng_rc rc = heng_store_reader_open(v->database, &reader, &err);
    if (rc == HENG_OK) rc = heng_seal_verify(reader, &ask, &told, &err);
    heng_store_reader_close(reader);
    pthread_mutex_lock(&v->mutex);
    v->ended_us = heng_clock_wall();
    v->state = rc == HENG_OK ? HENG_API_VERIFICATION_STATE_DONE : HENG_API_VERIFICATION_STATE_FAILED;
    if (rc == HENG_OK) v->told = told;
    if (rc == HENG_OK) v->rows = told.rows;
    snprintf(v->why, sizeof v->why, "%s", rc == HENG_OK ? "" : err.text);
    heng_log(told.findings ? HENG_LOG_ERROR : HENG_LOG_INFO, "api", "event=verified rows=%llu findings=%llu why='%s'",
             (unsigned long long)v->rows, (unsigned long long)v->told.findings, v->why);
    pthread_mutex_unlock(&v->mutex);
    return NULL;
}

/* Under the mutex. */
static heng_rc begin(struct heng_verification *v, const struct heng_verification *asked, struct heng_err *err)
{
    if (v->state == HENG_API_VERIFICATION_STATE_WORKING)
        return heng_fail(err, HENG_ECONFLICT, 0, "a comparison is under way: wait for it");
    if (v->joins) pthread_join(v->thread, NULL); /* it has said its last word */
    v->from_us = asked->from_us;
    v->stream = asked->stream;
    v->head = asked->head;
    v->has_head = asked->has_head;
    v->rows = v->found_n = 0;
    memset(&v->told, 0, sizeof v->told);
    v->began_us = heng_clock_wall();
    v->ended_us = 0;
    v->why[0] = '\0';
    v->state = HENG_API_VERIFICATION_STATE_WORKING;
    v->joins = pthread_create(&v->thread, NULL, verify, v) == 0;
    if (v->joins) return HENG_OK;
    v->state = HENG_API_VERIFICATION_STATE_FAILED;
    return heng_fail(err, HENG_EBUSY, 0, "too many threads are running: try again in a minute");
}

static struct heng_api_seal_finding finding_from(struct heng_api_call *call, const struct heng_seal_finding *f)
{
    return (struct heng_api_seal_finding){
        .wrong = heng_api_seal_wrong_of(heng_seal_wrong_text(f->wrong)),
        .has_stream = f->stream < HENG_SEAL_STREAM_COUNT,
        .stream = f->stream < HENG_SEAL_STREAM_COUNT ? heng_api_seal_stream_of(heng_seal_stream_text(f->stream))
                                                     : HENG_API_SEAL_STREAM_FRAME,
        .position = f->position == INT64_MIN ? 0 : f->position,
        .has_upto = f->upto != f->position,
        .upto = f->upto,
        .has_more = f->more != 0,
        .more = f->more,
        .has_name = f->name[0] != '\0',
        .name = heng_api_opt_text(call, f->name),
        .has_at = f->at_us != 0,
        .at = f->at_us,
        .has_why = f->why && f->why[0],
        .why = f->why,
    };
}

static heng_rc tell(struct heng_api_call *call, struct heng_api_verification *ret, struct heng_err *err)
{
    struct heng_verification *v = call->api->verification;
    struct heng_api_seal_finding *found = heng_arena_take(call->arena, FOUND_MAX, sizeof *found);
    if (!found) return heng_api_no_memory(err);
    pthread_mutex_lock(&v->mutex);
    const bool done = v->state == HENG_API_VERIFICATION_STATE_DONE;
    *ret = (struct heng_api_verification){.state = v->state,
                                          .has_began_at = v->began_us != 0,
                                          .began_at = v->began_us,
                                          .has_ended_at = v->ended_us != 0,
                                          .ended_at = v->ended_us,
                                          .rows = (int64_t)v->rows,
                                          .has_checkpoints = done,
                                          .checkpoints = (int64_t)v->told.checkpoints,
                                          .has_since = done,
                                          .since = (int64_t)v->told.since,
                                          .findings = (int64_t)v->told.findings,
                                          .found = found,
                                          .found_n = v->found_n,
                                          .has_why = v->why[0] != '\0',
                                          .why = heng_api_opt_text(call, v->why)};
    for (size_t i = 0; i < v->found_n; i++) found[i] = finding_from(call, &v->found[i]);
    pthread_mutex_unlock(&v->mutex);
    return HENG_OK;
}

heng_rc heng_api_get_verification(struct heng_api_call *call, struct heng_api_verification *ret, struct heng_err *err)
{
    return tell(call, ret, err);
}

heng_rc heng_api_start_verification(struct heng_api_call *call, const struct heng_api_verification_request *body,
                                    struct heng_api_verification *ret, struct heng_err *err)
{
    struct heng_verification *v = call->api->verification, asked = {.has_head = body->has_head};
    int32_t day = 0;
    call->is_wish = true;
    heng_rc rc = heng_money_day(body->has_from, body->from, "field 'from'", 0, &day, err);
    asked.from_us = day * HENG_US_PER_DAY;
    asked.stream =
        body->has_stream ? heng_seal_stream_of(heng_api_seal_stream_text(body->stream)) : HENG_SEAL_STREAM_COUNT;
    if (rc == HENG_OK && body->has_head) rc = heng_seal_line_parse(body->head, &asked.head, err);
    if (rc != HENG_OK) return rc;
    pthread_mutex_lock(&v->mutex);
    rc = begin(v, &asked, err);
    pthread_mutex_unlock(&v->mutex);
    return rc == HENG_OK ? tell(call, ret, err) : rc;
}
