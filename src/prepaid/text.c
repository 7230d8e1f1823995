#include "prepaid/text.h"

#include <stdio.h>

#include "prepaid/site.h"

static const char *const kinds[] = {
#define X(symbol, kind) kind,
    HENG_TELL_LIST(X)
#undef X
};

const char *heng_tell_kind(heng_tell tell) { return (unsigned)tell < HENG_TELL_COUNT ? kinds[tell] : "?"; }

/* What stands in a text: {number}, {amount}, {use} (the sentence about use per day, or nothing), {until}. */
static const char *const texts[3][HENG_TELL_COUNT] = {
    {"Account {number}: your balance is {amount}.{use} Please pay in soon.",
     "Account {number}: your balance is very low: {amount}.{use} Please pay in now.",
     "Account {number}: your balance is used up: {amount}.{use} Supply ends if nothing is paid in.",
     "Account {number}: your balance is {amount}. Supply ends at the earliest at {until} if nothing is paid in.",
     "Account {number}: {amount} is overdue. Supply ends at the earliest at {until} if it is not paid.",
     "Account {number}: supply has ended. It comes back by itself as soon as the balance is above zero or what is "
     "overdue is paid.",
     "Account {number}: supply is back. Balance: {amount}."},
    {"Konto {number}: Ihr Guthaben beträgt {amount}.{use} Bitte laden Sie bald auf.",
     "Konto {number}: Ihr Guthaben ist sehr niedrig: {amount}.{use} Bitte laden Sie jetzt auf.",
     "Konto {number}: Ihr Guthaben ist aufgebraucht: {amount}.{use} Ohne Zahlung wird die Versorgung unterbrochen.",
     "Konto {number}: Ihr Guthaben beträgt {amount}. Ohne Zahlung wird die Versorgung frühestens am {until} "
     "unterbrochen.",
     "Konto {number}: {amount} sind überfällig. Ohne Zahlung wird die Versorgung frühestens am {until} unterbrochen.",
     "Konto {number}: Die Versorgung ist unterbrochen. Sie kommt von selbst zurück, sobald das Guthaben über null ist "
     "oder der Rückstand bezahlt.",
     "Konto {number}: Die Versorgung ist wieder da. Guthaben: {amount}."},
    {"户号{number}：您的余额为{amount}。{use}请及时充值。",
     "户号{number}：您的余额已严重不足：{amount}。{use}请尽快充值。",
     "户号{number}：您的余额已用完：{amount}。{use}如不充值将停止供应。",
     "户号{number}：您的余额为{amount}。如不充值，最早将于{until}停止供应。",
     "户号{number}：您已逾期欠费{amount}。如不缴清，最早将于{until}停止供应。",
     "户号{number}：已停止供应。余额大于零或欠费缴清后自动恢复。", "户号{number}：已恢复供应。余额：{amount}。"},
};

/* With what is used per day, and how long it lasts when something is left. */
static const char *const uses[3][2] = {
    {" You use about {day} a day.", " You use about {day} a day; it lasts for about {days} days."},
    {" Sie verbrauchen etwa {day} am Tag.", " Sie verbrauchen etwa {day} am Tag; es reicht noch etwa {days} Tage."},
    {"近期日均{day}。", "近期日均{day}，预计可用{days}天。"},
};

static size_t language_of(const char *language)
{
    return strcmp(language, "de") == 0 ? 1 : strcmp(language, "zh") == 0 ? 2 : 0;
}

struct filling {
    char *out;
    size_t n, cap;
};

/* A text that is too long ends with a whole character. */
static void put(struct filling *f, const char *text, size_t n)
{
    if (n > f->cap - 1 - f->n) n = f->cap - 1 - f->n;
    while (n && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    memcpy(f->out + f->n, text, n);
    f->n += n;
    f->out[f->n] = '\0';
}

static void fill(struct filling *f, const char *text, size_t l, const struct heng_telling *t)
{
    char money[HENG_MONEY_TEXT_MAX], word[64];
    while (*text) {
        size_t n = strcspn(text, "{");
        put(f, text, n);
        text += n;
        if (!*text) return;
        size_t name = strcspn(text, "}") + 1;
        word[0] = '\0';
        if (strncmp(text, "{number}", name) == 0) put(f, t->number, strlen(t->number));
        if (strncmp(text, "{until}", name) == 0) put(f, t->until, strlen(t->until));
        if (strncmp(text, "{days}", name) == 0) snprintf(word, sizeof word, "%lld", (long long)t->days_left);
        if (strncmp(text, "{amount}", name) == 0 || strncmp(text, "{day}", name) == 0) {
            heng_money_text(text[1] == 'a' ? t->amount : t->per_day, money);
            snprintf(word, sizeof word, "%s %s", money, t->currency);
        }
        put(f, word, strlen(word));
        if (strncmp(text, "{use}", name) == 0 && t->per_day > 0) fill(f, uses[l][t->days_left >= 0], l, t);
        text += name;
    }
}

void heng_tell_text(heng_tell tell, const char *language, const struct heng_telling *telling,
                    char ret[HENG_NOTICE_TEXT_MAX])
{
    size_t l = language_of(language);
    struct filling f = {ret, 0, HENG_NOTICE_TEXT_MAX};
    ret[0] = '\0';
    fill(&f, texts[l][tell], l, telling);
}
