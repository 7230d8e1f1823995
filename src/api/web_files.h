#ifndef HENG_API_WEB_FILES_H
#define HENG_API_WEB_FILES_H
/* The console inside of the program, for heng_api_options. Only there when built with HENG_WEB; the table is made by
 * script/generate-web.py. */
#include "api/server.h"

extern const struct heng_web_file heng_web_files[];
extern const size_t heng_web_file_count;

#endif
