#ifndef HENG_HEAT_APPORTION_PARTS_H
#define HENG_HEAT_APPORTION_PARTS_H
/* What the writers of the forms share. Inside of heat/ only. */
#include "heat/apportion_form.h"
#include "heat/apportion_run.h"

struct heng_warning {
    const char *code, *subject;
    char text[160];
};

/* One form at work. */
struct heng_share_job {
    const struct heng_apportion_options *options;
    struct heng_arena *arena;
    struct heng_json json;
    struct heng_steps steps; /* cap 0: no explanation */
    struct heng_warning *warnings;
    size_t warning_count;
    char currency[8];
    struct heng_err *err;
};

struct heng_steps *heng_job_steps(struct heng_share_job *job); /* NULL: explanation is off */
HENG_NODISCARD heng_rc heng_job_room_for_steps(struct heng_share_job *job, size_t count);
HENG_NODISCARD heng_rc heng_job_warn(struct heng_share_job *job, const char *code, const char *subject, const char *fmt,
                                     ...) HENG_PRINTF(4, 5);
/* Put path in front of the text of err: "groups[1]." and "participants[3]: ..." */
heng_rc heng_job_prefix(struct heng_share_job *job, heng_rc rc, const char *fmt, ...) HENG_PRINTF(3, 4);

void heng_put_text(struct heng_json *json, const char *key, const char *text);
void heng_put_int(struct heng_json *json, const char *key, int64_t value);
void heng_put_bool(struct heng_json *json, const char *key, bool value);
void heng_put_dec(struct heng_json *json, const char *key, struct heng_dec value);
void heng_put_some(struct heng_json *json, const char *key, struct heng_dec value); /* unless it is zero */
/* (now - then) / then in percent; nothing where there is no then. */
void heng_put_percent(struct heng_json *json, const char *key, struct heng_dec now, struct heng_dec then, int places);
void heng_put_period(struct heng_json *json, const struct heng_period *period);

/* warnings, checksum of everything before it, steps; then the text is complete. */
HENG_NODISCARD heng_rc heng_job_finish(struct heng_share_job *job);

/* The forms. Each writes the members of the open object. */
HENG_NODISCARD heng_rc heng_shares_write(struct heng_share_job *job, struct heng_slice json, bool only_bills);
HENG_NODISCARD heng_rc heng_heat_bills_write(struct heng_share_job *job, const struct heng_apportion_form *form,
                                             const char *unit);
HENG_NODISCARD heng_rc heng_heizkosten_write(struct heng_share_job *job, struct heng_slice json);
HENG_NODISCARD heng_rc heng_monthly_write(struct heng_share_job *job, struct heng_slice json);

#endif
