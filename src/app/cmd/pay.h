#ifndef HENG_APP_CMD_PAY_H
#define HENG_APP_CMD_PAY_H
/* What the two halves of heng pay share: orders and messages (pay.c), files and days (pay_files.c). */
#include "app/cmd/books.h"

int heng_cmd_pay(int argc, char **argv);

/* A refusal that is kept with its reason sets keep: it is committed although it fails. */
typedef heng_rc heng_pay_verb_run(struct books *books, const struct books_words *words, bool *keep,
                                  struct heng_err *err);
struct heng_pay_verb {
    const char *name;
    heng_pay_verb_run *run;
    int words, more; /* that it needs, and that may follow */
    bool writes;
};
extern const struct heng_pay_verb heng_pay_file_verbs[]; /* name NULL: the end */

const char *heng_pay_word(const struct books_words *words, int i); /* "" where there is none */
HENG_NODISCARD heng_rc heng_pay_number(const struct books_words *words, int i, const char *what, int64_t *ret,
                                       struct heng_err *err);
/* A file of at most max bytes; out is begun here and freed by the caller, also after an error. */
HENG_NODISCARD heng_rc heng_pay_read_whole(const char *path, size_t max, struct heng_str *out, struct heng_err *err);

#endif
