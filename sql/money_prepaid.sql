-- Prepaid: how far contracts are charged, levels, supply, notices (store/money/prepaid.h, notices.h).

-- name: prepaid_settings
SELECT name, value FROM setting
WHERE (name >= 'prepaid_' AND name < 'prepaid~') OR (name >= 'supply_' AND name < 'supply~');

-- name: prepaid_put
INSERT INTO prepaid_state (contract_id, period_day, charged_to, charged, estimated, changed_from)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (contract_id) DO UPDATE SET period_day = excluded.period_day, charged_to = excluded.charged_to,
    charged = excluded.charged, estimated = excluded.estimated, changed_from = excluded.changed_from;

-- name: prepaid_get
SELECT contract_id, period_day, charged_to, charged, estimated, changed_from FROM prepaid_state WHERE contract_id = ?1;

-- name: prepaid_due
SELECT contract_id, period_day, charged_to, charged, estimated, changed_from FROM prepaid_state
WHERE changed_from IS NOT NULL AND changed_from < ?1 AND contract_id > ?2
ORDER BY contract_id LIMIT ?3;

-- name: prepaid_sweep_last
SELECT max(id) FROM (SELECT id FROM contract WHERE id > ?1 ORDER BY id LIMIT ?2) page;

-- name: prepaid_sweep_new
INSERT INTO prepaid_state (contract_id, period_day, charged_to, charged, estimated, changed_from)
SELECT id, from_day, from_day, 0, 0, from_day FROM contract
WHERE id > ?1 AND id <= ?2 AND mode = 'prepaid' AND from_day < ?3 AND (to_day = 0 OR to_day > from_day)
ON CONFLICT (contract_id) DO NOTHING;

-- name: prepaid_sweep_old
UPDATE prepaid_state SET changed_from = charged_to
WHERE contract_id > ?1 AND contract_id <= ?2 AND charged_to < ?3 AND changed_from IS NULL
  AND EXISTS (SELECT 1 FROM contract c WHERE c.id = prepaid_state.contract_id
              AND (c.to_day = 0 OR prepaid_state.charged_to < c.to_day));

-- name: prepaid_changed
UPDATE prepaid_state SET changed_from = ?2
WHERE contract_id IN (SELECT c.id FROM channel ch JOIN contract c ON c.point_id = ch.point_id
                      WHERE ch.id = ?1 AND (c.to_day = 0 OR c.to_day > ?2))
  AND (changed_from IS NULL OR changed_from > ?2);

-- name: prepaid_period
SELECT coalesce(CAST(sum(amount) AS BIGINT), 0), count(*), coalesce(max(id), 0) FROM charge
WHERE contract_id = ?1 AND from_day = ?2 AND bill_id = 0 AND kind = 'usage';

-- name: prepaid_period_last
SELECT to_day FROM charge WHERE id = ?1;

-- name: credit_get
SELECT account_id, level, since_us, told, told_1_us, told_2_us, told_3_us FROM credit_state WHERE account_id = ?1;

-- name: credit_put
INSERT INTO credit_state (account_id, level, since_us, told, told_1_us, told_2_us, told_3_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (account_id) DO UPDATE SET level = excluded.level, since_us = excluded.since_us, told = excluded.told,
    told_1_us = excluded.told_1_us, told_2_us = excluded.told_2_us, told_3_us = excluded.told_3_us;

-- name: credit_list
SELECT a.id, a.number, a.name, a.currency,
       coalesce((SELECT CAST(-sum(b.balance) AS BIGINT) FROM book b WHERE b.account_id = a.id AND b.kind = 'purse'), 0),
       coalesce(s.level, 0), coalesce(s.since_us, 0)
FROM account a LEFT JOIN credit_state s ON s.account_id = a.id
WHERE a.id > ?1 AND (?2 = 0 OR a.org_id = ?2) AND coalesce(s.level, 0) >= ?3 AND a.closed_us = 0
  AND EXISTS (SELECT 1 FROM contract c WHERE c.account_id = a.id AND c.mode = 'prepaid')
ORDER BY a.id LIMIT ?4;

-- name: credit_used
SELECT coalesce(CAST(sum(amount) AS BIGINT), 0) FROM booking
WHERE account_id = ?1 AND day >= ?2 AND day < ?3 AND kind = 'charge';

-- name: supply_add
INSERT INTO supply_task (id, key, org_id, account_id, point_id, wish, state, reason, made_us, not_before_us, notice_id,
                         approved_by, command_id, tries, ended_us, why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16);

-- name: supply_change
UPDATE supply_task SET state = ?2, not_before_us = ?3, notice_id = ?4, approved_by = ?5, command_id = ?6, tries = ?7,
    ended_us = ?8, why = ?9
WHERE id = ?1;

-- name: supply_find
SELECT id, key, org_id, account_id, point_id, wish, state, reason, made_us, not_before_us, notice_id, approved_by,
       command_id, tries, ended_us, why
FROM supply_task WHERE key = ?1;

-- name: supply_get
SELECT id, key, org_id, account_id, point_id, wish, state, reason, made_us, not_before_us, notice_id, approved_by,
       command_id, tries, ended_us, why
FROM supply_task WHERE id = ?1 AND (?2 = 0 OR org_id = ?2);

-- name: supply_open
SELECT id, key, org_id, account_id, point_id, wish, state, reason, made_us, not_before_us, notice_id, approved_by,
       command_id, tries, ended_us, why
FROM supply_task WHERE point_id = ?1 AND state IN ('waiting', 'ordered');

-- name: supply_last
SELECT id, key, org_id, account_id, point_id, wish, state, reason, made_us, not_before_us, notice_id, approved_by,
       command_id, tries, ended_us, why
FROM supply_task WHERE point_id = ?1 AND (?2 = 0 OR command_id > 0) ORDER BY id DESC LIMIT 1;

-- name: supply_due
SELECT id, key, org_id, account_id, point_id, wish, state, reason, made_us, not_before_us, notice_id, approved_by,
       command_id, tries, ended_us, why
FROM supply_task
WHERE state = 'waiting' AND wish = ?1 AND not_before_us <= ?2
  AND (not_before_us > ?3 OR (not_before_us = ?3 AND id > ?4))
ORDER BY not_before_us, id LIMIT ?5;

-- name: supply_list
SELECT id, key, org_id, account_id, point_id, wish, state, reason, made_us, not_before_us, notice_id, approved_by,
       command_id, tries, ended_us, why
FROM supply_task
WHERE (?1 = 0 OR org_id = ?1) AND (?2 = 0 OR account_id = ?2) AND (?3 = 0 OR id < ?3)
  AND (?4 = 0 OR state IN ('waiting', 'ordered', 'failed'))
ORDER BY id DESC LIMIT ?5;

-- name: keep_put
INSERT INTO supply_keep (account_id, until_us, at_us, who, reason) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (account_id) DO UPDATE SET until_us = excluded.until_us, at_us = excluded.at_us, who = excluded.who,
    reason = excluded.reason;

-- name: keep_get
SELECT until_us FROM supply_keep WHERE account_id = ?1;

-- name: supply_point
SELECT p.medium, EXISTS (SELECT 1 FROM point b WHERE b.main_id = p.id), coalesce(ch.id, 0)
FROM point p LEFT JOIN channel ch ON ch.point_id = p.id AND ch.main = 1
WHERE p.id = ?1 ORDER BY ch.id LIMIT 1;

-- name: supply_known
SELECT day FROM usage_day WHERE channel_id = ?1 AND missing = 0 ORDER BY day DESC LIMIT 1;

-- name: supply_estimated
SELECT day FROM usage_estimate WHERE channel_id = ?1 ORDER BY day DESC LIMIT 1;

-- name: supply_money
SELECT (SELECT count(*) FROM pay_order WHERE account_id = ?1 AND
            (state IN ('paid', 'unknown', 'stuck') OR (state IN ('created', 'pending') AND made_us >= ?2))),
       (SELECT count(*) FROM contract c JOIN meter_order o ON o.contract_id = c.id
        WHERE c.account_id = ?1 AND o.state IN ('waiting', 'sent', 'unknown', 'alarm'));

-- name: supply_arrears
-- Without bills that are in dispute, or paid in instalments.
SELECT coalesce(min(due_day), 0), coalesce(CAST(sum(rest) AS BIGINT), 0) FROM
    (SELECT b.due_day AS due_day,
            b.total - coalesce((SELECT CAST(sum(x.amount) AS BIGINT) FROM allocation x
                                WHERE x.bill_id = b.id AND x.part = 'principal'), 0) AS rest
     FROM bill b WHERE b.account_id = ?1 AND coalesce(b.state, '') = 'issued' AND b.due_day < ?2 AND b.total > 0
       AND NOT EXISTS (SELECT 1 FROM instalment i WHERE i.bill_id = b.id AND i.ended_us = 0)
       AND NOT EXISTS (SELECT 1 FROM bill_hold h WHERE h.bill_id = b.id AND h.ended_us = 0)) open
WHERE rest > 0;

-- name: supply_debtors
SELECT id, account_id FROM book WHERE id > ?1 AND kind = 'owed' AND balance > 0 ORDER BY id LIMIT ?2;

-- name: no_cut_put
INSERT INTO no_cut_calendar (name, version, from_day, who, body) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: no_cut_version
SELECT coalesce(max(version), 0) FROM no_cut_calendar WHERE name = ?1;

-- name: no_cut_get
SELECT version, body FROM no_cut_calendar WHERE name = ?1 AND from_day <= ?2
ORDER BY from_day DESC, version DESC LIMIT 1;

-- name: notice_add
INSERT INTO notice (id, key, org_id, account_id, kind, language, text, made_us, state, sent_us, why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: notice_find
SELECT id FROM notice WHERE key = ?1;

-- name: notice_get
SELECT id, key, org_id, account_id, kind, language, text, made_us, state, sent_us, why FROM notice
WHERE id = ?1 AND (?2 = 0 OR org_id = ?2);

-- name: notice_change
UPDATE notice SET state = ?2, sent_us = ?3, why = ?4 WHERE id = ?1;

-- name: notice_list
SELECT id, key, org_id, account_id, kind, language, text, made_us, state, sent_us, why FROM notice
WHERE (?1 = 0 OR org_id = ?1) AND (?2 = 0 OR account_id = ?2) AND (?3 = 0 OR id < ?3)
ORDER BY id DESC LIMIT ?4;

-- name: notice_waiting
SELECT id, key, org_id, account_id, kind, language, text, made_us, state, sent_us, why FROM notice
WHERE state = 'waiting' AND (?1 = 0 OR org_id = ?1) AND id > ?2
ORDER BY id LIMIT ?3;

-- name: supply_again
-- Cuts that wait are looked at now, of an account (?1; 0: all); those whose order failed keep their pause.
UPDATE supply_task SET not_before_us = ?2
WHERE wish = 'off' AND state = 'waiting' AND tries = 0 AND not_before_us > ?2 AND (?1 = 0 OR account_id = ?1);
