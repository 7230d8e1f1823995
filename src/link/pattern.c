#include "base/hex.h"
#include "link/internal.h"

heng_rc heng_endpoint_split(const char *endpoint, char *ret_host, size_t host_cap, char *ret_port, size_t port_cap,
                            struct heng_err *err)
{
    const char *colon = strrchr(endpoint, ':');
    size_t host_n = colon ? (size_t)(colon - endpoint) : 0;
    const char *host = endpoint;
    if (host_n >= 2 && host[0] == '[' && host[host_n - 1] == ']') {
        host++;
        host_n -= 2;
    }
    size_t port_n = colon ? strlen(colon + 1) : 0;
    unsigned port = 0;
    for (size_t i = 0; i < port_n && port <= 65535; i++)
        port = colon[1 + i] >= '0' && colon[1 + i] <= '9' ? port * 10 + (unsigned)(colon[1 + i] - '0') : 65536;
    if (host_n == 0 || host_n >= host_cap || port_n == 0 || port_n >= port_cap || port > 65535)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "'%.80s' is not an endpoint: write host:port, such as 192.168.1.20:10001", endpoint);
    memcpy(ret_host, host, host_n);
    ret_host[host_n] = '\0';
    memcpy(ret_port, colon + 1, port_n + 1);
    return HENG_OK;
}

heng_rc heng_pattern_parse(const char *text, uint8_t *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_buf buf = heng_buf_of(ret, cap);
    if (strncmp(text, "hex:", 4) == 0) {
        struct heng_err why;
        if (heng_hex_parse(heng_slice_str(text + 4), &buf, &why) != HENG_OK)
            return heng_fail(err, HENG_ECONFIG, 0, "'%.60s': %.80s", text, why.text);
    } else {
        heng_buf_put(&buf, heng_slice_str(text));
        if (buf.full) return heng_fail(err, HENG_ECONFIG, 0, "'%.60s' is longer than %zu bytes", text, cap);
    }
    *ret_n = buf.n;
    return HENG_OK;
}
