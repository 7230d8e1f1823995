#ifndef HENG_STORE_MONEY_SEAL_H
#define HENG_STORE_MONEY_SEAL_H
/* What is sealed, row by row in the order in which it came, and the seals (docs/decisions/0012-seals.md). Writing needs
 * an open transaction. */
#include "base/buf.h"
#include "base/slice.h"
#include "store/store.h"

/* X(symbol, text, max, rows, name, types): name of the stream; its statements in sql/money_seal.sql; its columns behind
 * the position: i number, t text, b bytes. Streams of one position may have many rows there: the postings of a booking.
 * by-eye: readings without a frame. final: the list that says when a bill, a cash day or such a reading became final.
 * New streams go to the end: their order is that of the signed bytes. */
#define HENG_SEAL_STREAM_LIST(X)                                                                                       \
    X(FRAME, "frame", FRAME, FRAME, FRAME, "iitb")                                                                     \
    X(READING, "reading", READING, READING, READING, "iiiiibii")                                                       \
    X(BY_EYE, "by-eye", FINAL, BY_EYE, BY_EYE, "iiiibii")                                                              \
    X(POINT_EVENT, "point-event", POINT_EVENT, POINT_EVENT, POINT_EVENT, "iitiiiiittiiitiiitttb")                      \
    X(BOOKING, "booking", BOOKING, BOOKING, BOOKING, "tiititiittitiitttb")                                             \
    X(POSTING, "posting", POSTING, POSTING, BOOKING, "iiiititt")                                                       \
    X(RECEIPT, "receipt", RECEIPT, RECEIPT, RECEIPT, "itiiiii")                                                        \
    X(TARIFF, "tariff", TARIFF, TARIFF, TARIFF, "itiittbt")                                                            \
    X(AUDIT, "audit", AUDIT, AUDIT, AUDIT, "iittttittt")                                                               \
    X(PAY_NOTICE, "pay-notice", PAY_NOTICE, PAY_NOTICE, PAY_NOTICE, "ttitttb")                                         \
    X(BILL, "bill", FINAL, BILL, BILL, "iiiittiiiiitiiiib")                                                            \
    X(CHARGE, "charge", FINAL, CHARGE, BILL, "iiitiitiiiiiiiitttb")                                                    \
    X(CHARGE_LINE, "charge-line", FINAL, CHARGE_LINE, BILL, "iitttitiitttiittii")                                      \
    X(CASH_DAY, "cash-day", FINAL, CASH_DAY, CASH_DAY, "iittitiiiiiittt")                                              \
    X(FINAL, "final", FINAL, FINAL, FINAL, "tiii")
typedef enum heng_seal_stream {
#define X(symbol, text, max, rows, name, types) HENG_SEAL_##symbol,
    HENG_SEAL_STREAM_LIST(X)
#undef X
        HENG_SEAL_STREAM_COUNT
} heng_seal_stream;
const char *heng_seal_stream_text(heng_seal_stream stream);
heng_seal_stream heng_seal_stream_of(const char *text); /* COUNT when unknown */

/* The newest position of a stream; 0 when it is empty. */
HENG_NODISCARD heng_rc heng_store_seal_newest(struct heng_store_reader *reader, heng_seal_stream stream, int64_t *ret,
                                              struct heng_err *err);

/* A row as its canonical bytes, the same on every engine:
 *   position  i
 *   columns   each 'n' for NULL; or 'i', 8 bytes; or 't' or 'b', length in 4 bytes, bytes
 * Numbers have their high byte first. bytes: borrowed until each returns; each asks nothing of the reader. */
typedef heng_rc heng_seal_each(void *ctx, int64_t position, struct heng_slice bytes, struct heng_err *err);

/* Rows behind `behind` up to upto, in their order. Errors: those of each; ELIMIT a row of more than 64 MiB. */
HENG_NODISCARD heng_rc heng_store_seal_rows(struct heng_store_reader *reader, heng_seal_stream stream, int64_t behind,
                                            int64_t upto, heng_seal_each *each, void *ctx, struct heng_err *err);

/* What people call the row at a position, and its time: number of the meter, of the bill ... "" and 0: it is not there.
 */
enum { HENG_SEAL_NAME_MAX = 96 };
HENG_NODISCARD heng_rc heng_store_seal_name(struct heng_store_reader *reader, heng_seal_stream stream, int64_t position,
                                            char ret_name[static HENG_SEAL_NAME_MAX], heng_us *ret_at_us,
                                            struct heng_err *err);

/* Rows that say that they are final and are not in the list of what became so: nobody of ours put them there. */
typedef heng_rc heng_seal_stray(void *ctx, heng_seal_stream stream, int64_t id, const char *name, heng_us at_us,
                                struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_seal_strays(struct heng_store_reader *reader, heng_seal_stray *each, void *ctx,
                                              struct heng_err *err);

enum { HENG_SEAL_HASH = 32, HENG_SEAL_SIGNATURE = 64 };

struct heng_seal_key {
    int64_t id;
    uint8_t public_key[HENG_SEAL_HASH];
    heng_us from_us;
    bool vouched; /* signature is there: of the key before */
    uint8_t signature[HENG_SEAL_SIGNATURE];
    bool damaged; /* lengths that cannot be */
    char note[64];
};
enum { HENG_SEAL_KEYS_MAX = 256 };
/* In the order of their ids. Errors: ELIMIT. */
HENG_NODISCARD heng_rc heng_store_seal_keys(struct heng_store_reader *reader, struct heng_seal_key *ret, size_t cap,
                                            size_t *ret_n, struct heng_err *err);
/* id is given here. */
HENG_NODISCARD heng_rc heng_store_add_seal_key(struct heng_store *store, struct heng_seal_key *key,
                                               struct heng_err *err);

struct heng_seal_head {
    int64_t n;
    heng_us at_us;
    int64_t key_id;
    uint8_t chain[HENG_SEAL_HASH], signature[HENG_SEAL_SIGNATURE];
    bool damaged;
};
/* The first one with this number or a later one, or the last one. ENOTFOUND: there is none. */
HENG_NODISCARD heng_rc heng_store_seal_from(struct heng_store_reader *reader, int64_t n, struct heng_seal_head *ret,
                                            struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_seal_last(struct heng_store_reader *reader, struct heng_seal_head *ret,
                                            struct heng_err *err);
/* The number of the first one made at a moment or later; 0 none. */
HENG_NODISCARD heng_rc heng_store_seal_since(struct heng_store_reader *reader, heng_us at_us, int64_t *ret,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_add_seal(struct heng_store *store, const struct heng_seal_head *head,
                                           struct heng_err *err);

/* marks, in a piece that was read: borrowed, of the heng_str that was given. */
struct heng_seal_piece {
    heng_seal_stream stream; /* COUNT: a name that we do not know */
    int64_t behind, last_id, rows, seal_n;
    uint8_t root[HENG_SEAL_HASH];
    bool damaged;
    struct heng_slice marks;
};
HENG_NODISCARD heng_rc heng_store_add_seal_piece(struct heng_store *store, const struct heng_seal_piece *piece,
                                                 struct heng_err *err);
/* The pieces of a checkpoint, by the text of their streams. */
typedef heng_rc heng_seal_piece_each(void *ctx, const struct heng_seal_piece *piece, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_seal_pieces(struct heng_store_reader *reader, int64_t seal_n,
                                              heng_seal_piece_each *each, void *ctx, struct heng_err *err);
/* The first piece of a stream that ends at position or behind it. ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_seal_piece(struct heng_store_reader *reader, heng_seal_stream stream,
                                             int64_t position, struct heng_str *marks, struct heng_seal_piece *ret,
                                             struct heng_err *err);
/* Where the last piece of a stream ends; INT64_MIN: there is none. */
HENG_NODISCARD heng_rc heng_store_seal_reached(struct heng_store_reader *reader, heng_seal_stream stream, int64_t *ret,
                                               struct heng_err *err);
/* Pieces of no checkpoint. */
HENG_NODISCARD heng_rc heng_store_seal_lost(struct heng_store_reader *reader, int64_t *ret, struct heng_err *err);

#endif
