#include "meter/driver.h"

extern const struct heng_driver heng_mbus_driver, heng_cjt188_driver;

const struct heng_driver *heng_driver_of(heng_protocol protocol)
{
    static const struct heng_driver *const drivers[HENG_PROTOCOL_COUNT] = {
        [HENG_PROTOCOL_MBUS] = &heng_mbus_driver,
        [HENG_PROTOCOL_CJT188] = &heng_cjt188_driver,
    };
    return (unsigned)protocol < HENG_PROTOCOL_COUNT ? drivers[protocol] : NULL;
}
