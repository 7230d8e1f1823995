/* What gateways of a bench or a test need before they can dial, made without a server and without people:
 *
 * gateway_papers enrol DATA FOLDER     a certificate for each declared gateway of the database DATA/heng.db, signed by
 *                                      the authority in DATA/pki: FOLDER/gateway.key (one key for all of them),
 *                                      authority.pem and ID.pem. The server must not run.
 * gateway_papers box DATA KEY FOLDER   the same for gateway KEY alone, as the folder of a heng-gateway
 * gateway_papers journal FOLDER ENTRIES LINE DEVICE METERS METERS_PER_LINE SECONDS VALUES FRAME_BYTES
 *                                      a journal of so many reads (made_reads.h), made in the last SECONDS
 * gateway_papers count JOURNAL         "EPOCH FIRST LAST HERE UNSOUND" of a journal that nobody has open */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/made_reads.h"
#include "spool/spool.h"
#include "store/gateways.h"
#include "trust/pki.h"

enum { PAGE = 256, DAYS = 30, COMMIT_EVERY = 200, PATH = 600 };

static struct heng_store *store;
static struct heng_store_reader *reader;
static struct heng_authority *authority;
static struct heng_err err;

static void must(heng_rc rc)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "gateway_papers: %s\n", err.text);
    exit(1);
}

static void die(const char *what)
{
    fprintf(stderr, "gateway_papers: %s\n", what);
    exit(1);
}

static void open_site(const char *data)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/heng.db", data);
    must(heng_store_open(path, &store, &err));
    must(heng_store_reader_open(path, &reader, &err));
    snprintf(path, sizeof path, "%s/pki", data);
    must(heng_authority_open(path, "bench", heng_clock_wall(), &authority, &err));
}

static void close_site(void)
{
    heng_authority_free(authority);
    heng_store_reader_close(reader);
    heng_store_close(store);
}

static void write_pem(const char *folder, const char *name, const uint8_t *der, size_t n)
{
    char path[PATH];
    unsigned char text[2 * HENG_PKI_DER_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file) die("cannot write a certificate");
    EVP_EncodeBlock(text, der, (int)n);
    fputs("-----BEGIN CERTIFICATE-----\n", file);
    for (const char *at = (const char *)text; *at; at += strnlen(at, 64)) fprintf(file, "%.64s\n", at);
    fputs("-----END CERTIFICATE-----\n", file);
    if (fclose(file) != 0) die("cannot write a certificate");
}

static void common_name_of(int64_t id, char ret[static HENG_PKI_NAME_MAX])
{
    snprintf(ret, HENG_PKI_NAME_MAX, "gw-%016llx", (unsigned long long)id);
}

/* Signs, and tells the database; its transaction is the caller's. */
static size_t enrol_one(const struct heng_gateway *gateway, struct heng_slice request,
                        uint8_t der[static HENG_PKI_DER_MAX])
{
    char name[HENG_PKI_NAME_MAX], below[HENG_PKI_NAME_MAX] = "";
    size_t n;
    uint64_t serial;
    heng_us now = heng_clock_wall();
    if (gateway->parent_id) common_name_of(gateway->parent_id, below);
    common_name_of(gateway->id, name);
    must(heng_authority_sign(authority, request, name, below, now, DAYS, der, &n, &serial, &err));
    must(heng_store_enrol_gateway(store, gateway->id, name, serial, now, now + DAYS * HENG_US_PER_DAY, &err));
    return n;
}

static size_t open_identity(const char *folder, struct heng_identity **ret, uint8_t request[static HENG_PKI_DER_MAX])
{
    size_t n;
    mkdir(folder, 0700);
    must(heng_identity_open(folder, ret, &err));
    must(heng_identity_request(*ret, request, HENG_PKI_DER_MAX, &n, &err));
    return n;
}

static int enrol(const char *data, const char *folder)
{
    static struct heng_gateway page[PAGE];
    static uint8_t request[HENG_PKI_DER_MAX], der[HENG_PKI_DER_MAX];
    struct heng_identity *identity;
    int64_t after = 0;
    size_t n, all = 0, request_n = open_identity(folder, &identity, request);
    open_site(data);
    struct heng_slice signer = heng_authority_certificate(authority);
    write_pem(folder, "authority.pem", signer.p, signer.n);
    must(heng_store_begin(store, &err));
    do {
        must(heng_store_list_gateways(reader, after, page, PAGE, &n, &err));
        for (size_t i = 0; i < n; i++) {
            char name[40];
            after = page[i].id;
            if (page[i].state != HENG_GATEWAY_STATE_DECLARED) continue;
            size_t der_n = enrol_one(&page[i], heng_slice_of(request, request_n), der);
            snprintf(name, sizeof name, "%lld.pem", (long long)page[i].id);
            write_pem(folder, name, der, der_n);
            all++;
        }
    } while (n);
    must(heng_store_commit(store, &err));
    printf("%zu\n", all);
    heng_identity_free(identity);
    close_site();
    return 0;
}

static int box(const char *data, const char *key, const char *folder)
{
    static uint8_t request[HENG_PKI_DER_MAX], der[HENG_PKI_DER_MAX];
    struct heng_gateway gateway;
    struct heng_identity *identity;
    size_t n = open_identity(folder, &identity, request);
    open_site(data);
    must(heng_store_gateway_by_key(reader, key, &gateway, &err));
    must(heng_store_begin(store, &err));
    n = enrol_one(&gateway, heng_slice_of(request, n), der);
    must(heng_store_commit(store, &err));
    must(heng_identity_accept(identity, heng_slice_of(der, n), heng_authority_certificate(authority), &err));
    printf("%lld\n", (long long)gateway.id);
    heng_identity_free(identity);
    close_site();
    return 0;
}

static struct heng_spool *open_journal(const char *path)
{
    struct heng_spool *spool;
    struct heng_spool_found found;
    must(heng_spool_open(path, NULL, (struct heng_spool_limits){.bytes_max = INT64_C(4) << 30}, heng_clock_wall(),
                         &spool, &found, &err));
    if (found.set_aside[0]) die(found.why);
    return spool;
}

static int make_journal(char **argv)
{
    static uint8_t bytes[HENG_ENTRY_BODY_MAX];
    char path[PATH];
    uint64_t entries = strtoull(argv[1], NULL, 10), seq = 0;
    heng_us seconds = strtoll(argv[6], NULL, 10);
    snprintf(path, sizeof path, "%s/journal.db", argv[0]);
    struct heng_spool *spool = open_journal(path);
    struct made_journal journal = {.epoch = heng_spool_epoch(spool),
                                   .first_line = strtoll(argv[2], NULL, 10),
                                   .first_device = strtoll(argv[3], NULL, 10),
                                   .meters = (uint32_t)strtoul(argv[4], NULL, 10),
                                   .meters_per_line = (uint32_t)strtoul(argv[5], NULL, 10),
                                   .values = (uint32_t)strtoul(argv[7], NULL, 10),
                                   .frame_bytes = (uint32_t)strtoul(argv[8], NULL, 10),
                                   .from_us = heng_clock_wall() - seconds * HENG_US_PER_S};
    if (entries == 0 || journal.meters == 0 || journal.meters_per_line == 0) die("none of the counts may be 0");
    journal.step_us = seconds * HENG_US_PER_S / (heng_us)entries;
    for (uint64_t i = 1; i <= entries; i++) {
        struct heng_buf room = heng_buf_of(bytes, sizeof bytes);
        struct heng_entry entry;
        made_entry(&journal, i, &room, &entry);
        must(heng_spool_append(spool, &entry, &seq, &err));
        if (i % COMMIT_EVERY == 0 || i == entries) must(heng_spool_commit(spool, &err));
    }
    printf("%llu %lld\n", (unsigned long long)seq, (long long)heng_spool_bytes(spool));
    heng_spool_close(spool);
    return 0;
}

static int count(const char *path)
{
    struct heng_spool *spool = open_journal(path);
    struct heng_spool_item item;
    uint64_t here = 0, unsound = 0;
    heng_rc rc;
    heng_spool_seek(spool, 1);
    while ((rc = heng_spool_next(spool, &item, &err)) == HENG_OK) {
        here++;
        unsound += !item.sound;
    }
    if (rc != HENG_ENOTFOUND) must(rc);
    printf("%llu %llu %llu %llu %llu\n", (unsigned long long)heng_spool_epoch(spool),
           (unsigned long long)heng_spool_first(spool), (unsigned long long)heng_spool_last(spool),
           (unsigned long long)here, (unsigned long long)unsound);
    heng_spool_close(spool);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "enrol") == 0) return enrol(argv[2], argv[3]);
    if (argc == 5 && strcmp(argv[1], "box") == 0) return box(argv[2], argv[3], argv[4]);
    if (argc == 11 && strcmp(argv[1], "journal") == 0) return make_journal(argv + 2);
    if (argc == 3 && strcmp(argv[1], "count") == 0) return count(argv[2]);
    die("see the top of gateway_papers.c");
    return 2;
}
