#ifndef HENG_API_MONEY_VERIFICATION_H
#define HENG_API_MONEY_VERIFICATION_H
/* The comparison of all records with their seals: one at a time, in a thread of its own (seal.c). */

struct heng_verification;
struct heng_verification *heng_verification_new(const char *database); /* NULL without memory; database is borrowed */
void heng_verification_free(struct heng_verification *verification);   /* stops it; accepts NULL */

#endif
