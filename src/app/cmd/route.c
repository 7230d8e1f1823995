#include "app/cmd/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/route_list.h"
#include "app/route_read.h"

static const char command[] = "route";

static void print_help(void)
{
    puts("usage: heng route list [--data DIR] [--gateway KEY] [--line NAME] FILE\n"
         "       heng route read LIST OUT ENDPOINT [OPTION...]\n"
         "       heng route show OUT\n\n"
         "The way on foot, for meters that no line reaches or whose line is down. A list comes out of the database\n"
         "(heng route list; heng serve may run) or out of a gateway (heng-gateway export list FILE). With it the\n"
         "meters are read on site, by cable or infrared head, without any server; OUT is then imported at the gateway\n"
         "(heng-gateway import OUT) or at the centre (heng import OUT), or at both: a reading is stored once.\n\n"
         "'heng route read --help' tells its options.");
}

int heng_cmd_route(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (strcmp(word, "list") == 0) return heng_route_list(argc - 1, argv + 1);
    if (strcmp(word, "read") == 0) return heng_route_read(argc - 1, argv + 1);
    if (strcmp(word, "show") == 0) return heng_route_show(argc - 1, argv + 1);
    return heng_usage_error(command, "what about a route? list, read or show");
}
