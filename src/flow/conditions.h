#ifndef HENG_FLOW_CONDITIONS_H
#define HENG_FLOW_CONDITIONS_H
/* What a meter said of itself in the frames of a reading: battery low, tamper, empty pipe. The frames stay the proof;
 * this only reads them: the status byte of M-Bus and its error flags, ST of CJ/T 188, status words of DL/T 645, bits of
 * Modbus that a profile names. */
#include "meter/profile.h"
#include "model/condition.h"
#include "store/read.h"

/* What one answer says, as its dialect has it. 0 for what no meter sent. Of a damaged answer: what stands before the
 * damage. */
heng_conditions heng_conditions_of_telegram(const struct heng_telegram *telegram);

/* The same of stored bytes (Modbus: request and answer); 0 for bytes that are no frame. profile: the name that the
 * archive gives the meter, "" recognised by the frame; profiles NULL: by the standard. */
heng_conditions heng_conditions_of_frame(heng_protocol protocol, struct heng_slice bytes,
                                         const struct heng_profiles *profiles, const char *profile);
heng_conditions heng_conditions_of_frames(const struct heng_frame *frames, size_t count,
                                          const struct heng_profiles *profiles, const char *profile);

/* Whom the archive names, else who says of itself that it is; NULL: by the standard. */
const struct heng_dialect *heng_dialect_of_frame(heng_protocol protocol, struct heng_slice bytes,
                                                 const struct heng_profiles *profiles, const char *profile);

/* The same of a stored reading, whose frames are looked up. Errors: EIO, EBUSY, EFORMAT; a frame that is gone says
 * nothing. */
HENG_NODISCARD heng_rc heng_conditions_of_reading(struct heng_store_reader *reader, const struct heng_reading *reading,
                                                  const struct heng_profiles *profiles, const char *profile,
                                                  heng_conditions *ret, struct heng_err *err);

/* Keep what the frames of a reading say, in the transaction that stores it. */
HENG_NODISCARD heng_rc heng_conditions_keep(struct heng_store *store, const struct heng_reading *reading,
                                            const struct heng_frame *frames, const struct heng_profiles *profiles,
                                            const char *profile, struct heng_err *err);

#endif
