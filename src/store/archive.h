#ifndef HENG_STORE_ARCHIVE_H
#define HENG_STORE_ARCHIVE_H
/* Who and where: organisations, places as a tree, metering points with their channels, and what hangs on them.
 * scope of a question: the organisation that asks; what it does not manage is ENOTFOUND and in no list. 0: the operator
 * of the system, who sees everything. Writers need an open transaction, as in store/write.h; whether the one who asks
 * may write is decided by what they can find (archive/archive.h). */
#include "store/archive_hang.h"
#include "store/archive_places.h"
#include "store/archive_points.h"

#endif
