/* Configurations from strangers: what is let in is sound, can be packed, and comes out of that as it was. */
#include "uplink_sane.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) abort();
}

/* Packed, unpacked and packed again: the same bytes. */
static void require_stable(const struct heng_gateway_config *config)
{
    struct heng_gateway_config again;
    uint8_t *first = NULL, *second = NULL;
    size_t first_n = 0, second_n = 0;
    void *memory = NULL;
    require(heng_config_pack(config, &first, &first_n, NULL) == HENG_OK);
    require(heng_config_unpack(heng_slice_of(first, first_n), &again, &memory, NULL) == HENG_OK);
    require(heng_config_pack(&again, &second, &second_n, NULL) == HENG_OK);
    require(heng_slice_eq(heng_slice_of(first, first_n), heng_slice_of(second, second_n)));
    heng_config_free(memory);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heng_gateway_config config;
    struct heng_err err = {.text = ""};
    void *memory = NULL;
    heng_rc rc = heng_config_unpack(heng_slice_of(data, size), &config, &memory, &err);
    require(rc == HENG_OK || (err.rc == rc && err.text[0] && !memory));
    if (rc != HENG_OK) return 0;
    require(!sane_config(&config));
    require_stable(&config);
    heng_config_free(memory);
    return 0;
}
