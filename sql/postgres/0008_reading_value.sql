-- For people: one row for each value of each reading, as in sql/sqlite/0008; src/store/pack.c draws the layout.
-- z: the number that a run of bytes with seven bits each becomes; id: of the register, each as the distance to the last.
CREATE FUNCTION heng_reading_values (packed bytea)
RETURNS TABLE (id bigint, frame bigint, mantissa bigint, exponent bigint, reason text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    texts CONSTANT text[] := ARRAY['', 'not available', 'invalid bcd', 'text', 'date', 'manufacturer data',
        'not a number', 'out of range', 'error', 'unknown coding'];
    count bigint := 0; n bigint := 1; shift int := 0; b int; z bigint; head int;
BEGIN
    LOOP
        b := get_byte(packed, n::int); n := n + 1;
        count := count | ((b & 127)::bigint << shift); shift := shift + 7;
        EXIT WHEN b < 128;
    END LOOP;
    id := 0;
    FOR i IN 1 .. count LOOP
        z := 0; shift := 0;
        LOOP
            b := get_byte(packed, n::int); n := n + 1;
            z := z | ((b & 127)::bigint << shift); shift := shift + 7;
            EXIT WHEN b < 128;
        END LOOP;
        id := id + (((z >> 1) & 9223372036854775807) # -(z & 1));
        head := get_byte(packed, n::int); b := get_byte(packed, (n + 1)::int); n := n + 2;
        frame := head >> 2; mantissa := NULL; exponent := NULL; reason := NULL;
        CASE head & 3
        WHEN 0 THEN reason := convert_from(substr(packed, (n + 1)::int, b), 'UTF8'); n := n + b;
        WHEN 2 THEN reason := texts[b + 1];
        ELSE
            exponent := CASE WHEN b > 127 THEN b - 256 ELSE b END; z := 0; shift := 0;
            LOOP
                b := get_byte(packed, n::int); n := n + 1;
                z := z | ((b & 127)::bigint << shift); shift := shift + 7;
                EXIT WHEN b < 128;
            END LOOP;
            mantissa := ((z >> 1) & 9223372036854775807) # -(z & 1);
        END CASE;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE VIEW reading_value AS
SELECT r.device_id, d.number, d.manufacturer,
       to_char(timestamp '1970-01-01' + floor(r.at_us / 1000000.0) * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at,
       g.quantity, g.unit, g.function, g.storage, g.tariff, g.subunit, g.qualifier,
       (v.mantissa || 'e' || v.exponent)::numeric AS value, v.reason,
       r.at_us, r.source, r.quality, r.due_us, r.partial, v.id AS register_id,
       v.mantissa, v.exponent, r.first_frame + v.frame AS frame_id
FROM reading r JOIN device d ON d.id = r.device_id
    CROSS JOIN LATERAL heng_reading_values(r.packed) v LEFT JOIN register g ON g.id = v.id;

UPDATE heng_schema SET version = 8;
