-- Payments from outside: orders, what channels said, refunds, files of banks, reconciliation. ?1 of questions by people is
-- the scope: the organisation that asks, 0 for the operator.

-- name: pay_order_put
INSERT INTO pay_order (id, number, request, org_id, account_id, channel, purpose, target, amount, currency, state, made_us,
    paid_us, paid_amount, applied_us, refunded, transaction_id, booking_id, why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, paid_us = excluded.paid_us, paid_amount = excluded.paid_amount,
    applied_us = excluded.applied_us, refunded = excluded.refunded, transaction_id = excluded.transaction_id,
    booking_id = excluded.booking_id, why = excluded.why;

-- name: pay_order_get
SELECT id, number, request, org_id, account_id, channel, purpose, target, amount, currency, state, made_us, paid_us,
       paid_amount, applied_us, refunded, transaction_id, booking_id, why
FROM pay_order WHERE id = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: pay_order_find
SELECT id, number, request, org_id, account_id, channel, purpose, target, amount, currency, state, made_us, paid_us,
       paid_amount, applied_us, refunded, transaction_id, booking_id, why
FROM pay_order WHERE number = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: pay_order_request
SELECT id, number, request, org_id, account_id, channel, purpose, target, amount, currency, state, made_us, paid_us,
       paid_amount, applied_us, refunded, transaction_id, booking_id, why
FROM pay_order WHERE request = ?1;

-- name: pay_order_transaction
SELECT id, number, request, org_id, account_id, channel, purpose, target, amount, currency, state, made_us, paid_us,
       paid_amount, applied_us, refunded, transaction_id, booking_id, why
FROM pay_order WHERE channel = ?1 AND transaction_id = ?2 AND transaction_id <> '';

-- name: pay_order_list
-- Of an account (?2, 0: any) in a state (?3, '': any), behind id ?4.
SELECT id, number, request, org_id, account_id, channel, purpose, target, amount, currency, state, made_us, paid_us,
       paid_amount, applied_us, refunded, transaction_id, booking_id, why
FROM pay_order WHERE id > ?4 AND (?1 = 0 OR org_id = ?1) AND (?2 = 0 OR account_id = ?2) AND (?3 = '' OR state = ?3)
ORDER BY id LIMIT ?5;

-- name: pay_order_paid
-- What channel ?2 was paid from ?3 on and before ?4, behind id ?5.
SELECT id, number, request, org_id, account_id, channel, purpose, target, amount, currency, state, made_us, paid_us,
       paid_amount, applied_us, refunded, transaction_id, booking_id, why
FROM pay_order WHERE (?1 = 0 OR org_id = ?1) AND channel = ?2 AND paid_us >= ?3 AND paid_us < ?4 AND id > ?5
ORDER BY id LIMIT ?6;

-- name: pay_order_pending
-- Money of an account that may be on its way: made at ?2 or later, or paid and not booked yet.
SELECT count(*) FROM pay_order
WHERE account_id = ?1 AND (state = 'paid' OR (state IN ('created', 'pending', 'unknown') AND made_us >= ?2));

-- name: pay_notice_add
INSERT INTO pay_notice (id, channel, key, at_us, order_number, outcome, why, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: pay_notice_find
-- The first with this key that was believed.
SELECT id, channel, key, at_us, order_number, outcome, why, length(body) FROM pay_notice
WHERE channel = ?1 AND key = ?2 AND outcome <> 'refused' ORDER BY id LIMIT 1;

-- name: pay_notice_list
-- Of an order (?1, '': any), with an outcome (?2, '': any), behind id ?3.
SELECT id, channel, key, at_us, order_number, outcome, why, length(body) FROM pay_notice
WHERE (?1 = '' OR order_number = ?1) AND (?2 = '' OR outcome = ?2) AND id > ?3 ORDER BY id LIMIT ?4;

-- name: pay_refund_put
INSERT INTO pay_refund (id, number, request, order_id, amount, state, transaction_id, made_us, ended_us, booking_id, who, why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, transaction_id = excluded.transaction_id,
    ended_us = excluded.ended_us, booking_id = excluded.booking_id, why = excluded.why;

-- name: pay_refund_find
SELECT id, number, request, order_id, amount, state, transaction_id, made_us, ended_us, booking_id, who, why
FROM pay_refund WHERE number = ?1;

-- name: pay_refund_request
SELECT id, number, request, order_id, amount, state, transaction_id, made_us, ended_us, booking_id, who, why
FROM pay_refund WHERE request = ?1;

-- name: pay_refund_list
-- Of an order.
SELECT id, number, request, order_id, amount, state, transaction_id, made_us, ended_us, booking_id, who, why
FROM pay_refund WHERE order_id = ?1 ORDER BY id LIMIT ?2;

-- name: pay_refund_ended
-- What channel ?2 gave back from ?3 on and before ?4, behind id ?5.
SELECT r.id, r.number, r.request, r.order_id, r.amount, r.state, r.transaction_id, r.made_us, r.ended_us, r.booking_id, r.who,
       r.why
FROM pay_refund r JOIN pay_order o ON o.id = r.order_id
WHERE (?1 = 0 OR o.org_id = ?1) AND o.channel = ?2 AND r.state = 'done' AND r.ended_us >= ?3 AND r.ended_us < ?4
  AND r.id > ?5
ORDER BY r.id LIMIT ?6;

-- name: pay_file_put
INSERT INTO pay_file (id, org_id, channel, kind, name, day, batch, count, total, state, at_us, who, why, digest, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15);

-- name: pay_file_state
UPDATE pay_file SET state = ?2, why = ?3 WHERE id = ?1;

-- name: pay_file_get
SELECT id, org_id, channel, kind, name, day, batch, count, total, state, at_us, who, why, digest FROM pay_file
WHERE id = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: pay_file_body
SELECT body FROM pay_file WHERE id = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: pay_file_batch
-- The batch ?3 of a kind, the newest.
SELECT id, org_id, channel, kind, name, day, batch, count, total, state, at_us, who, why, digest FROM pay_file
WHERE org_id = ?1 AND channel = ?2 AND batch = ?3 AND kind = ?4 AND state <> 'refused' ORDER BY id DESC LIMIT 1;

-- name: pay_file_digest
-- The file with these bytes that was taken.
SELECT id, org_id, channel, kind, name, day, batch, count, total, state, at_us, who, why, digest FROM pay_file
WHERE org_id = ?1 AND channel = ?2 AND kind = ?3 AND digest = ?4 AND state <> 'refused' ORDER BY id LIMIT 1;

-- name: pay_file_count
-- How many batches of a day there are.
SELECT count(*) FROM pay_file WHERE org_id = ?1 AND channel = ?2 AND kind = ?3 AND day = ?4 AND state <> 'refused';

-- name: pay_file_list
-- Of a kind (?2, '': any) in a state (?3, '': any), behind id ?4.
SELECT id, org_id, channel, kind, name, day, batch, count, total, state, at_us, who, why, digest FROM pay_file
WHERE (?1 = 0 OR org_id = ?1) AND (?2 = '' OR kind = ?2) AND (?3 = '' OR state = ?3) AND id > ?4 ORDER BY id LIMIT ?5;

-- name: pay_line_put
INSERT INTO pay_file_line (file_id, n, order_number, transaction_id, account_number, bill_id, amount, fee, result, booking_id,
    why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (file_id, n) DO UPDATE SET transaction_id = excluded.transaction_id, fee = excluded.fee,
    result = excluded.result, booking_id = excluded.booking_id, why = excluded.why;

-- name: pay_line_list
SELECT file_id, n, order_number, transaction_id, account_number, bill_id, amount, fee, result, booking_id, why
FROM pay_file_line WHERE file_id = ?1 AND n > ?2 ORDER BY n LIMIT ?3;

-- name: pay_line_get
SELECT file_id, n, order_number, transaction_id, account_number, bill_id, amount, fee, result, booking_id, why
FROM pay_file_line WHERE file_id = ?1 AND n = ?2;

-- name: pay_bill_batch
-- The open batch that holds a bill.
SELECT f.id, f.org_id, f.channel, f.kind, f.name, f.day, f.batch, f.count, f.total, f.state, f.at_us, f.who, f.why, f.digest
FROM pay_file_line l JOIN pay_file f ON f.id = l.file_id
WHERE l.bill_id = ?1 AND l.bill_id > 0 AND l.result = '' AND f.kind = 'withhold-out' AND f.state IN ('open', 'sent') ORDER BY f.id LIMIT 1;

-- name: pay_withhold
-- Accounts that agreed to withholding (bank is not empty), behind id ?2.
SELECT id FROM account WHERE (?1 = 0 OR org_id = ?1) AND bank <> '' AND closed_us = 0 AND id > ?2 ORDER BY id LIMIT ?3;

-- name: reconcile_put
INSERT INTO reconcile (id, org_id, channel, day, n, file_id, ours, theirs, fees, at_us, closed_us, who)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (id) DO UPDATE SET ours = excluded.ours, closed_us = excluded.closed_us, who = excluded.who;

-- name: reconcile_get
SELECT id, org_id, channel, day, n, file_id, ours, theirs, fees, at_us, closed_us, who FROM reconcile
WHERE id = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: reconcile_last
SELECT id, org_id, channel, day, n, file_id, ours, theirs, fees, at_us, closed_us, who FROM reconcile
WHERE org_id = ?1 AND channel = ?2 AND day = ?3 ORDER BY n DESC LIMIT 1;

-- name: reconcile_list
SELECT id, org_id, channel, day, n, file_id, ours, theirs, fees, at_us, closed_us, who FROM reconcile
WHERE (?1 = 0 OR org_id = ?1) AND id > ?2 ORDER BY id LIMIT ?3;

-- name: reconcile_line_put
INSERT INTO reconcile_line (reconcile_id, n, class, order_number, transaction_id, ours, theirs, fee, decision, who, reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (reconcile_id, n) DO UPDATE SET decision = excluded.decision, who = excluded.who, reason = excluded.reason;

-- name: reconcile_line_list
SELECT reconcile_id, n, class, order_number, transaction_id, ours, theirs, fee, decision, who, reason FROM reconcile_line
WHERE reconcile_id = ?1 AND n > ?2 ORDER BY n LIMIT ?3;

-- name: reconcile_undecided
SELECT count(*) FROM reconcile_line WHERE reconcile_id = ?1 AND class <> 'match' AND decision = '';

-- name: reconcile_seen
-- Was a line of an order matched, or decided, in a reconciliation of the channel before (?4 its id)?
SELECT count(*) FROM reconcile_line l JOIN reconcile r ON r.id = l.reconcile_id
WHERE r.org_id = ?1 AND r.channel = ?2 AND l.order_number = ?3 AND r.id <> ?4
  AND (l.class = 'match' OR (l.decision <> '' AND l.class <> 'in-transit'));
