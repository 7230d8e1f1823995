#ifndef HENG_PAPER_BILL_PARTS_H
#define HENG_PAPER_BILL_PARTS_H
/* The parts of a bill below its lines: readings, tax, earlier use, what is paid, reminders. Inside of paper/ only. */
#include "paper/bill.h"
#include "paper/parts.h"

/* What a part needs. sign: -1 of a reversal, whose charges are those of the bill that it takes back. */
struct heng_bill_paper {
    struct heng_store_reader *reader;
    struct heng_paper *paper;
    const struct heng_zone *zone;
    struct heng_bill bill;
    const struct heng_charge *charges;
    size_t n;
    int sign;
};

HENG_NODISCARD heng_rc heng_bill_paper_readings(const struct heng_bill_paper *b, struct heng_err *err);
HENG_NODISCARD heng_rc heng_bill_paper_taxes(const struct heng_bill_paper *b, struct heng_err *err);
HENG_NODISCARD heng_rc heng_bill_paper_history(const struct heng_bill_paper *b, struct heng_err *err);
/* Payments, fees and what is left to pay. */
HENG_NODISCARD heng_rc heng_bill_paper_due(const struct heng_bill_paper *b, struct heng_err *err);

#endif
