-- Charges with their lines and trace, and the facts that they rest on.

-- name: charge_add
-- engine: sqlite
INSERT INTO charge (id, contract_id, account_id, kind, from_day, to_day, medium, total, before, amount, tax, before_tax,
    estimated, bill_id, booking_id, at_us, ask, states, trace, digest)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20);

-- name: charge_line_add
-- engine: sqlite
INSERT INTO charge_line (charge_id, n, component, name, version, tier, rate, from_day, to_day, quantity, unit, price,
    amount, tax, note, vat, time_count, time_of)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18);

-- name: charge_add_all
-- Arrays of one column each: the numbers, the texts, the digest.
-- engine: postgres
INSERT INTO charge (id, contract_id, account_id, from_day, to_day, total, before, amount, tax, before_tax,
    estimated, bill_id, booking_id, at_us, kind, medium, ask, states, trace, digest)
SELECT * FROM unnest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20);

-- name: charge_line_add_all
-- engine: postgres
INSERT INTO charge_line (charge_id, n, tier, from_day, to_day, amount, tax, time_count, time_of, component, name,
    version, rate, quantity, unit, price, note, vat)
SELECT * FROM unnest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18);

-- name: charge_get
SELECT id, contract_id, account_id, kind, from_day, to_day, medium, total, before, amount, tax, before_tax, estimated,
    bill_id, booking_id, at_us, digest, states, ask, trace
FROM charge WHERE id = ?1;

-- name: charge_of_bill
SELECT id FROM charge WHERE bill_id = ?1 AND bill_id > 0 AND id > ?2 ORDER BY id LIMIT ?3;

-- name: charge_lines
SELECT component, name, version, tier, rate, from_day, to_day, quantity, unit, price, amount, tax, note, vat,
    time_count, time_of
FROM charge_line WHERE charge_id = ?1 ORDER BY n;

-- name: charge_of_drafts
-- Charges of bills from id ?1 to ?2, as far as issuing wants to know them.
SELECT id, contract_id, account_id, kind, from_day, to_day, medium, total, before, amount, tax, before_tax, estimated,
    bill_id, booking_id, at_us, digest
FROM charge WHERE bill_id >= ?1 AND bill_id <= ?2 AND bill_id > 0 ORDER BY bill_id, id LIMIT ?3;

-- name: charge_lines_of_drafts
-- The lines of the same, in the same order.
SELECT c.id, l.component, l.name, l.version, l.tier, l.rate, l.from_day, l.to_day, l.quantity, l.unit, l.price, l.amount,
    l.tax, l.note, l.vat, l.time_count, l.time_of
FROM charge c JOIN charge_line l ON l.charge_id = c.id
WHERE c.bill_id >= ?1 AND c.bill_id <= ?2 AND c.bill_id > 0 ORDER BY c.bill_id, c.id, l.n;

-- name: charge_last
-- Of contract ?1, ended by ?2: not of a bill that is no more, or not yet one.
SELECT id, contract_id, account_id, kind, from_day, to_day, medium, total, before, amount, tax, before_tax, estimated,
    bill_id, booking_id, at_us, digest, states
FROM charge c
WHERE contract_id = ?1 AND to_day <= ?2 AND kind = 'usage'
  AND (bill_id = 0 OR EXISTS (SELECT 1 FROM bill b WHERE b.id = c.bill_id AND b.state = 'issued'))
ORDER BY to_day DESC, id DESC LIMIT 1;

-- name: charge_last_all
-- engine: postgres
SELECT w.nr, l.* FROM unnest(?1, ?2) WITH ORDINALITY AS w (contract_id, until, nr)
CROSS JOIN LATERAL (
    SELECT id, contract_id, account_id, kind, from_day, to_day, medium, total, before, amount, tax, before_tax, estimated,
        bill_id, booking_id, at_us, digest, states
    FROM charge c
    WHERE contract_id = w.contract_id AND to_day <= w.until AND kind = 'usage'
      AND (bill_id = 0 OR EXISTS (SELECT 1 FROM bill b WHERE b.id = c.bill_id AND b.state = 'issued'))
    ORDER BY to_day DESC, id DESC LIMIT 1) l;

-- name: charge_list
SELECT id, contract_id, account_id, kind, from_day, to_day, medium, total, before, amount, tax, before_tax, estimated,
    bill_id, booking_id, at_us, digest
FROM charge WHERE contract_id = ?1 AND from_day < ?3 AND to_day > ?2 ORDER BY id DESC LIMIT ?4;

-- name: charge_tax
-- What was charged last of the period of contract ?1 that began on ?2.
SELECT total, tax FROM charge WHERE contract_id = ?1 AND from_day = ?2 AND kind = 'usage' AND bill_id = 0
ORDER BY id DESC LIMIT 1;

-- name: charge_booked
UPDATE charge SET booking_id = ?2 WHERE id = ?1;

-- name: charge_line_drop
DELETE FROM charge_line WHERE charge_id IN (SELECT c.id FROM charge c JOIN bill b ON b.id = c.bill_id
    WHERE c.bill_id = ?1 AND c.bill_id > 0 AND b.state IN ('draft', 'blocked'));

-- name: charge_drop
DELETE FROM charge WHERE bill_id = ?1 AND bill_id > 0
  AND EXISTS (SELECT 1 FROM bill b WHERE b.id = charge.bill_id AND b.state IN ('draft', 'blocked'));

-- name: charge_channels
-- Of point ?1. (channel_list is of all points, too, and walks over all of them for it. No LIMIT: with one, a planner that
-- knows nothing yet walks over all ids in their order.)
SELECT c.id, c.quantity, c.tariff, c.qualifier, c.unit, c.exp, c.interval_minutes, c.main, p.medium, p.kind
FROM channel c JOIN point p ON p.id = c.point_id WHERE c.point_id = ?1 ORDER BY c.id;

-- name: charge_channels_all
-- engine: postgres
SELECT w.nr, l.* FROM unnest(?1) WITH ORDINALITY AS w (point_id, nr)
CROSS JOIN LATERAL (
    SELECT c.id, c.quantity, c.tariff, c.qualifier, c.unit, c.exp, c.interval_minutes, c.main, p.medium, p.kind
    FROM channel c JOIN point p ON p.id = c.point_id WHERE c.point_id = w.point_id) l
ORDER BY w.nr, l.id;

-- name: charge_days
-- The best days of a channel: with the estimate in the place of a day that is not complete.
SELECT day, exp, trust, method, intervals, missing, amount, packed
FROM usage_day WHERE channel_id = ?1 AND day >= ?2 AND day < ?3
  AND NOT EXISTS (SELECT 1 FROM usage_estimate e WHERE e.channel_id = usage_day.channel_id AND e.day = usage_day.day)
UNION ALL
SELECT day, exp, trust, method, intervals, missing, amount, packed
FROM usage_estimate WHERE channel_id = ?1 AND day >= ?2 AND day < ?3
ORDER BY day;

-- name: charge_days_all
-- The estimate of a day comes behind the day, and takes its place: who reads sees to it, instead of a look for each day.
-- engine: postgres
SELECT w.nr, l.day, l.exp, l.trust, l.method, l.intervals, l.missing, l.amount, l.packed
FROM unnest(?1, ?2, ?3) WITH ORDINALITY AS w (channel_id, from_day, to_day, nr)
CROSS JOIN LATERAL (
    SELECT 0 AS estimate, day, exp, trust, method, intervals, missing, amount, packed
    FROM usage_day WHERE channel_id = w.channel_id AND day >= w.from_day AND day < w.to_day
    UNION ALL
    SELECT 1, day, exp, trust, method, intervals, missing, amount, packed
    FROM usage_estimate WHERE channel_id = w.channel_id AND day >= w.from_day AND day < w.to_day) l
ORDER BY w.nr, l.day, l.estimate;

-- name: charge_bounds
-- Meters of point ?1 in [?2, ?3), and the reading nearest to where each began and ended in it: the one frozen at that
-- very moment, else the last one at or before it, and of a meter that came in it the first one. A frozen one is fetched within 40
-- days; nothing older than 800 days counts. Registers of quantity ?4, tariff ?5, qualifier ?6.
SELECT s.device_id, s.number, s.from_us, s.until_us, s.is_end, coalesce(g.id, 0), coalesce(g.unit, ''),
       coalesce(g.storage, 0), r.at_us, r.source, r.due_us, r.first_frame, r.frame_count, r.packed
FROM (
    SELECT m.device_id, m.number, m.from_us, m.until_us, m.is_end, coalesce(
        (SELECT min(x.at_us) FROM reading x WHERE x.device_id = m.device_id AND x.due_us = m.moment_us AND x.due_us <> 0
            AND x.at_us >= m.moment_us - 86400000000 AND x.at_us < m.moment_us + 3456000000000),
        CASE WHEN m.is_end = 0 AND m.from_us >= ?2
            THEN (SELECT min(x.at_us) FROM reading x WHERE x.device_id = m.device_id AND x.at_us >= m.moment_us
                AND x.at_us < ?3)
            ELSE (SELECT max(x.at_us) FROM reading x WHERE x.device_id = m.device_id AND x.at_us <= m.moment_us
                AND x.at_us > m.moment_us - 69120000000000) END) AS at_us
    FROM (
        SELECT i.device_id, d.number, i.from_us, coalesce(i.until_us, 0) AS until_us, e.is_end,
               CASE WHEN e.is_end = 0 THEN CASE WHEN i.from_us > ?2 THEN i.from_us ELSE ?2 END
                    ELSE CASE WHEN i.until_us < ?3 THEN i.until_us ELSE ?3 END END AS moment_us
        FROM installation i JOIN device d ON d.id = i.device_id CROSS JOIN (SELECT 0 AS is_end UNION ALL SELECT 1) e
        WHERE i.point_id = ?1 AND i.from_us < ?3 AND (i.until_us IS NULL OR i.until_us > ?2)) m) s
LEFT JOIN reading r ON r.device_id = s.device_id AND r.at_us = s.at_us
LEFT JOIN register g ON g.device_id = s.device_id AND g.quantity = ?4 AND g.tariff = ?5 AND g.qualifier = ?6
    AND g.subunit = 0 AND g.function = 'instantaneous' AND g.storage <= 12
ORDER BY s.from_us, s.device_id, s.is_end, r.source, g.storage, g.id;

-- name: charge_bounds_all
-- engine: postgres
SELECT w.nr, l.* FROM unnest(?1, ?2, ?3, ?4, ?5, ?6) WITH ORDINALITY AS w (point_id, start_us, end_us, tariff, quantity, qualifier, nr)
CROSS JOIN LATERAL (
    SELECT s.device_id, s.number, s.from_us, s.until_us, s.is_end, coalesce(g.id, 0) AS register_id, coalesce(g.unit, '') AS unit,
           coalesce(g.storage, 0) AS storage, r.at_us, r.source, r.due_us, r.first_frame, r.frame_count, r.packed
    FROM (
        SELECT m.device_id, m.number, m.from_us, m.until_us, m.is_end, coalesce(
            (SELECT min(x.at_us) FROM reading x WHERE x.device_id = m.device_id AND x.due_us = m.moment_us AND x.due_us <> 0
                AND x.at_us >= m.moment_us - 86400000000 AND x.at_us < m.moment_us + 3456000000000),
            CASE WHEN m.is_end = 0 AND m.from_us >= w.start_us
                THEN (SELECT min(x.at_us) FROM reading x WHERE x.device_id = m.device_id AND x.at_us >= m.moment_us
                    AND x.at_us < w.end_us)
                ELSE (SELECT max(x.at_us) FROM reading x WHERE x.device_id = m.device_id AND x.at_us <= m.moment_us
                    AND x.at_us > m.moment_us - 69120000000000) END) AS at_us
        FROM (
            SELECT i.device_id, d.number, i.from_us, coalesce(i.until_us, 0) AS until_us, e.is_end,
                   CASE WHEN e.is_end = 0 THEN CASE WHEN i.from_us > w.start_us THEN i.from_us ELSE w.start_us END
                        ELSE CASE WHEN i.until_us < w.end_us THEN i.until_us ELSE w.end_us END END AS moment_us
            FROM installation i JOIN device d ON d.id = i.device_id CROSS JOIN (SELECT 0 AS is_end UNION ALL SELECT 1) e
            WHERE i.point_id = w.point_id AND i.from_us < w.end_us AND (i.until_us IS NULL OR i.until_us > w.start_us)) m) s
    LEFT JOIN reading r ON r.device_id = s.device_id AND r.at_us = s.at_us
    LEFT JOIN register g ON g.device_id = s.device_id AND g.quantity = w.quantity AND g.tariff = w.tariff AND g.qualifier = w.qualifier
        AND g.subunit = 0 AND g.function = 'instantaneous' AND g.storage <= 12) l
ORDER BY w.nr, l.from_us, l.device_id, l.is_end, l.source, l.storage, l.register_id;
