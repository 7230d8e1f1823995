#ifndef HENG_STORE_STORE_H
#define HENG_STORE_STORE_H
/* The database of a site: one writer per file, any number of readers. Who writes: store/write.h; who asks:
 * store/read.h. Texts of names, media, states ... are the identifiers of model/. */
#include "base/rc.h"
#include "base/time.h"
#include "model/line.h"
#include "model/line_state.h"
#include "model/reading.h"

/* The writer of a database. One thread at a time; a second process is refused at open. */
struct heng_store;

/* A read connection. One thread at a time, each thread its own. */
struct heng_store_reader;

/* Make a new, empty database at path: built beside it, synced, then moved into place.
 * Errors: EEXISTS, EIO, EDENIED. */
HENG_NODISCARD heng_rc heng_store_create(const char *path, struct heng_err *err);

/* Open for writing, bringing an older database up to date. The error text is one sentence for the operator.
 * Errors: ENOTFOUND no such file; EFORMAT not a Heng database or damaged; EUNSUPPORTED made by a newer Heng;
 *         EBUSY another process has it open for writing; EDENIED, EIO, ENOMEM. */
HENG_NODISCARD heng_rc heng_store_open(const char *path, struct heng_store **ret, struct heng_err *err);
void heng_store_close(struct heng_store *store); /* rolls back what is not committed; accepts NULL */

/* Ways to break the promise of commit, so that the proof by power cuts can show that it would notice. */
typedef enum heng_store_weakness { HENG_STORE_STRONG, HENG_STORE_SYNC_NORMAL, HENG_STORE_SYNC_OFF } heng_store_weakness;

/* For simulations: the database on a VFS of SQLite, made when it is not there; nothing keeps other writers out. */
HENG_NODISCARD heng_rc heng_store_open_on(const char *path, const char *vfs, heng_store_weakness weakness,
                                          struct heng_store **ret, struct heng_err *err);

/* Open for reading a database that a writer has open or had open. Errors: as heng_store_open. */
HENG_NODISCARD heng_rc heng_store_reader_open(const char *path, struct heng_store_reader **ret, struct heng_err *err);
void heng_store_reader_close(struct heng_store_reader *reader); /* accepts NULL */

/* The writer as a reader: sees what its open transaction wrote. Belongs to the store. */
struct heng_store_reader *heng_store_as_reader(struct heng_store *store);

/* One transaction at a time. What is acknowledged to anybody was committed before.
 * Errors: commit: EIO, ELIMIT (disk full): nothing was stored, the transaction is rolled back. After an error of the
 *         disk itself the store refuses all further work with EIO: it must be closed and opened again. */
HENG_NODISCARD heng_rc heng_store_begin(struct heng_store *store, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_commit(struct heng_store *store, struct heng_err *err);
void heng_store_rollback(struct heng_store *store);

/* One moment of the database for several questions. Errors: EBUSY, EIO. */
HENG_NODISCARD heng_rc heng_store_reader_begin(struct heng_store_reader *reader, struct heng_err *err);
void heng_store_reader_end(struct heng_store_reader *reader);

enum {
    HENG_KEY_MAX = 64,     /* keys of a site description, with NUL */
    HENG_NUMBER_MAX = 24,  /* as in heng_meter_config */
    HENG_MAKER_MAX = 16,   /* manufacturer */
    HENG_PATH_MAX = 512,   /* place names from the root down, separated by " / " */
    HENG_DETAIL_MAX = 160, /* as in struct heng_err */
};

/* X(symbol, text, number in the database): where a reading comes from. */
#define HENG_SOURCE_LIST(X)                                                                                            \
    X(LINE, "line", 1)         /* read over a line */                                                                  \
    X(HANDHELD, "handheld", 2) /* read by a person at the meter, imported later */

/* X(symbol, text, number in the database): how much a reading is worth. */
#define HENG_QUALITY_LIST(X)                                                                                           \
    X(MEASURED, "measured", 1)           /* said by the meter, check and sender were right */                          \
    X(TIME_DOUBTFUL, "time-doubtful", 2) /* the same, while the clock of who read it was not to be trusted */

typedef enum heng_source {
#define X(symbol, text, number) HENG_SOURCE_##symbol = number,
    HENG_SOURCE_LIST(X)
#undef X
} heng_source;

typedef enum heng_quality {
#define X(symbol, text, number) HENG_QUALITY_##symbol = number,
    HENG_QUALITY_LIST(X)
#undef X
} heng_quality;

/* X(symbol, text): ok: the last try was answered; missing: it was not; never: not asked yet. */
#define HENG_METER_STATE_LIST(X)                                                                                       \
    X(NEVER, "never")                                                                                                  \
    X(OK, "ok")                                                                                                        \
    X(MISSING, "missing")

typedef enum heng_meter_state {
#define X(symbol, text) HENG_METER_STATE_##symbol,
    HENG_METER_STATE_LIST(X)
#undef X
        HENG_METER_STATE_COUNT
} heng_meter_state;

const char *heng_meter_state_text(heng_meter_state state);
heng_meter_state heng_meter_state_of(const char *text); /* COUNT when unknown */

struct heng_place {
    int64_t id, parent_id; /* parent_id 0: a root */
    char key[HENG_KEY_MAX];
    char kind[16]; /* "building", "unit", "household" ... */
    char name[HENG_NAME_MAX];
    char path[HENG_PATH_MAX];
    int64_t area_cm2;
};

struct heng_device {
    int64_t id;
    char number[HENG_NUMBER_MAX];
    char manufacturer[HENG_MAKER_MAX];
    heng_medium medium;
    heng_protocol protocol;
    char profile[HENG_MODEL_NAME_MAX]; /* as configured; "": none */
};

/* One value of a reading. frame: index into the frames of the reading. */
struct heng_reading_value {
    int64_t register_id;
    bool has_value;
    struct heng_dec dec;
    uint8_t frame;
    char reason[40];
};

/* One read of one meter. The frames that prove it have ids first_frame .. first_frame + frame_count - 1. */
struct heng_reading {
    int64_t device_id;
    heng_us at_us;
    heng_source source;
    heng_quality quality;
    heng_us due_us; /* the due date whose frozen values these are; 0: values of now */
    bool partial;   /* what an order asked for, not all that the meter is usually asked */
    int64_t first_frame;
    uint16_t frame_count;
    uint16_t value_count;
    struct heng_reading_value values[HENG_READ_VALUES_MAX];
};

struct heng_frame {
    int64_t id, device_id;
    heng_us at_us;
    heng_protocol protocol;
    uint16_t n;
    uint8_t bytes[HENG_FRAME_BYTES_MAX];
};

struct heng_register {
    int64_t id, device_id;
    struct heng_register_key key;
};

/* last_*_us: 0 for never. last_read_us: of the newest reading that is not partial and not of a due date. */
struct heng_device_state {
    int64_t device_id;
    heng_us last_try_us, last_read_us;
    heng_source last_source;   /* with last_read_us: the key of the newest reading */
    heng_outcome last_outcome; /* COUNT: never tried */
    int64_t misses, reads;
    heng_meter_state state;
    struct heng_learned learned;
    bool quarantined;
};

struct heng_line_status {
    int64_t line_id;
    heng_line_state state;
    heng_us since_us, last_answer_us; /* last_answer_us: 0 for never */
    char detail[HENG_DETAIL_MAX];
    struct heng_line_counters counters;
    struct heng_line_vitals_status vitals;
};

struct heng_line_event {
    heng_us at_us;
    heng_line_state state;
    char detail[HENG_DETAIL_MAX];
};

#endif
