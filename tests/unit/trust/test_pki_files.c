/* What lies on the disk of box and centre: refused when others may read it, mended or told when damaged, whole after a
 * power cut between any two system calls. */
#include "unit/trust/yard.h"

#include <openssl/pem.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "trust/pem.h"

/* --- files that others may read, and damaged ones ------------------------------------------------------------- */

static heng_rc open_box(const struct yard *yard, struct heng_err *err)
{
    char path[YARD_PATH_MAX];
    struct heng_identity *identity = NULL;
    heng_rc rc = heng_identity_open(yard_at(yard, "box", path), &identity, err);
    if (rc == HENG_OK) heng_identity_free(identity);
    return rc;
}

static heng_rc open_centre(const struct yard *yard, struct heng_err *err)
{
    char path[YARD_PATH_MAX];
    struct heng_authority *authority = NULL;
    heng_rc rc = heng_authority_open(yard_at(yard, "centre", path), "s", YARD_NOW_US, &authority, err);
    if (rc == HENG_OK) heng_authority_free(authority);
    return rc;
}

static void a_key_that_others_may_read_is_refused_with_the_remedy(void **state)
{
    (void)state;
    struct yard yard;
    struct heng_err err;
    char path[YARD_PATH_MAX], remedy[YARD_PATH_MAX * 2];
    static const mode_t modes[] = {0640, 0604, 0660, 0601};
    yard_init(&yard);
    heng_authority_free(yard_authority(&yard, "centre"));
    heng_identity_free(yard_identity(&yard, "box"));
    static const char *const keys[] = {"centre/authority.key", "centre/server.key", "box/gateway.key"};
    for (size_t k = 0; k < 3; k++) {
        yard_at(&yard, keys[k], path);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(chmod(path, modes[i]), 0);
            assert_int_equal(k < 2 ? open_centre(&yard, &err) : open_box(&yard, &err), HENG_EDENIED);
            snprintf(remedy, sizeof remedy, "chmod 600 '%s'", path);
            assert_non_null(strstr(err.text, remedy));
        }
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(k < 2 ? open_centre(&yard, &err) : open_box(&yard, &err), HENG_OK);
    }
    yard_fini(&yard);
}

/* Cut a file at each of some lengths. made_anew: opening mends it; else it is told, and the file is left alone. */
static void cut_each(const struct yard *yard, const char *name, bool made_anew)
{
    char path[YARD_PATH_MAX], whole[8192], after[8192];
    struct heng_err err;
    bool centre = strncmp(name, "centre", 6) == 0;
    yard_at(yard, name, path);
    size_t n = yard_read(path, whole, sizeof whole);
    assert_true(n > 100);
    for (size_t cut = 0; cut < n - 30; cut += n / 7) {
        yard_write(path, whole, cut, 0600);
        heng_rc rc = centre ? open_centre(yard, &err) : open_box(yard, &err);
        size_t left = yard_read(path, after, sizeof after);
        if (made_anew) {
            assert_int_equal(rc, HENG_OK);
            assert_true(left > 100);
        } else {
            assert_int_equal(rc, HENG_EFORMAT);
            assert_non_null(strstr(err.text, strrchr(name, '/') + 1));
            assert_int_equal(left, cut);
        }
        yard_write(path, whole, n, 0600);
    }
}

static void what_is_half_written_is_made_anew_or_told(void **state)
{
    (void)state;
    struct yard yard;
    char path[YARD_PATH_MAX];
    struct heng_err err;
    yard_init(&yard);
    struct heng_authority *authority = yard_authority(&yard, "centre");
    heng_identity_free(yard_identity(&yard, "box"));
    cut_each(&yard, "box/gateway.key", true);
    heng_identity_free(yard_gateway(&yard, authority, "box", YARD_NOW_US, 90));
    heng_authority_free(authority);
    cut_each(&yard, "box/gateway.key", false);
    cut_each(&yard, "box/gateway.pem", false);
    cut_each(&yard, "box/authority.pem", false);
    cut_each(&yard, "centre/authority.key", false);
    cut_each(&yard, "centre/authority.pem", false);
    cut_each(&yard, "centre/server.pem", true);
    cut_each(&yard, "centre/server.key", true);
    assert_int_equal(unlink(yard_at(&yard, "box/authority.pem", path)), 0);
    assert_int_equal(open_box(&yard, &err), HENG_EFORMAT);
    assert_int_equal(unlink(yard_at(&yard, "centre/authority.key", path)), 0);
    assert_int_equal(open_centre(&yard, &err), HENG_EFORMAT);
    assert_int_equal(access(path, F_OK), -1);
    yard_fini(&yard);
}

static void a_locked_key_is_refused_without_asking(void **state)
{
    (void)state;
    struct yard yard;
    char path[YARD_PATH_MAX];
    EVP_PKEY *key = EVP_EC_gen("P-256"), *read = NULL;
    yard_init(&yard);
    FILE *file = fopen(yard_at(&yard, "k", path), "w");
    assert_non_null(file);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), (const unsigned char *)"x1y2", 4, NULL, NULL),
                     1);
    fclose(file);
    assert_int_equal(heng_key_read(path, &read, NULL), HENG_EFORMAT);
    EVP_PKEY_free(key);
    yard_fini(&yard);
}

/* --- the power fails ----------------------------------------------------------------------------------------- */

/* Do it in a child that is killed as it enters its n-th system call. Returns false when it came to its end before. */
static bool killed_at_call(unsigned n, void (*act)(const struct yard *, const struct yard_paper *),
                           const struct yard *yard, const struct yard_paper *paper)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(9);
        raise(SIGSTOP);
        act(yard, paper);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSTOPPED(status));
    for (unsigned stops = 0; stops < 2 * n; stops++) { /* one as it enters, one as it leaves */
        assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return false;
        }
        assert_true(WIFSTOPPED(status));
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    return true;
}

static void act_accept(const struct yard *yard, const struct yard_paper *paper)
{
    char path[YARD_PATH_MAX];
    struct heng_identity *box = NULL;
    if (heng_identity_open(yard_at(yard, "box", path), &box, NULL) != HENG_OK) _exit(1);
    struct heng_slice certificate = heng_slice_of(paper[0].der, paper[0].n);
    if (heng_identity_accept(box, certificate, heng_slice_of(paper[1].der, paper[1].n), NULL) != HENG_OK) _exit(2);
}

static void act_centre(const struct yard *yard, const struct yard_paper *paper)
{
    (void)paper;
    if (open_centre(yard, NULL) != HENG_OK) _exit(1);
}

static void a_crash_while_a_certificate_is_taken_leaves_the_old_or_the_new(void **state)
{
    (void)state;
    struct yard yard;
    unsigned olds = 0, news = 0, step = 0;
    yard_init(&yard);
    struct heng_authority *authority = yard_authority(&yard, "centre");
    heng_identity_free(yard_gateway(&yard, authority, "box", YARD_NOW_US, 90));
    for (bool end = false; !end; step++) {
        struct heng_identity *box = yard_identity(&yard, "box");
        heng_us before = heng_identity_expires_us(box), after = before + HENG_US_PER_DAY;
        struct yard_paper paper[2] = {yard_sign(authority, box, "box", after - 90 * HENG_US_PER_DAY, 90)};
        heng_identity_free(box);
        struct heng_slice ca = heng_authority_certificate(authority);
        memcpy(paper[1].der, ca.p, ca.n);
        paper[1].n = ca.n;
        end = !killed_at_call(step, act_accept, &yard, paper);
        box = yard_identity(&yard, "box");
        assert_true(heng_identity_is_enrolled(box));
        heng_us now = heng_identity_expires_us(box);
        assert_true(now == before || now == after);
        assert_true(!end || now == after);
        if (now == after)
            news++;
        else
            olds++;
        heng_identity_free(box);
        assert_true(step < 2000);
    }
    print_message("killed at each of %u system calls: %u times the old certificate, %u times the new one\n", step - 1,
                  olds, news);
    assert_true(olds > 5 && news > 1);
    heng_authority_free(authority);
    yard_fini(&yard);
}

static void act_meet(const struct yard *yard, const struct yard_paper *paper)
{
    char path[YARD_PATH_MAX];
    bool anew;
    struct heng_identity *box = NULL;
    if (heng_identity_open(yard_at(yard, "box", path), &box, NULL) != HENG_OK) _exit(1);
    if (heng_identity_meet(box, heng_slice_of(paper->der, paper->n), &anew, NULL) != HENG_OK) _exit(2);
}

/* At no moment does the key of before stand beside the authority of now: that one would see it. */
static void a_crash_while_another_authority_is_met_gives_no_key_away(void **state)
{
    (void)state;
    struct yard yard;
    unsigned step = 0, cut = 0;
    yard_init(&yard);
    struct heng_authority *all[2] = {yard_authority(&yard, "centre"), yard_authority(&yard, "rogue")};
    for (bool end = false; !end; step++) {
        char before[HENG_PKI_CODE_MAX], after[HENG_PKI_CODE_MAX];
        struct heng_identity *box = yard_identity(&yard, "box");
        (void)yard_met_anew(box, all[step % 2]);
        yard_code(box, all[0], before);
        heng_identity_free(box);
        struct heng_slice ca = heng_authority_certificate(all[1 - step % 2]);
        struct yard_paper other = {.n = ca.n};
        memcpy(other.der, ca.p, ca.n);
        end = !killed_at_call(step, act_meet, &yard, &other);
        box = yard_identity(&yard, "box");
        if (yard_met_anew(box, all[1 - step % 2])) cut++;
        yard_code(box, all[0], after);
        assert_string_not_equal(before, after);
        heng_identity_free(box);
        assert_true(step < 2000);
    }
    print_message("killed at each of %u system calls, %u times it had not met the other one\n", step - 1, cut);
    assert_in_range(cut, 5, step - 1);
    heng_authority_free(all[0]);
    heng_authority_free(all[1]);
    yard_fini(&yard);
}

static void a_crash_while_box_and_centre_are_made_leaves_nothing_to_mend(void **state)
{
    (void)state;
    unsigned step = 0;
    for (bool end = false; !end; step++) {
        struct yard yard;
        yard_init(&yard);
        end = !killed_at_call(step, act_centre, &yard, NULL);
        struct heng_authority *a = yard_authority(&yard, "centre"), *b = yard_authority(&yard, "centre");
        assert_true(heng_slice_eq(heng_authority_certificate(a), heng_authority_certificate(b)));
        /* The first enrolment of a box, cut at the same number. */
        struct heng_identity *box = yard_identity(&yard, "box");
        struct yard_paper paper[2] = {yard_sign(a, box, "box", YARD_NOW_US, 90)};
        heng_identity_free(box);
        struct heng_slice ca = heng_authority_certificate(a);
        memcpy(paper[1].der, ca.p, ca.n);
        paper[1].n = ca.n;
        killed_at_call(step, act_accept, &yard, paper);
        box = yard_identity(&yard, "box");
        if (!heng_identity_is_enrolled(box))
            assert_int_equal(heng_identity_accept(box, heng_slice_of(paper[0].der, paper[0].n), ca, NULL), HENG_OK);
        heng_identity_free(box);
        heng_authority_free(a);
        heng_authority_free(b);
        yard_fini(&yard);
        assert_true(step < 2000);
    }
    print_message("killed at each of %u system calls\n", step - 1);
    assert_true(step > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_others_may_read_is_refused_with_the_remedy),
        cmocka_unit_test(what_is_half_written_is_made_anew_or_told),
        cmocka_unit_test(a_locked_key_is_refused_without_asking),
        cmocka_unit_test(a_crash_while_a_certificate_is_taken_leaves_the_old_or_the_new),
        cmocka_unit_test(a_crash_while_another_authority_is_met_gives_no_key_away),
        cmocka_unit_test(a_crash_while_box_and_centre_are_made_leaves_nothing_to_mend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
