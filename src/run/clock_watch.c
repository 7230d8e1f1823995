#include "run/clock_watch.h"

enum { CLOCK_JUMP_MS = 500 };

bool clock_watch_look(struct clock_watch *watch, heng_us mono_us, heng_us wall_us, heng_us *ret_jump_us)
{
    heng_us offset_us = wall_us - mono_us, jump_us = watch->known ? offset_us - watch->offset_us : 0;
    bool still = jump_us < CLOCK_JUMP_MS * HENG_US_PER_MS && jump_us > -CLOCK_JUMP_MS * HENG_US_PER_MS;
    if (watch->known && still) return false;
    *watch = (struct clock_watch){.known = true, .offset_us = offset_us};
    *ret_jump_us = jump_us;
    return true;
}
