#ifndef HENG_SIM_SLAVE_TEMPLATE_H
#define HENG_SIM_SLAVE_TEMPLATE_H
/* How a meter of a profile looks: the profile's own sample frames, in which counters rise and clocks run. One for all
 * meters of that profile on a bus; the profile is borrowed. */
#include "codec/telegram.h"
#include "sim/slave_core.h"

/* What lives in a sample frame. A count is the sample's own number and what has come since; the main one begins at the
 * meter's start_count where that is told. */
typedef enum heng_sim_patch_kind {
    HENG_SIM_PATCH_COUNT,  /* of now */
    HENG_SIM_PATCH_MONTH,  /* at the end of the month */
    HENG_SIM_PATCH_TYPE_F, /* M-Bus clocks */
    HENG_SIM_PATCH_TYPE_I,
    HENG_SIM_PATCH_CLOCK,  /* CJ/T 188: ss mm hh DD MM YY CC */
    HENG_SIM_PATCH_NO_MORE /* M-Bus: 0F in place of 1F: no telegram follows */
} heng_sim_patch_kind;

struct heng_sim_patch {
    heng_sim_patch_kind kind;
    uint16_t at; /* offset in the frame; Modbus: in the range */
    uint8_t bytes;
    heng_coding coding;    /* BCD, UNSIGNED, SIGNED or FLOAT; BCD and M-Bus numbers low byte first */
    heng_word_order order; /* Modbus */
    bool main;
    uint64_t raw; /* the number of the sample */
};

enum { HENG_SIM_PATCHES_MAX = 24, HENG_SIM_SAMPLES_MAX = 16 };

/* One sample frame, without what stands around it. */
struct heng_sim_sample {
    struct heng_slice frame;
    uint32_t di;
    uint8_t control;
    struct heng_sim_patch patches[HENG_SIM_PATCHES_MAX];
    size_t patch_count;
};

/* Modbus: registers (two bytes each) or coils (a byte each) that belong together. */
struct heng_sim_range {
    uint8_t function_code;
    uint16_t first, count;
    uint8_t *bytes;
    struct heng_sim_patch patches[HENG_SIM_PATCHES_MAX];
    size_t patch_count;
};

struct heng_sim_template {
    const struct heng_profile *profile;
    heng_protocol protocol;
    struct heng_sim_sample *samples;
    size_t sample_count;
    unsigned telegrams; /* M-Bus: samples that are one read */
    struct heng_sim_range *ranges;
    size_t range_count;
};

/* Errors: ENOMEM; ECONFIG when the profile has nothing that a meter of that protocol could send. */
HENG_NODISCARD heng_rc heng_sim_template_new(const struct heng_profile *profile, heng_protocol protocol,
                                             struct heng_sim_template **ret, struct heng_err *err);
void heng_sim_template_free(struct heng_sim_template *look);
bool heng_sim_template_is_of(const struct heng_sim_template *look, const struct heng_profile *profile,
                             heng_protocol protocol);

/* A new meter takes the look: what its configuration does not say of maker and kind is as in the sample. */
void heng_sim_template_wear(const struct heng_sim_template *look, struct heng_sim_meter *meter);

/* The sample with that data identifier; NULL: none. */
const struct heng_sim_sample *heng_sim_template_find(const struct heng_sim_template *look, uint32_t di);

/* Bring what lives in p (a copy of the frame, or of a range) to now. */
void heng_sim_patch_all(const struct heng_sim_meter *meter, const struct heng_sim_patch *patches, size_t count,
                        heng_us now, uint8_t *p);

/* M-Bus: how many telegrams a read has, and the one with that number (a new access number, a new sum). */
unsigned heng_sim_template_telegrams(const struct heng_sim_template *look);
void heng_sim_template_mbus(struct heng_sim_meter *meter, heng_us now, unsigned telegram, struct heng_buf *out);

/* Modbus: the range that holds all of these; NULL: the meter has no such registers. */
const struct heng_sim_range *heng_sim_template_range(const struct heng_sim_template *look, uint8_t function_code,
                                                     uint16_t first, uint16_t count);

#endif
