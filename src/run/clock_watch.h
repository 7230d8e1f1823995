#ifndef HENG_RUN_CLOCK_WATCH_H
#define HENG_RUN_CLOCK_WATCH_H
/* Has somebody set the wall clock? The lines reckon in monotonic time and have to be told. Reads no clock itself. */
#include <stdbool.h>

#include "base/time.h"

/* Zero-initialised: nothing is known yet. */
struct clock_watch {
    bool known;
    heng_us offset_us; /* wall clock minus monotonic, as the lines were told */
};

/* It is mono_us and wall_us. True when the lines have to be told: at first, and when the wall clock stands half a
 * second or more off what they think, at once or bit by bit. ret_jump_us: how far it was set forward; 0 at first. */
bool clock_watch_look(struct clock_watch *watch, heng_us mono_us, heng_us wall_us, heng_us *ret_jump_us);

#endif
