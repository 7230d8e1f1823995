#include "pay/channel.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "bill/form.h"

const struct heng_pay_channel heng_pay_cash = {.name = "cash", .answer = "", .again = ""};
const struct heng_pay_channel heng_pay_bank = {.name = "bank", .answer = "", .again = ""};

static const struct heng_pay_channel *const channels[] = {&heng_pay_cash, &heng_pay_bank, &heng_pay_wechat,
                                                          &heng_pay_alipay, &heng_pay_unionpay};

const struct heng_pay_channel *heng_pay_channel_of(const char *name)
{
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        if (strcmp(channels[i]->name, name) == 0) return channels[i];
    return strncmp(name, "bank-", 5) == 0 && name[5] && strlen(name) < HENG_CHANNEL_MAX ? &heng_pay_bank : NULL;
}

static heng_rc read_platforms(struct heng_form *form, struct heng_pay_setup *ret, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    heng_form_array(form);
    while (rc == HENG_OK && heng_form_item(form)) {
        struct heng_slice key;
        char path[HENG_PAY_PATH_MAX] = "", serial[HENG_PAY_TRANSACTION_MAX] = "";
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "serial"))
                heng_form_text(form, serial, sizeof serial);
            else if (heng_slice_is(key, "key"))
                heng_form_text(form, path, sizeof path);
            else
                heng_form_unknown(form);
        }
        heng_form_need(form, "key");
        if (heng_form_failed(form)) break;
        if (ret->platform_count == HENG_PAY_PLATFORM_MAX)
            return heng_fail(err, HENG_ELIMIT, 0, "a channel has at most %d keys", HENG_PAY_PLATFORM_MAX);
        rc = heng_pay_public_read(path, &ret->platform[ret->platform_count].key, err);
        if (rc == HENG_OK) memcpy(ret->platform[ret->platform_count++].serial, serial, sizeof serial);
    }
    return rc;
}

static heng_rc read_channel(struct heng_form *form, struct heng_pay_setup *ret, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    struct heng_slice key;
    char path[HENG_PAY_PATH_MAX] = "";
    heng_form_object(form);
    while (rc == HENG_OK && heng_form_key(form, &key)) {
        if (heng_slice_is(key, "merchant")) {
            heng_form_text(form, ret->merchant, sizeof ret->merchant);
        } else if (heng_slice_is(key, "app")) {
            heng_form_text(form, ret->app, sizeof ret->app);
        } else if (heng_slice_is(key, "serial")) {
            heng_form_text(form, ret->serial, sizeof ret->serial);
        } else if (heng_slice_is(key, "notify")) {
            heng_form_text(form, ret->notify_url, sizeof ret->notify_url);
        } else if (heng_slice_is(key, "key")) {
            heng_form_text(form, path, sizeof path);
            if (!heng_form_failed(form)) rc = heng_pay_key_read(path, &ret->key, err);
        } else if (heng_slice_is(key, "secret")) {
            heng_form_text(form, path, sizeof path);
            if (!heng_form_failed(form)) rc = heng_pay_secret_read(path, ret->secret, sizeof ret->secret, err);
            ret->has_secret = rc == HENG_OK;
        } else if (heng_slice_is(key, "platform")) {
            rc = read_platforms(form, ret, err);
        } else {
            heng_form_unknown(form);
        }
    }
    if (rc == HENG_OK) heng_form_need(form, "merchant");
    return rc;
}

heng_rc heng_pay_setup_read(struct heng_slice json, const char *name, struct heng_pay_setup *ret, struct heng_err *err)
{
    struct heng_form form;
    struct heng_slice key;
    heng_rc rc = HENG_OK;
    bool found = false;
    memset(ret, 0, sizeof *ret);
    heng_form_open(&form, json);
    heng_form_object(&form);
    while (rc == HENG_OK && heng_form_key(&form, &key)) {
        if (!heng_slice_is(key, name)) {
            heng_form_skip(&form);
            continue;
        }
        found = true;
        rc = read_channel(&form, ret, err);
    }
    if (rc == HENG_OK) rc = heng_form_close(&form, err);
    if (rc == HENG_OK && !found)
        rc = heng_fail(err, HENG_ENOTFOUND, 0, "the setting 'pay' has no channel '%s': see docs/payments.md", name);
    if (rc != HENG_OK) heng_pay_setup_fini(ret);
    return rc;
}

void heng_pay_setup_fini(struct heng_pay_setup *setup)
{
    heng_pay_key_free(setup->key);
    for (size_t i = 0; i < setup->platform_count; i++) heng_pay_key_free(setup->platform[i].key);
    OPENSSL_cleanse(setup, sizeof *setup);
}

struct heng_slice heng_pay_in_header(const struct heng_pay_in *in, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < in->header_count; i++) {
        const struct heng_slice own = in->headers[i].name;
        size_t k = 0;
        while (k < n && own.n == n && (own.p[k] | 32) == (name[k] | 32)) k++;
        if (own.n == n && k == n) return in->headers[i].value;
    }
    return heng_slice_str("");
}

void heng_pay_out_init(struct heng_pay_out *out)
{
    *out = (struct heng_pay_out){.path = {.max = 2048}, .headers = {.max = 8192}, .body = {.max = HENG_PAY_BODY_MAX}};
}

void heng_pay_out_fini(struct heng_pay_out *out)
{
    heng_str_fini(&out->path);
    heng_str_fini(&out->headers);
    heng_str_fini(&out->body);
}

void heng_pay_key_of(const struct heng_pay_in *in, char ret[HENG_AT_LEAST(HENG_PAY_TRANSACTION_MAX)])
{
    uint8_t digest[32];
    heng_pay_sha256(in->body, digest);
    heng_pay_hex(heng_slice_of(digest, sizeof digest), ret, HENG_PAY_TRANSACTION_MAX);
}
