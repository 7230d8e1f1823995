#include "sheet/xml.h"

/* A piece is scanned again for each piece that an unfinished tag grows by, so both bounds together bound that work. */
enum { PIECE_BYTES = 65536, TOKEN_MAX_BYTES = 256 << 10 };

/* Without its prefix. */
static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct heng_xml *xml = data;
    if (xml->failed.rc != HENG_OK) return;
    if (++xml->depth > xml->depth_max) {
        heng_fail(&xml->failed, HENG_ELIMIT, 0, "%s has elements more than %u deep: this is no normal workbook",
                  xml->role, xml->depth_max);
        heng_xml_stop(xml);
        return;
    }
    xml->start(xml, local(name), (const char *const *)attributes);
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    struct heng_xml *xml = data;
    if (xml->failed.rc != HENG_OK) return;
    xml->end(xml, local(name));
    xml->depth--;
}

static void XMLCALL on_text(void *data, const XML_Char *bytes, int n)
{
    struct heng_xml *xml = data;
    if (xml->failed.rc == HENG_OK && xml->text && n > 0) xml->text(xml, bytes, (size_t)n);
}

static void XMLCALL on_doctype(void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                               int internal)
{
    struct heng_xml *xml = data;
    (void)name, (void)system, (void)public, (void)internal;
    heng_fail(&xml->failed, HENG_EFORMAT, 0,
              "%s declares a document type or entities, which no workbook has: it is refused", xml->role);
    heng_xml_stop(xml);
}

void heng_xml_pause(struct heng_xml *xml)
{
    if (XML_StopParser(xml->parser, XML_TRUE) == XML_STATUS_OK) xml->paused = true;
}

void heng_xml_stop(struct heng_xml *xml) { (void)XML_StopParser(xml->parser, XML_FALSE); }

heng_rc heng_xml_open(struct heng_xml *xml, struct heng_zip *zip, const char *part, const char *role,
                      uint32_t depth_max, struct heng_err *err)
{
    xml->ended = false;
    heng_rc rc = heng_zip_part(zip, part, role, err);
    if (rc != HENG_OK) return rc;
    xml->zip = zip;
    xml->role = role;
    xml->depth_max = depth_max;
    xml->depth = 0;
    xml->fed = 0;
    xml->paused = false;
    xml->failed = (struct heng_err){.rc = HENG_OK};
    xml->parser = XML_ParserCreate(NULL);
    if (!xml->parser) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    return HENG_OK;
}

/* The next piece of the part. expat keeps a token (a tag, a comment) until it is whole, so its length is ours to bound.
 */
static heng_rc feed(struct heng_xml *xml, enum XML_Status *ret, struct heng_err *err)
{
    size_t n;
    void *piece = XML_GetBuffer(xml->parser, PIECE_BYTES);
    if (!piece) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    heng_rc rc = heng_zip_read(xml->zip, piece, PIECE_BYTES, &n, err);
    if (rc != HENG_OK) return rc;
    xml->fed += n;
    xml->ended = n == 0;
    *ret = XML_ParseBuffer(xml->parser, (int)n, n == 0);
    XML_Index at = XML_GetCurrentByteIndex(xml->parser);
    if (*ret == XML_STATUS_OK && !xml->ended && at >= 0 && xml->fed - (uint64_t)at > TOKEN_MAX_BYTES)
        return heng_fail(err, HENG_ELIMIT, 0, "%s has a tag of more than %d bytes: this is no normal workbook",
                         xml->role, TOKEN_MAX_BYTES);
    return HENG_OK;
}

static heng_rc why_not(struct heng_xml *xml, struct heng_err *err)
{
    if (xml->failed.rc != HENG_OK) {
        if (err) *err = xml->failed;
        return xml->failed.rc;
    }
    enum XML_Error error = XML_GetErrorCode(xml->parser);
    if (error == XML_ERROR_NO_MEMORY) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    return heng_fail(err, HENG_EFORMAT, 0, "%s is damaged in line %lu: %s", xml->role,
                     (unsigned long)XML_GetCurrentLineNumber(xml->parser), XML_ErrorString(error));
}

heng_rc heng_xml_run(struct heng_xml *xml, struct heng_err *err)
{
    for (;;) {
        enum XML_Status status = XML_STATUS_OK;
        if (xml->paused) {
            xml->paused = false;
            status = XML_ResumeParser(xml->parser);
        } else if (xml->ended) {
            return heng_fail(err, HENG_ENOTFOUND, 0, "%s is at its end", xml->role);
        } else {
            heng_rc rc = feed(xml, &status, err);
            if (rc != HENG_OK) return rc;
        }
        if (status == XML_STATUS_SUSPENDED) return HENG_OK;
        if (status != XML_STATUS_OK) return why_not(xml, err);
    }
}

heng_rc heng_xml_whole(struct heng_xml *xml, struct heng_zip *zip, const char *part, const char *role,
                       uint32_t depth_max, struct heng_err *err)
{
    heng_rc rc = heng_xml_open(xml, zip, part, role, depth_max, err);
    while (rc == HENG_OK) rc = heng_xml_run(xml, err);
    heng_xml_close(xml);
    return rc == HENG_ENOTFOUND && xml->ended ? HENG_OK : rc;
}

void heng_xml_close(struct heng_xml *xml)
{
    if (xml->parser) XML_ParserFree(xml->parser);
    xml->parser = NULL;
}

const char *heng_xml_attribute(const char *const *attributes, const char *name)
{
    for (; attributes[0]; attributes += 2)
        if (strcmp(local(attributes[0]), name) == 0) return attributes[1];
    return NULL;
}

bool heng_xml_flag(const char *value) { return value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0); }

bool heng_xml_number(const char *text, uint32_t max, uint32_t *ret)
{
    uint64_t value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value > max) return false;
    }
    *ret = (uint32_t)value;
    return p != text && *p == '\0';
}

/* The value of _xHHHH_ at p. */
static bool escape_at(const char *p, size_t n, uint32_t *ret)
{
    *ret = 0;
    if (n < 7 || p[0] != '_' || p[1] != 'x' || p[6] != '_') return false;
    for (size_t i = 2; i < 6; i++) {
        char c = (char)(p[i] | 0x20);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                                                : 16;
        if (digit == 16 || (p[i] < '0')) return false;
        *ret = *ret << 4 | digit;
    }
    return true;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | c);
    return n;
}

size_t heng_xml_unescape(char *text, size_t n)
{
    size_t to = 0;
    if (!memchr(text, '_', n)) return n;
    for (size_t i = 0; i < n;) {
        uint32_t c, low;
        bool escape = escape_at(text + i, n - i, &c);
        size_t taken = 7;
        if (escape && c >= 0xD800 && c < 0xDC00 && escape_at(text + i + 7, n - i - 7, &low) && low >= 0xDC00 &&
            low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            taken = 14;
        }
        if (escape && c != 0 && (c < 0xD800 || c > 0xDFFF)) {
            to += put_utf8(text + to, c);
            i += taken;
        } else {
            text[to++] = text[i++];
        }
    }
    return to;
}
