/* What a connection costs, measured: memory of one that rests, bytes of a handshake, handshakes and megabytes a second.
 * The gateways are another process, so that only the listener's side is weighed. */
#include "unit/link/tls_scene.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { RESTING = 200, RESTING_BYTES_MAX = 40000, HANDSHAKES = 100, MEGABYTES = 32, HANDSHAKE_BYTES_MAX = 3000 };

/* There when the address sanitizer is; mallinfo2 knows nothing then. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t heap_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes) return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

static size_t resident_bytes(void)
{
    unsigned long pages = 0;
    char text[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    if (fgets(text, sizeof text, file)) pages = strtoul(strchr(text, ' '), NULL, 10);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The other process: dials so many, each says a few bytes, and all rest until we are killed. Reports its pid. */
static pid_t start_gateways(const struct scene *scene, const struct heng_identity *identity, unsigned count)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when the test fails, and nobody comes to end us */
    static struct end ends[RESTING];
    struct heng_pki_files files = heng_identity_files(identity);
    uv_loop_t loop;
    uv_loop_init(&loop);
    for (unsigned i = 0; i < count; i++) {
        ends[i].to_send = 100;
        if (heng_tls_dial(&loop, scene->endpoint, files.key, files.certificate, files.authority, end_events(&ends[i]),
                          &ends[i].tls, NULL) != HENG_OK)
            _exit(1);
    }
    for (;;) uv_run(&loop, UV_RUN_ONCE);
}

static unsigned resting(const struct scene *scene)
{
    unsigned count = 0;
    for (unsigned i = 0; i < scene->served_count; i++) count += scene->served[i].got == 100;
    return count;
}

static void a_connection_that_rests_is_small(void **state)
{
    (void)state;
    static struct scene s;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw-00001");
    /* The first ones also pay for what OpenSSL and malloc keep for all. */
    pid_t warm = start_gateways(&s, gateway, 20);
    RUN_UNTIL(&s.loop, resting(&s) == 20);
    size_t before = heap_bytes(), resident = resident_bytes();
    pid_t child = start_gateways(&s, gateway, RESTING);
    RUN_UNTIL(&s.loop, resting(&s) == 20 + RESTING);
    run_for(&s.loop, 100);
    size_t each = (heap_bytes() - before) / RESTING;
    print_message("a resting connection: %zu bytes of heap, %zu resident\n", each,
                  (resident_bytes() - resident) / RESTING);
    assert_true(each < RESTING_BYTES_MAX);
    kill(child, SIGKILL);
    kill(warm, SIGKILL);
    waitpid(child, NULL, 0);
    waitpid(warm, NULL, 0);
    RUN_UNTIL(&s.loop, heng_tls_connections(s.listener) == 0);
    run_for(&s.loop, 20);
    assert_true(heap_bytes() < before + 100000); /* and all of it comes back */
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void handshakes_are_few_bytes_and_quick(void **state)
{
    (void)state;
    static struct scene s;
    uint64_t in = 0, out = 0;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw-00001");
    uint64_t begin = uv_hrtime();
    heng_us cpu_us = heng_clock_cpu();
    for (unsigned i = 0; i < HANDSHAKES; i++) {
        struct end end = {.to_send = 0};
        dial_as(&s, gateway, &end);
        RUN_UNTIL(&s.loop, s.served_count == i + 1);
        heng_tls_traffic(s.served[i].tls, &in, &out);
        end_close(&end, false);
        RUN_UNTIL(&s.loop, s.served[i].closed);
    }
    uint64_t ms = (uv_hrtime() - begin) / 1000000;
    cpu_us = heng_clock_cpu() - cpu_us;
    print_message(
        "handshake: %llu bytes up, %llu down; %u of them with both ends here in %llu ms, %lld us of processor "
        "each\n",
        (unsigned long long)in, (unsigned long long)out, HANDSHAKES, (unsigned long long)ms,
        (long long)(cpu_us / HANDSHAKES));
    assert_true(in + out < HANDSHAKE_BYTES_MAX);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void a_stream_is_fast(void **state)
{
    (void)state;
    static struct scene s;
    struct end end = {.to_send = MEGABYTES * 1000000ull};
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw-00001");
    dial_as(&s, gateway, &end);
    RUN_UNTIL(&s.loop, end.opened);
    uint64_t begin = uv_hrtime();
    RUN_UNTIL(&s.loop, s.served_count == 1 && s.served[0].got == end.to_send);
    uint64_t ms = (uv_hrtime() - begin) / 1000000;
    print_message("%d MB with both ends here in %llu ms\n", MEGABYTES, (unsigned long long)ms);
    assert_false(s.served[0].wrong);
    end_close(&end, false);
    heng_identity_free(gateway);
    scene_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_rests_is_small),
        cmocka_unit_test(handshakes_are_few_bytes_and_quick),
        cmocka_unit_test(a_stream_is_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
