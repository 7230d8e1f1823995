-- Accounts, contracts, tariffs as documents, the audit. ?1 of a question is the scope: the organisation that asks, 0 the
-- operator, who sees all.

-- name: account_put
INSERT INTO account (id, org_id, number, name, place_id, phone, address, language, currency, bank, warn_1, warn_2, warn_3,
                     overdraft, hoard, protection, opened_us, closed_us, note)
VALUES (?1, ?2, ?3, ?4, nullif(?5, 0), ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, name = excluded.name, place_id = excluded.place_id,
    phone = excluded.phone, address = excluded.address, language = excluded.language, bank = excluded.bank,
    warn_1 = excluded.warn_1, warn_2 = excluded.warn_2, warn_3 = excluded.warn_3, overdraft = excluded.overdraft,
    hoard = excluded.hoard, protection = excluded.protection, closed_us = excluded.closed_us, note = excluded.note;

-- name: account_numbered
SELECT id FROM account WHERE number = ?1;

-- name: account_get
SELECT id, org_id, number, name, coalesce(place_id, 0), phone, address, language, currency, bank, warn_1, warn_2, warn_3,
       overdraft, hoard, protection, opened_us, closed_us, note
FROM account WHERE id = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: account_find
SELECT id, org_id, number, name, coalesce(place_id, 0), phone, address, language, currency, bank, warn_1, warn_2, warn_3,
       overdraft, hoard, protection, opened_us, closed_us, note
FROM account WHERE number = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: account_list
-- Behind number ?2; ?3 '' or the beginning, as a pattern in lower case.
SELECT id, org_id, number, name, coalesce(place_id, 0), phone, address, language, currency, bank, warn_1, warn_2, warn_3,
       overdraft, hoard, protection, opened_us, closed_us, note
FROM account
WHERE number > ?2 AND (?1 = 0 OR org_id = ?1)
  AND (?3 = '' OR lower(number) LIKE ?3 ESCAPE '\' OR lower(name) LIKE ?3 ESCAPE '\' OR lower(phone) LIKE ?3 ESCAPE '\')
ORDER BY number LIMIT ?4;

-- name: account_busy
-- What is not at its end, one row for each kind that has any: at points of account ?1 (of contract ?2, when it is not 0)
-- and at the account itself.
SELECT 'command', count(*) FROM command c JOIN installation i ON i.device_id = c.device_id AND i.until_us IS NULL
WHERE c.ended_us = 0 AND i.point_id IN (SELECT point_id FROM contract WHERE account_id = ?1 AND (?2 = 0 OR id = ?2))
GROUP BY 1
UNION ALL
SELECT 'supply', count(*) FROM supply_task
WHERE account_id = ?1 AND state IN ('waiting', 'ordered')
  AND (?2 = 0 OR point_id IN (SELECT point_id FROM contract WHERE id = ?2))
GROUP BY 1
UNION ALL
SELECT 'meter-order', count(*) FROM meter_order m JOIN contract k ON k.id = m.contract_id
WHERE k.account_id = ?1 AND (?2 = 0 OR k.id = ?2) AND m.state IN ('waiting', 'sent', 'unknown', 'alarm')
GROUP BY 1
UNION ALL
SELECT 'pay-order', count(*) FROM pay_order
WHERE account_id = ?1 AND ?2 = 0 AND state NOT IN ('applied', 'refunded', 'closed')
GROUP BY 1
UNION ALL
SELECT 'draft', count(*) FROM bill WHERE account_id = ?1 AND ?2 = 0 AND state IN ('draft', 'blocked')
GROUP BY 1;

-- name: contract_put
INSERT INTO contract (id, account_id, point_id, mode, tariff_key, price_class, tariff_group, cycle, from_day, to_day, terms,
                      follows, meter_count)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, nullif(?12, 0), ?13)
ON CONFLICT (id) DO UPDATE SET tariff_key = excluded.tariff_key, price_class = excluded.price_class,
    tariff_group = excluded.tariff_group, cycle = excluded.cycle, to_day = excluded.to_day, terms = excluded.terms,
    meter_count = excluded.meter_count;

-- name: contract_at
-- Another contract of point ?1 that begins on day ?2.
SELECT id FROM contract WHERE point_id = ?1 AND from_day = ?2 AND id <> ?3;

-- name: contract_get
SELECT id, account_id, point_id, mode, tariff_key, price_class, tariff_group, cycle, from_day, to_day, terms,
       coalesce(follows, 0), meter_count
FROM contract WHERE id = ?1;

-- name: contract_list_of
-- Of account ?1 and point ?2, at least one of them not 0.
SELECT id, account_id, point_id, mode, tariff_key, price_class, tariff_group, cycle, from_day, to_day, terms,
       coalesce(follows, 0), meter_count
FROM contract WHERE (?1 = 0 OR account_id = ?1) AND (?2 = 0 OR point_id = ?2)
ORDER BY from_day, id LIMIT ?3;

-- name: contract_list
SELECT id, account_id, point_id, mode, tariff_key, price_class, tariff_group, cycle, from_day, to_day, terms,
       coalesce(follows, 0), meter_count
FROM contract WHERE id > ?1 ORDER BY id LIMIT ?2;

-- name: contract_point
-- How people name point ?1: by its key, else by the number of the meter there.
SELECT coalesce(p.key, d.number, '') FROM point p
LEFT JOIN installation i ON i.point_id = p.id AND i.until_us IS NULL LEFT JOIN device d ON d.id = i.device_id
WHERE p.id = ?1 ORDER BY i.id LIMIT 1;

-- name: contract_charged
SELECT coalesce(max(c.to_day), 0) FROM charge c LEFT JOIN bill b ON b.id = c.bill_id
WHERE c.contract_id = ?1 AND (c.bill_id = 0 OR b.state = 'issued');

-- name: tariff_put
INSERT INTO tariff_doc (id, org_id, key, edition, at_us, who, reason, digest, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: tariff_last
-- The number of an edition tells it from those that the organisation saw before, be they its own or the operator's.
SELECT coalesce(max(edition), 0) FROM tariff_doc WHERE key = ?2 AND org_id IN (?1, 0);

-- name: tariff_get
SELECT id, org_id, key, edition, at_us, who, reason, digest, body
FROM tariff_doc WHERE key = ?2 AND org_id IN (?1, 0) AND (?3 = 0 OR edition = ?3)
ORDER BY org_id DESC, edition DESC LIMIT 1;

-- name: tariff_list
SELECT id, org_id, key, edition, at_us, who, reason, digest
FROM tariff_doc WHERE ?1 = 0 OR org_id IN (?1, 0) ORDER BY key, org_id, edition LIMIT ?2;

-- name: tariff_binding_put
INSERT INTO tariff_binding (id, org_id, level, name, tariff_key, from_day, to_day) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (id) DO UPDATE SET tariff_key = excluded.tariff_key, to_day = excluded.to_day;

-- name: tariff_binding_at
SELECT id FROM tariff_binding WHERE org_id = ?1 AND level = ?2 AND name = ?3 AND from_day = ?4;

-- name: tariff_binding_list
SELECT id, org_id, level, name, tariff_key, from_day, to_day
FROM tariff_binding WHERE org_id IN (?1, 0) AND (?2 = '' OR level = ?2 AND name = ?3)
ORDER BY level, name, org_id, from_day LIMIT ?4;

-- name: audit_add
INSERT INTO audit (id, org_id, at_us, who, second, action, subject, subject_id, before, after, reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: audit_list
-- Newest first, below id ?2 (0: from the newest); of subject ?3 ('': any) and its id ?4 (0: any).
SELECT id, org_id, at_us, who, second, action, subject, subject_id, reason, before, after
FROM audit
WHERE (?1 = 0 OR org_id = ?1) AND (?2 = 0 OR id < ?2) AND (?3 = '' OR subject = ?3) AND (?4 = 0 OR subject_id = ?4)
ORDER BY id DESC LIMIT ?5;
