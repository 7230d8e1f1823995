/* Changes of money over HTTP: what is no wish, what a key means, what is left of a refusal. On both databases. */
#include "account/book.h"
#include "unit/api/wish_house.h"

static heng_rc nothing(void *ctx, const struct heng_audit *audit, struct heng_slice before, struct heng_slice after)
{
    (void)audit;
    (void)before;
    (void)after;
    ++*(int *)ctx;
    return HENG_OK;
}

static int audit_lines(struct house *h)
{
    struct heng_err err;
    int lines = 0;
    assert_ok(heng_store_each_audit(heng_store_as_reader(h->store), 0, 0, "", 0, 1000, nothing, &lines, &err));
    return lines;
}

static int64_t bookings(struct house *h)
{
    struct heng_books_proof proof;
    struct heng_err err;
    assert_ok(heng_store_prove_books(heng_store_as_reader(h->store), &proof, &err));
    assert_int_equal(proof.wrong, 0);
    return proof.bookings;
}

/* The id that the last answer has. */
static int64_t answered(void)
{
    const char *at = strstr(answer, "\"id\":");
    assert_non_null(at);
    return strtoll(at + 5, NULL, 10);
}

static int64_t open_account(struct house *h, const char *key)
{
    char body[160];
    snprintf(body, sizeof body, "{\"key\":\"%s\",\"who\":\"Li\",\"name\":\"Wang\",\"currency\":\"CNY\"}", key);
    expect(h, "POST", "/api/v1/accounts", body, 200, "\"id\":");
    return answered();
}

static void test_bad_wishes(void **state)
{
    static const struct {
        const char *path, *body, *words;
    } cases[] = {
        {"/api/v1/accounts", "{\"who\":\"Li\",\"name\":\"W\"}", "'key' is missing"},
        {"/api/v1/accounts", "{\"key\":\"k\",\"name\":\"W\"}", "'who' is missing"},
        {"/api/v1/accounts", "{\"key\":\"k\",\"who\":\"\",\"name\":\"W\"}", "who does it"},
        {"/api/v1/accounts", "{\"key\":\"\",\"who\":\"Li\",\"name\":\"W\"}", "'key'"},
        {"/api/v1/accounts", "{\"key\":\"a b\",\"who\":\"Li\",\"name\":\"W\"}", "'key'"},
        {"/api/v1/accounts", "{\"key\":\"k\",\"who\":\"Li\\n\",\"name\":\"W\"}", "who does it"},
        {"/api/v1/accounts", "{\"key\":\"k\",\"who\":\"Li\",\"second\":\"\\u0007\",\"name\":\"W\"}", "'second'"},
        {"/api/v1/accounts/1/contracts", "{\"key\":\"k\",\"who\":\"Li\",\"point\":1,\"mode\":\"free\"}", "'free'"},
        {"/api/v1/accounts/1/contracts",
         "{\"key\":\"k\",\"who\":\"Li\",\"point\":1,\"mode\":\"prepaid\",\"terms\":{\"a\":}}", "'terms'"},
        {"/api/v1/accounts/1/contracts", "{\"key\":\"k\",\"who\":\"Li\",\"point\":1,\"mode\":\"prepaid\",\"terms\":}",
         "'terms'"},
        {"/api/v1/accounts/1/contracts",
         "{\"key\":\"k\",\"who\":\"Li\",\"point\":1,\"mode\":\"prepaid\",\"terms\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"
         "]]]]]}",
         "nested deeper"},
        {"/api/v1/accounts/1/deposit", "{\"key\":\"k\",\"who\":\"Li\",\"amount\":0}", "'amount'"},
        {"/api/v1/accounts/1/deposit", "{\"key\":\"k\",\"who\":\"Li\",\"amount\":9223372036854775808}", "'amount'"},
        {"/api/v1/accounts/1/deposit", "{\"key\":\"k\",\"who\":\"Li\",\"amount\":1.5}", "'amount'"},
        {"/api/v1/cash/open", "{\"key\":\"k\",\"who\":\"Li\",\"desk\":\"A\",\"opening\":-1}", "'opening'"},
    };
    struct house h;
    (void)state;
    house_open(&h, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(&h, "POST", cases[i].path, cases[i].body, 400, cases[i].words);
    assert_int_equal(bookings(&h), 0);
    assert_int_equal(audit_lines(&h), 0); /* without a name or a wish there is nothing to find */
    house_close(&h);
}

/* A text of n bytes as a field, and is it taken? */
static void text_of(struct house *h, const char *field, int n, int key, int status)
{
    char body[1024], text[600];
    memset(text, 'x', (size_t)n);
    text[n] = '\0';
    snprintf(body, sizeof body, "{\"key\":\"t%d\",\"who\":\"Li\",\"name\":\"W\",\"currency\":\"CNY\",\"%s\":\"%s\"}",
             key, field, text);
    expect(h, "POST", "/api/v1/accounts", body, status, status == 200 ? "\"id\":" : "it is longer than");
}

static void test_texts_to_their_end(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, false);
    text_of(&h, "address", 191, 1, 200);
    text_of(&h, "address", 192, 2, 400);
    text_of(&h, "bank", 511, 3, 200);
    text_of(&h, "bank", 512, 4, 400);
    text_of(&h, "bank", 590, 5, 400);
    house_close(&h);
}

static void test_what_a_key_means(void **state)
{
    struct house h;
    char path[64], first[1024];
    (void)state;
    house_open(&h, false);
    snprintf(path, sizeof path, "/api/v1/accounts/%lld/deposit", (long long)open_account(&h, "o1"));
    int64_t id = open_account(&h, "o1");
    assert_int_equal(open_account(&h, "o1"), id); /* once */
    expect(&h, "POST", path, "{\"key\":\"d\",\"who\":\"Li\",\"amount\":500,\"channel\":\"bank\"}", 200,
           "\"amount\":500");
    const char *json = strstr(answer, "\r\n\r\n");
    assert_non_null(json);
    snprintf(first, sizeof first, "%s", json);
    expect(&h, "POST", path, " {\"channel\" : \"bank\", \"amount\":500 ,\"who\":\"Li\", \"key\":\"d\"} ", 200,
           first + 4);
    expect(&h, "POST", path, "{\"key\":\"d\",\"who\":\"Li\",\"amount\":501,\"channel\":\"bank\"}", 409, "another wish");
    expect(&h, "POST", path, "{\"key\":\"d\",\"who\":\"Li\",\"amount\":500,\"channel\":\"bank\",\"reason\":\"\"}", 409,
           "another wish");
    expect(&h, "POST", "/api/v1/accounts", "{\"key\":\"d\",\"who\":\"Li\",\"name\":\"Wang\",\"currency\":\"CNY\"}", 409,
           "another wish");
    assert_int_equal(bookings(&h), 1);
    house_close(&h);
}

/* The key of what was refused is free: the same wish may be good later. */
static void test_refused_and_good_later(void **state)
{
    static const char back[] = "{\"key\":\"b\",\"who\":\"Li\",\"amount\":500,\"channel\":\"bank\"}";
    struct house h;
    char in[64], out[64];
    (void)state;
    house_open(&h, false);
    long long id = open_account(&h, "o1");
    snprintf(in, sizeof in, "/api/v1/accounts/%lld/deposit", id);
    snprintf(out, sizeof out, "/api/v1/accounts/%lld/deposit-back", id);
    int lines = audit_lines(&h);
    expect(&h, "POST", out, back, 409, "");
    assert_int_equal(bookings(&h), 0);
    assert_int_equal(audit_lines(&h), lines + 1);
    expect(&h, "GET", "/api/v1/audit?refused=1", "", 200,
           "\"action\":\"return_deposit.refused\",\"subject\":\"account\"");
    expect(&h, "POST", in, "{\"key\":\"i\",\"who\":\"Li\",\"amount\":500,\"channel\":\"bank\"}", 200, "");
    expect(&h, "POST", out, back, 200, "\"amount\":500");
    expect(&h, "POST", out, back, 200, "\"amount\":500");
    assert_int_equal(bookings(&h), 2);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_wishes),
        cmocka_unit_test(test_texts_to_their_end),
        cmocka_unit_test(test_what_a_key_means),
        cmocka_unit_test(test_refused_and_good_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
