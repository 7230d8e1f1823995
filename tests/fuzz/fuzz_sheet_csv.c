/* A file that somebody sends as a table, as it is: found out by its content, then read to its end within small limits.
 */
#include "fuzz_sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_sheet(heng_slice_of(data, size), HENG_ENCODING_GB18030);
    fuzz_sheet(heng_slice_of(data, size), HENG_ENCODING_WINDOWS_1252);
    return 0;
}
