#include "flow/desk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* WAITING until it is taken, TAKEN until it is answered. An abandoned one goes when it is answered: whoever took it
 * may still look at it. */
typedef enum slot_state { SLOT_WAITING, SLOT_TAKEN, SLOT_ANSWERED } slot_state;

struct heng_wish_slot {
    struct heng_wish wish;
    struct heng_receipt receipt;
    heng_rc rc;
    char why[160];
    slot_state state;
    bool abandoned, held;
    struct heng_wish_slot *next;
};

/* slots: oldest first, whatever their state. */
struct heng_desk {
    pthread_mutex_t mutex;
    pthread_cond_t news;
    void (*wake)(void *owner);
    void *owner;
    bool closed;
    size_t count;
    struct heng_wish_slot *slots;
};

heng_rc heng_desk_new(void (*wake)(void *owner), void *owner, struct heng_desk **ret, struct heng_err *err)
{
    struct heng_desk *desk = calloc(1, sizeof *desk);
    if (!desk) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    desk->wake = wake;
    desk->owner = owner;
    pthread_mutex_init(&desk->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&desk->news, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret = desk;
    return HENG_OK;
}

static void wipe(struct heng_wish_slot *slot)
{
    volatile uint8_t *p = (volatile uint8_t *)&slot->wish.order; /* volatile: else the compiler leaves it out */
    for (size_t i = 0; i < sizeof slot->wish.order; i++) p[i] = 0;
}

/* With the mutex held. */
static void drop(struct heng_desk *desk, struct heng_wish_slot *slot)
{
    struct heng_wish_slot **at = &desk->slots;
    while (*at && *at != slot) at = &(*at)->next;
    if (*at) {
        *at = slot->next;
        desk->count--;
    }
    wipe(slot);
    free(slot);
}

void heng_desk_free(struct heng_desk *desk)
{
    if (!desk) return;
    while (desk->slots) drop(desk, desk->slots);
    pthread_cond_destroy(&desk->news);
    pthread_mutex_destroy(&desk->mutex);
    free(desk);
}

static struct heng_wish_slot *append(struct heng_desk *desk, const struct heng_wish *wish, struct heng_err *err)
{
    if (desk->closed) {
        heng_fail(err, HENG_ECLOSED, 0, "Heng is stopping");
        return NULL;
    }
    if (desk->count >= HENG_DESK_WAITING_MAX) {
        heng_fail(err, HENG_EBUSY, 0, "too many wishes at once: try again in a second");
        return NULL;
    }
    struct heng_wish_slot *slot = calloc(1, sizeof *slot);
    if (!slot) {
        heng_fail(err, HENG_ENOMEM, 0, "out of memory");
        return NULL;
    }
    slot->wish = *wish;
    struct heng_wish_slot **at = &desk->slots;
    while (*at) at = &(*at)->next;
    *at = slot;
    desk->count++;
    return slot;
}

/* With the mutex held: wait for the answer, and no longer than patience allows unless somebody holds the wish. */
static void await(struct heng_desk *desk, struct heng_wish_slot *slot)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HENG_DESK_PATIENCE_MS / 1000;
    bool patient = true;
    while (slot->state != SLOT_ANSWERED && !desk->closed && (patient || slot->held)) {
        if (slot->held)
            pthread_cond_wait(&desk->news, &desk->mutex);
        else
            patient = pthread_cond_timedwait(&desk->news, &desk->mutex, &until) == 0;
    }
}

heng_rc heng_desk_ask(struct heng_desk *desk, const struct heng_wish *wish, struct heng_receipt *ret,
                      struct heng_err *err)
{
    pthread_mutex_lock(&desk->mutex);
    struct heng_err why = {.rc = HENG_OK};
    struct heng_wish_slot *slot = append(desk, wish, &why);
    pthread_mutex_unlock(&desk->mutex);
    if (!slot) return heng_fail(err, why.rc, 0, "%s", why.text);
    desk->wake(desk->owner);

    pthread_mutex_lock(&desk->mutex);
    await(desk, slot);
    heng_rc rc;
    if (slot->state == SLOT_ANSWERED) {
        rc = slot->rc == HENG_OK ? HENG_OK : heng_fail(err, slot->rc, 0, "%s", slot->why);
        if (rc == HENG_OK) *ret = slot->receipt;
    } else if (desk->closed) {
        rc = heng_fail(err, HENG_ECLOSED, 0,
                       "Heng is stopping, and whether this was taken is not known: look at it later");
    } else {
        rc = heng_fail(err, HENG_EBUSY, 0, "nobody had time for it, and it was dropped: try again");
    }
    if (slot->state == SLOT_TAKEN)
        slot->abandoned = true;
    else
        drop(desk, slot);
    pthread_mutex_unlock(&desk->mutex);
    return rc;
}

struct heng_wish_slot *heng_desk_take(struct heng_desk *desk)
{
    pthread_mutex_lock(&desk->mutex);
    struct heng_wish_slot *slot = desk->slots;
    while (slot && slot->state != SLOT_WAITING) slot = slot->next;
    if (desk->closed) slot = NULL;
    if (slot) slot->state = SLOT_TAKEN;
    pthread_mutex_unlock(&desk->mutex);
    return slot;
}

const struct heng_wish *heng_wish_of(const struct heng_wish_slot *slot) { return &slot->wish; }

bool heng_desk_hold(struct heng_desk *desk, struct heng_wish_slot *slot)
{
    pthread_mutex_lock(&desk->mutex);
    bool waits = !slot->abandoned && !desk->closed;
    slot->held = waits;
    pthread_mutex_unlock(&desk->mutex);
    return waits;
}

void heng_desk_answer(struct heng_desk *desk, struct heng_wish_slot *slot, const struct heng_receipt *receipt,
                      heng_rc rc, const char *why)
{
    pthread_mutex_lock(&desk->mutex);
    if (slot->abandoned) {
        if (receipt) free(receipt->text);
        drop(desk, slot);
    } else {
        if (receipt) slot->receipt = *receipt;
        slot->rc = rc;
        snprintf(slot->why, sizeof slot->why, "%s", why ? why : "");
        slot->state = SLOT_ANSWERED;
        pthread_cond_broadcast(&desk->news);
    }
    pthread_mutex_unlock(&desk->mutex);
}

void heng_desk_close(struct heng_desk *desk)
{
    pthread_mutex_lock(&desk->mutex);
    desk->closed = true;
    pthread_cond_broadcast(&desk->news);
    pthread_mutex_unlock(&desk->mutex);
}
