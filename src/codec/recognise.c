/* Which protocol captured bytes speak, told from the bytes alone.
 *
 * What each frame repeats or promises, in the order of how unlikely it is by chance:
 *   M-Bus long      68 L L 68 .. CS 16      start and length twice, length, sum
 *   DL/T 645        68 A(6) 68 C L .. CS 16 start twice, length, sum, a function of its list
 *   CJ/T 188        68 T A(7) C L .. CS 16  start, length, sum
 *   M-Bus short     10 C A CS 16; E5        fixed length, sum
 *   Modbus RTU      U FC .. CRC(2)          length by function, 16 bits of check
 *   Modbus TCP      T(2) 00 00 L(2) U FC .. zeros and length
 * A Modbus RTU request for two registers from 0 on ("01 03 00 00 00 02 C4 0B") has the zeros and the length of
 * Modbus TCP too: the CRC decides, so RTU is asked first; and with a wrong CRC it is a damaged RTU frame, for TCP has
 * nothing more to say for itself. A right CRC around a function that nobody knows is 16 bits and no more: what is
 * nearly another protocol's frame is that one.
 * M-Bus and DL/T 645 both fit when the number of a DL/T meter makes it so ("68 18 18 68"): an M-Bus frame whose content
 * is nothing known stands back behind a known function of DL/T 645. */
#include "codec/bytes.h"
#include "codec/modbus.h"
#include "codec/modbus/pdu.h"
#include "codec/present.h"

/* Evidence of a damaged frame, in points; less than ENOUGH is no evidence at all. */
enum { WEAK = 1, FAIR = 2, STRONG = 3, ENOUGH = 3, FOUND_STRONG = 9, FOUND_WEAK = 5 };

static bool has_fixed_functions(uint8_t function_code)
{
    return (function_code >= HENG_MODBUS_READ_COILS && function_code <= HENG_MODBUS_WRITE_REGISTER) ||
           function_code == HENG_MODBUS_WRITE_COILS || function_code == HENG_MODBUS_WRITE_REGISTERS ||
           function_code == HENG_MODBUS_REPORT_SERVER_ID || function_code == HENG_MODBUS_READ_WRITE_REGISTERS ||
           function_code == HENG_MODBUS_ENCAPSULATED;
}

/* The edition of DL/T 645 whose list of functions has the one of this frame; COUNT when none has.
 * frame: from the first 68 on; n may end anywhere behind C.
 * 03 repeats the last answer in 1997 and is the security function in 2007, whose identifiers all begin with 07 and
 * whose refusals have two bytes. 08 sets the time in both; 2007 is what is in the field. */
static heng_protocol dlt645_edition(struct heng_slice frame)
{
    uint8_t control = frame.p[8], length = frame.n > 9 ? frame.p[9] : 0;
    switch (control & 0x1F) {
    case 0x03:
        if (control & 0x40) return length == 2 ? HENG_PROTOCOL_DLT645_2007 : HENG_PROTOCOL_DLT645_1997;
        return length >= 4 && frame.n > 13 && frame.p[13] == 0x07 + 0x33 ? HENG_PROTOCOL_DLT645_2007
                                                                         : HENG_PROTOCOL_DLT645_1997;
    case 0x01:
    case 0x02:
    case 0x04:
    case 0x0A:
    case 0x0C:
    case 0x0F:
    case 0x10: return HENG_PROTOCOL_DLT645_1997;
    case 0x08:
    case 0x11:
    case 0x12:
    case 0x13:
    case 0x14:
    case 0x15:
    case 0x16:
    case 0x17:
    case 0x18:
    case 0x19:
    case 0x1A:
    case 0x1B:
    case 0x1C:
    case 0x1D: return HENG_PROTOCOL_DLT645_2007;
    default: return HENG_PROTOCOL_COUNT;
    }
}

static bool is_asked(uint32_t protocols, heng_protocol protocol) { return protocols >> protocol & 1; }

/* True when the bytes are one frame of the protocol with nothing but a preamble and an allowed trailer. */
static bool fits(heng_protocol protocol, struct heng_slice in, struct heng_slice *ret_frame)
{
    struct heng_capture capture;
    heng_capture_init(&capture, protocol, in);
    *ret_frame = capture.telegram.frame;
    return capture.has_telegram;
}

/* M-Bus frames whose content is understood leave no doubt. */
static bool fits_mbus(struct heng_slice in, bool *ret_doubt)
{
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MBUS, in);
    *ret_doubt = capture.rc != HENG_OK || capture.telegram.kind == HENG_TELEGRAM_OTHER;
    return capture.has_telegram;
}

/* The protocol whose frame the bytes are; COUNT when they are none. */
static heng_protocol whole_frame(uint32_t protocols, struct heng_slice in)
{
    struct heng_slice frame;
    bool doubt;
    heng_protocol dlt645 =
        is_asked(protocols, HENG_PROTOCOL_DLT645_2007) ? HENG_PROTOCOL_DLT645_2007 : HENG_PROTOCOL_DLT645_1997;
    if (is_asked(protocols, HENG_PROTOCOL_MBUS) && fits_mbus(in, &doubt)) {
        bool other = doubt && is_asked(protocols, dlt645) && fits(dlt645, in, &frame) &&
                     dlt645_edition(frame) != HENG_PROTOCOL_COUNT;
        if (!other) return HENG_PROTOCOL_MBUS;
    }
    if (is_asked(protocols, dlt645) && fits(dlt645, in, &frame)) {
        heng_protocol edition = dlt645_edition(frame);
        bool known = edition != HENG_PROTOCOL_COUNT;
        if (known && is_asked(protocols, edition)) return edition;
        /* 68 may be the fifth byte of a CJ/T 188 number too. */
        if (known || !is_asked(protocols, HENG_PROTOCOL_CJT188) || !fits(HENG_PROTOCOL_CJT188, in, &frame))
            return dlt645;
    }
    if (is_asked(protocols, HENG_PROTOCOL_CJT188) && fits(HENG_PROTOCOL_CJT188, in, &frame))
        return HENG_PROTOCOL_CJT188;
    if (is_asked(protocols, HENG_PROTOCOL_MODBUS_RTU) && fits(HENG_PROTOCOL_MODBUS_RTU, in, &frame) &&
        heng_modbus_has_form(heng_slice_from(frame, 1)))
        return HENG_PROTOCOL_MODBUS_RTU;
    return HENG_PROTOCOL_COUNT;
}

/* A TCP frame of 8 bytes has a PDU of one: little against an RTU request for two registers with a wrong CRC. The
 * functions of the standard that fit have it, and unit FF, which the servers themselves have; that is as unlikely by
 * chance as a right CRC. */
static bool speaks_for_tcp(struct heng_slice frame)
{
    enum { UNIT_AT = 6, PDU_AT = 7, ITSELF = 0xFF };
    struct heng_slice pdu = heng_slice_from(frame, PDU_AT);
    bool named = strcmp(heng_modbus_function_text(pdu.p[0]), "unknown function") != 0;
    if (pdu.n == 1 && !named) return false;
    return !heng_modbus_rtu_shaped(frame) || (pdu.n == 1 && frame.p[UNIT_AT] == ITSELF);
}

/* The same for Modbus frames that little speaks for, and for damaged RTU frames that it speaks for. */
static heng_protocol whole_modbus(uint32_t protocols, struct heng_slice in)
{
    const heng_protocol rtu = HENG_PROTOCOL_MODBUS_RTU, tcp = HENG_PROTOCOL_MODBUS_TCP;
    struct heng_slice frame;
    bool damaged = heng_modbus_one_bit_off(in);
    if (is_asked(protocols, rtu) && (damaged || fits(rtu, in, &frame))) return rtu;
    if (!is_asked(protocols, tcp) || !fits(tcp, in, &frame)) return HENG_PROTOCOL_COUNT;
    if (!is_asked(protocols, rtu)) return tcp;
    return speaks_for_tcp(frame) ? tcp : rtu;
}

/* A frame with one damaged byte: with the right byte in its place the rest agrees again, the sum above all. The bytes
 * of the framing whose value is known beforehand are tried one by one; at < 0 counts from the end; LENGTH is what the
 * number of bytes wants there. Protocols whose framing repeats more stand first. */
enum { LENGTH = 0x100, MEND_BYTES_MAX = 300, MENDS_MAX = 6 };

struct mend {
    int16_t at;
    uint16_t value;
};

static const struct {
    heng_protocol protocol;
    uint8_t around; /* bytes that the length does not count */
    struct mend mends[MENDS_MAX];
    uint8_t count;
} mendings[] = {
    {HENG_PROTOCOL_MBUS, 6, {{0, 0x68}, {1, LENGTH}, {2, LENGTH}, {3, 0x68}, {-1, 0x16}, {0, 0x10}}, 6},
    {HENG_PROTOCOL_DLT645_2007, 12, {{0, 0x68}, {7, 0x68}, {9, LENGTH}, {-1, 0x16}}, 4},
    {HENG_PROTOCOL_DLT645_1997, 12, {{0, 0x68}, {7, 0x68}, {9, LENGTH}, {-1, 0x16}}, 4},
    {HENG_PROTOCOL_CJT188, 13, {{0, 0x68}, {10, LENGTH}, {-1, 0x16}}, 3},
};
enum { MENDINGS = sizeof mendings / sizeof mendings[0] };

/* True when the frame is whole with another byte at `at`. bytes is a copy and is left as it was. */
static bool fits_with(heng_protocol protocol, uint8_t *bytes, size_t n, size_t at, uint8_t value)
{
    struct heng_slice frame;
    uint8_t was = bytes[at];
    bytes[at] = value;
    bool good = fits(protocol, heng_slice_of(bytes, n), &frame);
    bytes[at] = was;
    return good;
}

static bool mended_framing(size_t which, uint8_t *bytes, size_t n)
{
    size_t length = n - mendings[which].around;
    for (size_t i = 0; i < mendings[which].count; i++) {
        struct mend mend = mendings[which].mends[i];
        size_t at = mend.at < 0 ? n - 1 : (size_t)mend.at;
        if (at >= n || (mend.value == LENGTH && length > 0xFF)) continue;
        if (fits_with(mendings[which].protocol, bytes, n, at, (uint8_t)(mend.value == LENGTH ? length : mend.value)))
            return true;
    }
    return false;
}

/* True when starts, lengths and end of a frame that repeats them agree, whatever is between them. */
static bool framing_stands(heng_protocol protocol, const uint8_t *bytes, size_t n)
{
    if (n < 9 || bytes[0] != 0x68 || bytes[n - 1] != 0x16) return false;
    if (protocol == HENG_PROTOCOL_MBUS) return bytes[3] == 0x68 && bytes[1] == bytes[2] && (size_t)bytes[1] + 6 == n;
    if (protocol == HENG_PROTOCOL_CJT188) return false; /* it repeats nothing */
    return n >= 12 && bytes[7] == 0x68 && (size_t)bytes[9] + 12 == n;
}

/* Any other byte: the framing agrees, only the sum does not. */
static bool mended_sum(size_t which, uint8_t *bytes, size_t n)
{
    bool mbus = mendings[which].protocol == HENG_PROTOCOL_MBUS;
    size_t from = !mbus ? 0 : bytes[0] == 0x68 ? 4 : 1;
    if (n < from + 3) return false;
    return fits_with(mendings[which].protocol, bytes, n, n - 2, heng_sum8(bytes + from, n - 2 - from));
}

/* The protocol of a frame with one damaged byte; COUNT when no single byte explains it. in: behind the preamble. */
static heng_protocol mended_frame(uint32_t protocols, struct heng_slice in)
{
    uint8_t bytes[MEND_BYTES_MAX];
    if (in.n < 5 || in.n > sizeof bytes) return HENG_PROTOCOL_COUNT;
    memcpy(bytes, in.p, in.n);
    for (size_t i = 0; i < MENDINGS; i++) {
        heng_protocol protocol = mendings[i].protocol;
        if (!is_asked(protocols, protocol)) continue;
        if (!framing_stands(protocol, bytes, in.n) && !mended_framing(i, bytes, in.n) && !mended_sum(i, bytes, in.n))
            continue;
        bool old = protocol == HENG_PROTOCOL_DLT645_2007 && dlt645_edition(in) == HENG_PROTOCOL_DLT645_1997 &&
                   is_asked(protocols, HENG_PROTOCOL_DLT645_1997);
        return old ? HENG_PROTOCOL_DLT645_1997 : protocol;
    }
    return HENG_PROTOCOL_COUNT;
}

/* Points for the end of a frame that says it has n bytes, the last two CS and 16; the sum begins at `from`. */
static unsigned end_points(struct heng_slice in, size_t n, size_t from)
{
    unsigned points = in.n == n ? STRONG : 0;
    if (n > in.n || n < from + 2) return points;
    if (in.p[n - 1] == 0x16) points += WEAK;
    if (in.p[n - 2] == heng_sum8(in.p + from, n - 2 - from)) points += STRONG;
    return points;
}

static unsigned mbus_points(struct heng_slice in)
{
    unsigned points = 0, as_short = 0;
    if (in.n == 0) return 0;
    if (in.n > 3 && in.p[3] == 0x68) points += STRONG;
    if (in.p[0] == 0x68) points += FAIR;
    if (points && in.n > 2 && in.p[1] == in.p[2]) points += STRONG;
    if (points > FAIR && in.n > 4) points += end_points(in, (size_t)in.p[1] + 6, 4);
    bool start = in.p[0] == 0x10 && (in.n == 1 || (in.p[1] & 0xC0) == 0x40); /* C of a master */
    bool stop = in.n == 5 && in.p[4] == 0x16;
    if (in.n <= 6 && (start || stop)) as_short = (start ? STRONG : 0) + end_points(in, 5, 1);
    return points > as_short ? points : as_short;
}

static unsigned cjt188_points(struct heng_slice in)
{
    unsigned points = 0;
    if (in.n == 0 || in.p[0] != 0x68) return 0;
    points += FAIR;
    if (in.n > 1 && ((in.p[1] >= 0x10 && in.p[1] <= 0x30) || (in.p[1] >= 0x40 && in.p[1] <= 0x49))) points += FAIR;
    if (in.n > 9 && (in.p[9] & 0x3F) >= 0x01 && (in.p[9] & 0x3F) <= 0x1F) points += WEAK;
    if (in.n > 10) points += end_points(in, (size_t)in.p[10] + 13, 0);
    return points;
}

static unsigned dlt645_points(struct heng_slice in)
{
    unsigned points = 0;
    if (in.n < 8 || in.p[7] != 0x68) return 0;
    points += in.p[0] == 0x68 ? STRONG + FAIR : FAIR;
    if (in.n > 8 && dlt645_edition(in) != HENG_PROTOCOL_COUNT) points += WEAK;
    if (in.n > 9) points += end_points(in, (size_t)in.p[9] + 12, 0);
    return points;
}

/* The PDU begins at in.p[at]; `around` bytes of the frame are not PDU. */
static unsigned modbus_points(struct heng_slice in, size_t at, size_t around)
{
    if (in.n < at + 2 || in.n < around) return 0;
    uint8_t function_code = in.p[at];
    size_t pdu = in.n - around;
    if (!has_fixed_functions(function_code & 0x7F)) return 0;
    if (function_code & HENG_MODBUS_EXCEPTION)
        return pdu == 2 && in.p[at + 1] >= 1 && in.p[at + 1] <= 0x0B ? STRONG + FAIR : 0;
    bool request = pdu == 5;                       /* address and count, or address and value */
    bool answer = pdu == 2 + (size_t)in.p[at + 1]; /* byte count */
    bool write = pdu > 6 && pdu == 6 + (size_t)in.p[at + 5];
    return request || answer || write ? STRONG : WEAK;
}

/* A right CRC around a length or quantity that lies; or the start of a frame whose end is not there. */
static unsigned rtu_points(struct heng_slice in)
{
    struct heng_telegram telegram;
    size_t used;
    unsigned points = modbus_points(in, 1, 3);
    if (in.n < 4) return points;
    uint16_t crc = heng_modbus_crc(heng_slice_of(in.p, in.n - 2));
    if (in.p[in.n - 2] == (crc & 0xFF) && in.p[in.n - 1] == crc >> 8) return points + FOUND_WEAK;
    bool cut_off = heng_modbus_rtu_codec.decode(in, &telegram, &used, NULL) == HENG_MORE && used == 0;
    return points == WEAK && cut_off ? ENOUGH : points;
}

static unsigned tcp_points(struct heng_slice in)
{
    if (in.n < 6) return 0;
    size_t length = (size_t)in.p[4] << 8 | in.p[5];
    unsigned points = in.p[2] == 0 && in.p[3] == 0 ? FAIR : 0;
    if (length >= 2 && length + 6 == in.n) points += STRONG;
    return points + modbus_points(in, 7, 7);
}

/* Points for a good frame somewhere in the bytes: with junk in front, or another frame behind. */
static unsigned found_points(heng_protocol protocol, struct heng_slice in)
{
    const struct heng_codec *codec = heng_codec_of(protocol);
    struct heng_telegram telegram;
    for (size_t at = 0; at < in.n;) {
        size_t used = 0;
        heng_rc rc = codec->decode(heng_slice_from(in, at), &telegram, &used, NULL);
        if (rc == HENG_MORE || used == 0) return 0;
        at += used;
        if (rc != HENG_OK || telegram.kind == HENG_TELEGRAM_ACK) continue; /* E5 is anywhere */
        bool modbus = protocol == HENG_PROTOCOL_MODBUS_RTU || protocol == HENG_PROTOCOL_MODBUS_TCP;
        if (protocol == HENG_PROTOCOL_DLT645_2007 || protocol == HENG_PROTOCOL_DLT645_1997)
            return dlt645_edition(telegram.frame) == protocol ? FOUND_STRONG + WEAK : FOUND_STRONG;
        return modbus || telegram.kind == HENG_TELEGRAM_SHORT ? FOUND_WEAK : FOUND_STRONG;
    }
    return 0;
}

static unsigned frame_points(heng_protocol protocol, struct heng_slice in, struct heng_slice behind_preamble)
{
    switch (protocol) {
    case HENG_PROTOCOL_MBUS: return mbus_points(behind_preamble);
    case HENG_PROTOCOL_CJT188: return cjt188_points(behind_preamble);
    case HENG_PROTOCOL_DLT645_2007:
    case HENG_PROTOCOL_DLT645_1997: {
        unsigned points = dlt645_points(behind_preamble);
        heng_protocol edition = behind_preamble.n > 8 ? dlt645_edition(behind_preamble) : HENG_PROTOCOL_COUNT;
        return points && edition != HENG_PROTOCOL_COUNT && edition != protocol ? points - 1 : points;
    }
    case HENG_PROTOCOL_MODBUS_RTU: return rtu_points(in);
    case HENG_PROTOCOL_MODBUS_TCP: return tcp_points(in);
    case HENG_PROTOCOL_COUNT: break;
    }
    return 0;
}

/* What stands behind FE, FF and 00, and behind the AA that DL/T 645 meters may send between FE and 68. An AA without
 * FE is left: it may be a damaged start byte. */
static struct heng_slice behind_preamble(struct heng_slice in)
{
    size_t at = 0;
    while (at < in.n && (in.p[at] == 0xFE || in.p[at] == 0xFF || in.p[at] == 0x00)) at++;
    size_t junk = at;
    while (at && junk < in.n && in.p[junk] == 0xAA) junk++;
    return heng_slice_from(in, junk < in.n && in.p[junk] == 0x68 ? junk : at);
}

heng_protocol heng_codec_recognise_among(uint32_t protocols, struct heng_slice in)
{
    struct heng_slice rest = behind_preamble(in);
    heng_protocol best = HENG_PROTOCOL_COUNT;
    unsigned most = 0;
    heng_protocol whole = whole_frame(protocols, in);
    if (whole != HENG_PROTOCOL_COUNT) return whole;
    heng_protocol mended = mended_frame(protocols, rest);
    if (mended != HENG_PROTOCOL_COUNT) return mended;
    heng_protocol modbus = whole_modbus(protocols, in);
    if (modbus != HENG_PROTOCOL_COUNT) return modbus;
    for (heng_protocol p = HENG_PROTOCOL_MBUS; p < HENG_PROTOCOL_COUNT; p++) {
        if (!is_asked(protocols, p)) continue;
        if (best == HENG_PROTOCOL_COUNT) best = p;
        unsigned points = frame_points(p, in, rest), found = found_points(p, in);
        if (found > points) points = found;
        if (points < ENOUGH || points <= most) continue;
        best = p;
        most = points;
    }
    return best == HENG_PROTOCOL_COUNT ? HENG_PROTOCOL_MBUS : best;
}

heng_protocol heng_codec_recognise(struct heng_slice in)
{
    return heng_codec_recognise_among((1u << HENG_PROTOCOL_COUNT) - 1, in);
}
