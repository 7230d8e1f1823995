/* Clients that never finish a request. The library's own timeout starts again with every byte; a client that sends one
 * byte now and then would keep its connection for ever. */
#include <stdlib.h>
#include <sys/socket.h>

#include "api/internal.h"

void heng_connections_init(struct heng_connections *connections, unsigned timeout_s)
{
    pthread_mutex_init(&connections->mutex, NULL);
    connections->timeout_us = (heng_us)timeout_s * HENG_US_PER_S;
}

void heng_connections_fini(struct heng_connections *connections) { pthread_mutex_destroy(&connections->mutex); }

static void add(struct heng_connections *connections, struct MHD_Connection *mhd, void **socket_context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct heng_connection *connection = calloc(1, sizeof *connection);
    if (!connection || !info) {
        free(connection); /* without memory the connection lives unwatched, under the library's timeout */
        return;
    }
    connection->fd = info->connect_fd;
    connection->deadline_us = heng_clock_mono() + connections->timeout_us;
    pthread_mutex_lock(&connections->mutex);
    connection->next = connections->first;
    if (connection->next) connection->next->before = connection;
    connections->first = connection;
    pthread_mutex_unlock(&connections->mutex);
    *socket_context = connection;
}

static void drop(struct heng_connections *connections, struct heng_connection *connection)
{
    if (!connection) return;
    pthread_mutex_lock(&connections->mutex);
    if (connection->before)
        connection->before->next = connection->next;
    else
        connections->first = connection->next;
    if (connection->next) connection->next->before = connection->before;
    pthread_mutex_unlock(&connections->mutex);
    free(connection);
}

void heng_connection_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        add(cls, connection, socket_context);
    else
        drop(cls, *socket_context); /* the descriptor is closed after this call, not before */
}

void heng_connection_expect(struct heng_connections *connections, struct MHD_Connection *mhd, heng_us timeout_us)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct heng_connection *connection = info ? info->socket_context : NULL;
    if (!connection) return;
    pthread_mutex_lock(&connections->mutex);
    connection->deadline_us = timeout_us == HENG_US_NEVER ? HENG_US_NEVER : heng_clock_mono() + timeout_us;
    pthread_mutex_unlock(&connections->mutex);
}

void heng_connections_reap(struct heng_connections *connections)
{
    heng_us now_us = heng_clock_mono();
    pthread_mutex_lock(&connections->mutex);
    for (struct heng_connection *connection = connections->first; connection; connection = connection->next) {
        if (connection->deadline_us > now_us) continue;
        connection->deadline_us = HENG_US_NEVER;
        shutdown(connection->fd, SHUT_RDWR); /* the library sees the end and closes */
    }
    pthread_mutex_unlock(&connections->mutex);
}
