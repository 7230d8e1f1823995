-- For people: one row for each value of each reading. src/store/pack.c draws the layout that is walked through here,
-- byte by byte and in SQL alone, so that every tool for SQLite can ask. Ask with device_id or at_us: it is not quick.
--   byte   that stands at n; is: what it begins or goes on: 0 layout, 1 count, 2 register id, 3 head, 4 exponent,
--          5 mantissa, 6 a text with its length, 7 a code
--   run    the number that a run of bytes with seven bits each has become so far; z: of the run that has just ended
--   ends   a value ends before n, with its reason unless it is a number
CREATE VIEW reading_value AS
SELECT r.device_id, d.number, d.manufacturer,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.at_us / 1000000, 'unixepoch') AS at,
       g.quantity, g.unit, g.function, g.storage, g.tariff, g.subunit, g.qualifier,
       v.value ->> 1 AS value, v.value ->> 2 AS reason,
       r.at_us, r.source, r.quality, r.due_us, r.partial, v.value ->> 0 AS register_id,
       v.value ->> 3 AS mantissa, v.value ->> 4 AS exponent, r.first_frame + (v.value ->> 5) AS frame_id
FROM reading r JOIN device d ON d.id = r.device_id
JOIN json_each((
    WITH RECURSIVE walk (n, byte, "is", run, shift, z, id, head, exponent, ends, reason) AS (
        SELECT 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, NULL
        UNION ALL
        SELECT n + 1 + iif("is" = 6, byte, 0),
            instr('123456789ABCDEF', substr(hex(substr(r.packed, n + 1 + iif("is" = 6, byte, 0), 1)), 1, 1)) * 16
                + instr('123456789ABCDEF', substr(hex(substr(r.packed, n + 1 + iif("is" = 6, byte, 0), 1)), 2, 1)),
            CASE WHEN "is" = 0 THEN 1
                 WHEN "is" IN (1, 2, 5) AND byte > 127 THEN "is"
                 WHEN "is" IN (1, 5, 6, 7) THEN 2
                 WHEN "is" = 2 THEN 3
                 WHEN "is" = 4 THEN 5
                 ELSE CASE byte & 3 WHEN 0 THEN 6 WHEN 1 THEN 4 ELSE 7 END END,
            iif("is" IN (1, 2, 5) AND byte > 127, run | ((byte & 127) << shift), 0),
            iif("is" IN (1, 2, 5) AND byte > 127, shift + 7, 0),
            run | ((byte & 127) << shift),
            id + iif("is" = 2 AND byte < 128, CASE (run | (byte << shift)) & 1
                WHEN 0 THEN ((run | (byte << shift)) >> 1) & 9223372036854775807
                ELSE ~(((run | (byte << shift)) >> 1) & 9223372036854775807) END, 0),
            iif("is" = 3, byte, head),
            iif("is" = 4, iif(byte > 127, byte - 256, byte), exponent),
            "is" IN (6, 7) OR ("is" = 5 AND byte < 128),
            CASE "is" WHEN 6 THEN CAST(substr(r.packed, n + 1, byte) AS TEXT)
                WHEN 7 THEN json_extract('["", "not available", "invalid bcd", "text", "date", "manufacturer data",
                    "not a number", "out of range", "error", "unknown coding"]', '$[' || byte || ']') END
        FROM walk WHERE n <= length(r.packed)),
    got (id, frame, mantissa, exponent, reason) AS (
        SELECT id, head >> 2, CASE WHEN reason IS NULL THEN CASE z & 1
                WHEN 0 THEN (z >> 1) & 9223372036854775807 ELSE ~((z >> 1) & 9223372036854775807) END END,
            CASE WHEN reason IS NULL THEN exponent END, reason
        FROM walk WHERE ends)
    SELECT json_group_array(json_array(id,
        CASE WHEN exponent >= 0 THEN mantissa || CASE mantissa WHEN 0 THEN '' ELSE substr(printf('%030d', 0), 1, exponent) END
             ELSE iif(mantissa < 0, '-', '') || substr(digits, 1, length(digits) + exponent) || '.' || substr(digits, exponent)
        END, reason, mantissa, exponent, frame))
    FROM (SELECT *, iif(length(ltrim(mantissa, '-')) > -exponent, ltrim(mantissa, '-'),
                        substr(printf('%040d', 0) || ltrim(mantissa, '-'), exponent - 1)) AS digits FROM got)
)) v
LEFT JOIN register g ON g.id = v.value ->> 0;

PRAGMA user_version = 8;
