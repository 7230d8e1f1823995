#ifndef HENG_LINE_CONFIRM_H
#define HENG_LINE_CONFIRM_H
/* Is a read to be believed? An 8-bit sum lets one damaged frame of some hundred through, and errors that cancel more.
 * So a read is made again when the line has been noisy, or when a value does not fit what the meter said before; two
 * reads that say the same are believed, of three each value is the one in the middle, which one damaged read cannot
 * bend. Values that only one of the reads has are left out. Pure functions on reads. */
#include "codec/telegram.h"
#include "model/reading.h"

/* How noisy a line has been lately: counts in which every further frame makes all older ones weigh 1/2048 less.
 * Zero-initialised: nothing is known yet. */
struct heng_noise_gauge {
    uint32_t bad_ppm; /* byte error rate as far as it shows: damaged frames by their length */
    uint32_t frames;
    uint64_t damaged_micro, bytes; /* the weighed counts: millionths of damaged frames, bytes of all frames */
};

/* A frame of n bytes came whole, or damaged (a wrong check, a frame that broke off, bytes that are no frame). */
void heng_noise_note(struct heng_noise_gauge *gauge, size_t n, bool damaged);

/* Must a read of so many bytes (of its answers) be confirmed, so that fewer than one in 10^7 is wrong? With an 8-bit
 * sum a young line must, until some 30 frames have come whole, and again for some 2,700 frames after each damaged one;
 * Modbus and its 16-bit check only while a frame of thirty is damaged. confirm.c has the arithmetic. */
bool heng_noise_demands(const struct heng_noise_gauge *gauge, size_t bytes, heng_protocol protocol);

/* The last believed read of a meter, as far as the next must fit it. Small: it stays with the meter. */
enum { HENG_EXPECT_MAX = 8 };
struct heng_expect {
    heng_us at_us;
    uint64_t still; /* hash of what stays from read to read: which registers there are, frozen values, states */
    uint8_t
        restless; /* how often that has changed of late: of a meter whose frozen values never rest it says nothing */
    uint8_t n;
    struct {
        uint64_t key;         /* of the register: a hash of all parts of the key */
        struct heng_dec dec;  /* a counter that only rises, a clock, hours of operation, or a level */
        struct heng_dec rise; /* the most seen: of a counter in an hour, of a level from read to read */
        bool has_rise;        /* false before two reads */
    } values[HENG_EXPECT_MAX];
};

/* Does a read fit? Counters (energy, volume; instant and tariffs, storage 0) do not go back, and do not rise faster
 * than ten times what was ever seen, with a floor for meters that stood still, and a wide one for those that were read
 * only once. Clocks and hours of operation go on as time does. Levels (temperature, flow, voltage) do not jump four
 * times as far as they were ever seen to, or by more than an eighth, but for falling to nothing. All else is as it was:
 * the registers, frozen values, states. What really is new is so in the second read as well. Nothing expected:
 * everything fits. ret_why says which value does not, for a person; "" when all do. */
bool heng_expect_fits(const struct heng_expect *expect, const struct heng_read *read, char *ret_why, size_t cap);

/* This read is believed now. One without a number that could be expected (a valve's state) changes nothing. */
void heng_expect_learn(struct heng_expect *expect, const struct heng_read *read);

/* Do two reads say the same? Same registers with the same values, but for what changes by itself while time goes on:
 * clocks (datetime and time in seconds) that have gone on as the time between the reads has, to two seconds, and hours
 * of operation, by one unit more than that time. */
bool heng_reads_agree(const struct heng_read *first, const struct heng_read *second);

/* The same, but levels may wobble by an eighth and counters go on by two steps: enough on a quiet line, where a damaged
 * read is not damaged by so little, and not on a noisy one. */
bool heng_reads_alike(const struct heng_read *first, const struct heng_read *second);

/* Of three reads the middle one of each value, into *ret, which is none of them; its frames come along, as many as are
 * needed. What has no middle (a state, flags, no value at all) is what two of them say; a clock is the middle one of
 * three if it goes with another. ELIMIT when the frames find no room, EFORMAT when no value is left. */
HENG_NODISCARD heng_rc heng_reads_median(const struct heng_read *a, const struct heng_read *b,
                                         const struct heng_read *c, struct heng_read *ret);

/* Is the middle of three reads to be believed on a noisy line? What is in the middle of two damaged ones may be
 * damaged, so a value that does not fit must be nearly so in another read, too. ret_why as of heng_expect_fits. */
bool heng_median_fits(const struct heng_expect *expect, const struct heng_read *a, const struct heng_read *b,
                      const struct heng_read *c, const struct heng_read *median, char *ret_why, size_t cap);

#endif
