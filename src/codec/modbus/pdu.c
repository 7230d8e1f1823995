/* Modbus protocol data units: lengths, limits, and the telegram that they make. All numbers high byte first.
 *
 *   function              request                                              answer
 *   01 02 read bits       address(2) quantity(2)                               bytes(1) bits, lowest first
 *   03 04 read registers  address(2) quantity(2)                               bytes(1) registers(2 each)
 *   05 write coil         address(2) FF00 or 0000                              the same
 *   06 write register     address(2) value(2)                                  the same
 *   0F write coils        address(2) quantity(2) bytes(1) bits                 address(2) quantity(2)
 *   10 write registers    address(2) quantity(2) bytes(1) registers            address(2) quantity(2)
 *   11 report server id   -                                                    bytes(1) id, run status, more
 *   17 read and write     address(2) quantity(2) address(2) quantity(2)        bytes(1) registers
 *                         bytes(1) registers
 *   2B identification     0E code(1) object(1)                                 0E code(1) conformity(1) more(1) next(1)
 *                                                                              count(1) { object(1) bytes(1) text }
 *   function + 80         -                                                    exception(1)
 *
 * Nothing in a frame says which way it goes. Its length does, but for 05 and 06, and for an answer with 3 bytes of
 * bits, which is as long as its request, and for some 17.
 *
 * Source: Modbus Application Protocol 1.1b3, clauses 6 and 7. */
#include "codec/modbus/pdu.h"
#include "codec/modbus.h"

enum { ADDRESS_AT = 1, QUANTITY_AT = 3, VALUE_AT = 3, SECOND_ADDRESS_AT = 5, SECOND_QUANTITY_AT = 7 };
enum { MEI_AT = 1, CODE_AT = 2, CONFORMITY_AT = 3, MORE_AT = 4, OBJECTS_AT = 6, IDENTIFICATION_HEAD = 7 };
enum { DATA_MAX = 250, WRITE_MAX = 121, COIL_ON = 0xFF00 };

/* A PDU has head bytes, and as many more as the byte at count_at says, if that is not 0. No head: no rule. */
struct form {
    uint8_t head, count_at;
};

/* quantity_max: of the quantity behind the first address; item_bits: what a quantity counts. */
struct function {
    uint8_t code;
    struct form request, answer;
    uint8_t item_bits;
    uint16_t quantity_max;
    const char *name;
};

static const struct function functions[] = {
    [0x01] = {0x01, {5, 0}, {2, 1}, 1, 2000, "read coils"},
    [0x02] = {0x02, {5, 0}, {2, 1}, 1, 2000, "read discrete inputs"},
    [0x03] = {0x03, {5, 0}, {2, 1}, 16, 125, "read holding registers"},
    [0x04] = {0x04, {5, 0}, {2, 1}, 16, 125, "read input registers"},
    [0x05] = {0x05, {5, 0}, {5, 0}, 1, 0, "write coil"},
    [0x06] = {0x06, {5, 0}, {5, 0}, 16, 0, "write register"},
    [0x07] = {0x07, {0, 0}, {0, 0}, 0, 0, "read exception status"},
    [0x08] = {0x08, {0, 0}, {0, 0}, 0, 0, "diagnostics"},
    [0x0B] = {0x0B, {0, 0}, {0, 0}, 0, 0, "get comm event counter"},
    [0x0C] = {0x0C, {0, 0}, {0, 0}, 0, 0, "get comm event log"},
    [0x0F] = {0x0F, {6, 5}, {5, 0}, 1, 1968, "write coils"},
    [0x10] = {0x10, {6, 5}, {5, 0}, 16, 123, "write registers"},
    [0x11] = {0x11, {1, 0}, {2, 1}, 0, 0, "report server id"},
    [0x14] = {0x14, {0, 0}, {0, 0}, 0, 0, "read file record"},
    [0x15] = {0x15, {0, 0}, {0, 0}, 0, 0, "write file record"},
    [0x16] = {0x16, {0, 0}, {0, 0}, 0, 0, "mask write register"},
    [0x17] = {0x17, {10, 9}, {2, 1}, 16, 125, "read and write registers"},
    [0x18] = {0x18, {0, 0}, {0, 0}, 0, 0, "read fifo queue"},
    [0x2B] = {0x2B, {4, 0}, {0, 0}, 0, 0, "read device identification"},
};

/* NULL for codes outside of the standard. */
static const struct function *function_of(uint8_t code)
{
    return code < sizeof functions / sizeof functions[0] && functions[code].name ? &functions[code] : NULL;
}

const char *heng_modbus_function_text(uint8_t function_code)
{
    const struct function *f = function_of(function_code & 0x7F);
    return f ? f->name : "unknown function";
}

const char *heng_modbus_pdu_text(struct heng_slice pdu)
{
    enum { MEI_CANOPEN = 0x0D };
    if (pdu.n == 0) return "unknown function";
    bool read =
        pdu.p[0] != HENG_MODBUS_ENCAPSULATED || pdu.n <= MEI_AT || pdu.p[MEI_AT] == HENG_MODBUS_MEI_IDENTIFICATION;
    if (read) return heng_modbus_function_text(pdu.p[0]);
    return pdu.p[MEI_AT] == MEI_CANOPEN ? "canopen general reference" : "encapsulated interface transport";
}

bool heng_modbus_has_form(struct heng_slice pdu)
{
    const struct function *f = pdu.n ? function_of(pdu.p[0] & 0x7F) : NULL;
    if (!f) return false;
    if (pdu.p[0] == HENG_MODBUS_ENCAPSULATED && pdu.n > MEI_AT && pdu.p[MEI_AT] != HENG_MODBUS_MEI_IDENTIFICATION)
        return false;
    return f->request.head != 0 || pdu.p[0] & HENG_MODBUS_EXCEPTION;
}

static size_t form_bytes(struct form form, struct heng_slice bytes)
{
    if (form.head == 0 || form.count_at == 0) return form.head;
    return bytes.n > form.count_at ? (size_t)form.head + bytes.p[form.count_at] : bytes.n + 1;
}

/* Answer to 2B/0E: its end is known when the last object's length is there. */
static size_t identification_bytes(struct heng_slice bytes)
{
    if (bytes.n < IDENTIFICATION_HEAD) return bytes.n + 1;
    size_t at = IDENTIFICATION_HEAD;
    for (unsigned left = bytes.p[OBJECTS_AT]; left > 0; left--) {
        if (at > HENG_MODBUS_PDU_MAX) return 0;
        if (bytes.n < at + 2) return bytes.n + 1;
        at += 2 + (size_t)bytes.p[at + 1];
    }
    return at <= HENG_MODBUS_PDU_MAX ? at : 0;
}

size_t heng_modbus_request_bytes(struct heng_slice bytes)
{
    if (bytes.n == 0) return 1;
    const struct function *f = function_of(bytes.p[0]);
    if (!f || !heng_modbus_has_form(bytes)) return 0;
    size_t n = form_bytes(f->request, bytes);
    return n <= HENG_MODBUS_PDU_MAX ? n : 0;
}

size_t heng_modbus_answer_bytes(struct heng_slice bytes)
{
    if (bytes.n == 0) return 1;
    if (!heng_modbus_has_form(bytes)) return 0;
    if (bytes.p[0] & HENG_MODBUS_EXCEPTION) return 2;
    if (bytes.p[0] == HENG_MODBUS_ENCAPSULATED) return identification_bytes(bytes);
    return form_bytes(function_of(bytes.p[0])->answer, bytes);
}

/* Number of items at `at`, if it is there; their address stands in front of it. Item 65535 is the last. */
static heng_rc check_quantity(struct heng_slice pdu, size_t at, unsigned max, struct heng_err *err)
{
    enum { ITEMS = 0x10000 };
    if (pdu.n < at + 2) return HENG_OK;
    unsigned quantity = heng_modbus_u16(pdu.p + at), address = heng_modbus_u16(pdu.p + at - 2);
    if (quantity < 1 || quantity > max)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)at, "quantity %u is not within 1 and %u", quantity, max);
    if (address + quantity <= ITEMS) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, (uint32_t)at, "quantity %u from address %u on goes beyond 65535", quantity,
                     address);
}

/* Byte count of a request, which its quantity just before tells as well. */
static heng_rc check_written_bytes(const struct function *f, struct heng_slice pdu, struct heng_err *err)
{
    size_t at = f->request.count_at;
    if (at == 0 || pdu.n <= at) return HENG_OK;
    unsigned quantity = heng_modbus_u16(pdu.p + at - 2), expected = (quantity * f->item_bits + 7) / 8;
    if (pdu.p[at] == expected) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, (uint32_t)at, "byte count is %u, not %u as the quantity %u has it", pdu.p[at],
                     expected, quantity);
}

static heng_rc check_coil_value(struct heng_slice pdu, struct heng_err *err)
{
    if (pdu.p[0] != HENG_MODBUS_WRITE_COIL || pdu.n < VALUE_AT + 2) return HENG_OK;
    unsigned value = heng_modbus_u16(pdu.p + VALUE_AT);
    if (value == 0 || value == COIL_ON) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, VALUE_AT, "coil value is 0x%04x, neither 0xff00 nor 0x0000", value);
}

static heng_rc check_identification_code(struct heng_slice pdu, struct heng_err *err)
{
    if (pdu.p[0] != HENG_MODBUS_ENCAPSULATED || pdu.n <= CODE_AT || (pdu.p[CODE_AT] >= 1 && pdu.p[CODE_AT] <= 4))
        return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, CODE_AT, "identification code is %u, not 1 to 4", pdu.p[CODE_AT]);
}

heng_rc heng_modbus_check_request(struct heng_slice pdu, struct heng_err *err)
{
    const struct function *f = pdu.n ? function_of(pdu.p[0]) : NULL;
    if (!f) return HENG_OK;
    heng_rc rc = f->quantity_max ? check_quantity(pdu, QUANTITY_AT, f->quantity_max, err) : HENG_OK;
    if (rc == HENG_OK && pdu.p[0] == HENG_MODBUS_READ_WRITE_REGISTERS)
        rc = check_quantity(pdu, SECOND_QUANTITY_AT, WRITE_MAX, err);
    if (rc == HENG_OK) rc = check_written_bytes(f, pdu, err);
    if (rc == HENG_OK) rc = check_coil_value(pdu, err);
    if (rc == HENG_OK) rc = check_identification_code(pdu, err);
    return rc;
}

static heng_rc check_answered_bytes(const struct function *f, struct heng_slice pdu, struct heng_err *err)
{
    if (f->answer.count_at == 0 || pdu.n <= f->answer.count_at) return HENG_OK;
    unsigned bytes = pdu.p[f->answer.count_at], max = f->item_bits ? DATA_MAX : HENG_MODBUS_PDU_MAX - 2;
    if (bytes == 0 || bytes > max)
        return heng_fail(err, HENG_EFORMAT, f->answer.count_at, "byte count %u is not within 1 and %u", bytes, max);
    if (f->item_bits == 16 && bytes % 2)
        return heng_fail(err, HENG_EFORMAT, f->answer.count_at, "byte count %u is not even", bytes);
    return HENG_OK;
}

static heng_rc check_identification(struct heng_slice pdu, struct heng_err *err)
{
    heng_rc rc = check_identification_code(pdu, err);
    if (rc != HENG_OK) return rc;
    unsigned level = pdu.n > CONFORMITY_AT ? pdu.p[CONFORMITY_AT] & 0x7F : 1;
    if (level < 1 || level > 3)
        return heng_fail(err, HENG_EFORMAT, CONFORMITY_AT, "conformity level is 0x%02x", pdu.p[CONFORMITY_AT]);
    if (pdu.n > MORE_AT && pdu.p[MORE_AT] != 0x00 && pdu.p[MORE_AT] != 0xFF)
        return heng_fail(err, HENG_EFORMAT, MORE_AT, "'more follows' is 0x%02x, neither 0x00 nor 0xff", pdu.p[MORE_AT]);
    return HENG_OK;
}

heng_rc heng_modbus_check_answer(struct heng_slice pdu, struct heng_err *err)
{
    const struct function *f = pdu.n ? function_of(pdu.p[0] & 0x7F) : NULL;
    if (pdu.n > 1 && pdu.p[0] & HENG_MODBUS_EXCEPTION && pdu.p[1] == 0)
        return heng_fail(err, HENG_EFORMAT, 1, "exception code is 0");
    if (!f || pdu.p[0] & HENG_MODBUS_EXCEPTION) return HENG_OK;
    if (pdu.p[0] == HENG_MODBUS_ENCAPSULATED) return check_identification(pdu, err);
    if (f->request.count_at && f->answer.count_at == 0) /* 0F and 10 repeat the quantity */
        return check_quantity(pdu, QUANTITY_AT, f->quantity_max, err);
    heng_rc rc = check_coil_value(pdu, err);
    return rc == HENG_OK ? check_answered_bytes(f, pdu, err) : rc;
}

bool heng_modbus_is_request(struct heng_slice pdu)
{
    return heng_modbus_request_bytes(pdu) == pdu.n && heng_modbus_check_request(pdu, NULL) == HENG_OK;
}

bool heng_modbus_is_answer(struct heng_slice pdu)
{
    return heng_modbus_answer_bytes(pdu) == pdu.n && heng_modbus_check_answer(pdu, NULL) == HENG_OK;
}

heng_rc heng_modbus_blame(struct heng_slice pdu, struct heng_err *err)
{
    const struct function *f = function_of(pdu.p[0] & 0x7F);
    if (pdu.p[0] == 0) return heng_fail(err, HENG_EFORMAT, 0, "function 0 does not exist");
    if (heng_modbus_request_bytes(pdu) == pdu.n) return heng_modbus_check_request(pdu, err);
    if (heng_modbus_answer_bytes(pdu) == pdu.n || (pdu.n == 2 && pdu.p[0] & HENG_MODBUS_EXCEPTION))
        return heng_modbus_check_answer(pdu, err);
    if (f && f->request.count_at && f->answer.count_at == 0 && pdu.n >= f->request.head &&
        heng_modbus_check_request(pdu, err) != HENG_OK)
        return HENG_EFORMAT; /* 0F and 10: more than a frame can hold, or two numbers that contradict each other */
    struct form form = {0, 0};
    if (f && !(pdu.p[0] & HENG_MODBUS_EXCEPTION)) form = f->answer.count_at ? f->answer : f->request;
    if (form.count_at && pdu.n >= form.head)
        return heng_fail(err, HENG_EFORMAT, form.count_at, "byte count is %u, but %zu bytes follow",
                         pdu.p[form.count_at], pdu.n - form.head);
    return heng_fail(err, HENG_EFORMAT, 0, "%zu bytes are neither a request nor an answer of '%s'", pdu.n,
                     heng_modbus_pdu_text(pdu));
}

static void set_range(struct heng_telegram *t, const uint8_t *address, uint16_t count)
{
    t->has_di = true;
    t->di = heng_modbus_u16(address);
    t->count = count;
}

static void read_request(struct heng_telegram *t, const struct function *f, struct heng_slice pdu)
{
    t->kind = f->request.count_at || f->code == HENG_MODBUS_WRITE_COIL || f->code == HENG_MODBUS_WRITE_REGISTER
                  ? HENG_TELEGRAM_COMMAND
                  : HENG_TELEGRAM_REQUEST;
    if (f->quantity_max) set_range(t, pdu.p + ADDRESS_AT, heng_modbus_u16(pdu.p + QUANTITY_AT));
    if (f->request.count_at) t->body = heng_slice_from(pdu, f->request.head);
}

static void read_answer(struct heng_telegram *t, const struct function *f, struct heng_slice pdu)
{
    t->kind = HENG_TELEGRAM_DATA;
    if (f->code == HENG_MODBUS_ENCAPSULATED) {
        t->more = pdu.p[MORE_AT] != 0;
        t->body = heng_slice_from(pdu, IDENTIFICATION_HEAD);
    } else if (f->answer.count_at) {
        t->body = heng_slice_from(pdu, f->answer.head);
        if (f->item_bits) t->count = (uint16_t)(8 * t->body.n / f->item_bits);
    } else {
        t->kind = HENG_TELEGRAM_WRITTEN;
        if (f->quantity_max) set_range(t, pdu.p + ADDRESS_AT, heng_modbus_u16(pdu.p + QUANTITY_AT));
    }
}

void heng_modbus_read_pdu(struct heng_telegram *t, struct heng_slice pdu, bool from_meter, bool either_way)
{
    const struct function *f = function_of(pdu.p[0]);
    t->control = pdu.p[0];
    t->from_meter = from_meter;
    t->either_way = either_way;
    t->more = t->has_di = false;
    t->di = 0;
    t->count = 0;
    t->error_code = 0;
    t->body = (struct heng_slice){pdu.p + pdu.n, 0};
    if (pdu.p[0] & HENG_MODBUS_EXCEPTION) {
        t->kind = HENG_TELEGRAM_ERROR;
        t->error_code = pdu.p[1];
        return;
    }
    if (!f || !heng_modbus_has_form(pdu)) {
        t->kind = HENG_TELEGRAM_OTHER;
        t->body = heng_slice_from(pdu, 1);
        return;
    }
    if (from_meter)
        read_answer(t, f, pdu);
    else
        read_request(t, f, pdu);
    if (f->code == HENG_MODBUS_WRITE_COIL || f->code == HENG_MODBUS_WRITE_REGISTER) {
        set_range(t, pdu.p + ADDRESS_AT, 1);
        t->body = heng_slice_from(pdu, VALUE_AT);
    }
}

struct heng_slice heng_modbus_pdu(const struct heng_telegram *t)
{
    enum { MBAP_BYTES = 7, CRC_BYTES = 2 };
    if (t->protocol == HENG_PROTOCOL_MODBUS_TCP) return heng_slice_from(t->frame, MBAP_BYTES);
    return heng_slice_of(t->frame.p + 1, t->frame.n - 1 - CRC_BYTES);
}

/* True when an answer has what its request wants of it. */
static bool answers(const struct heng_telegram *request, struct heng_slice asked, struct heng_slice pdu)
{
    const struct function *f = function_of(asked.p[0]);
    if (pdu.p[0] == (asked.p[0] | HENG_MODBUS_EXCEPTION)) return true;
    if (pdu.p[0] != asked.p[0] || !f || !heng_modbus_is_answer(pdu)) return false;
    if (f->code == HENG_MODBUS_ENCAPSULATED) return pdu.p[CODE_AT] == asked.p[CODE_AT];
    if (f->answer.count_at == 0) /* address and quantity, or address and value */
        return memcmp(pdu.p + ADDRESS_AT, asked.p + ADDRESS_AT, 4) == 0;
    return f->item_bits == 0 || pdu.n - f->answer.head == ((size_t)request->count * f->item_bits + 7) / 8;
}

bool heng_modbus_join(const struct heng_telegram *request, struct heng_telegram *answer)
{
    if (request->protocol != answer->protocol || request->address != answer->address ||
        request->transaction != answer->transaction || (request->from_meter && !request->either_way))
        return false;
    struct heng_slice pdu = heng_modbus_pdu(answer);
    if (!answers(request, heng_modbus_pdu(request), pdu)) return false;
    heng_modbus_read_pdu(answer, pdu, true, false);
    answer->has_di = request->has_di;
    answer->di = request->di;
    answer->count = request->count;
    return true;
}

const char *heng_modbus_exception_text(uint8_t exception)
{
    static const char *const texts[] = {
        [0x01] = "illegal function",
        [0x02] = "illegal data address",
        [0x03] = "illegal data value",
        [0x04] = "server device failure",
        [0x05] = "acknowledge",
        [0x06] = "server device busy",
        [0x07] = "negative acknowledge",
        [0x08] = "memory parity error",
        [0x0A] = "gateway path unavailable",
        [0x0B] = "gateway target failed to respond",
    };
    const char *text = exception < sizeof texts / sizeof texts[0] ? texts[exception] : NULL;
    return text ? text : "reserved exception";
}
