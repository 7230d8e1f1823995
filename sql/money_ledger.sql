-- Bookings, their postings, and the books that these add up to.

-- name: booking_known
SELECT id, digest FROM booking WHERE key = ?1;

-- name: booking_known_all
-- LATERAL with LIMIT: each by its index, whatever the planner believes of the sizes. The same below.
-- engine: postgres
SELECT k.nr, b.id, b.digest FROM unnest(?1) WITH ORDINALITY AS k (key, nr)
CROSS JOIN LATERAL (SELECT o.id, o.digest FROM booking o WHERE o.key = k.key LIMIT 1) b;

-- name: booking_reversal
SELECT id FROM booking WHERE reverses = ?1;

-- name: booking_reversal_all
-- engine: postgres
SELECT r.nr, b.id FROM unnest(?1) WITH ORDINALITY AS r (reverses, nr)
CROSS JOIN LATERAL (SELECT o.id FROM booking o WHERE o.reverses = r.reverses LIMIT 1) b;

-- name: booking_add
INSERT INTO booking (id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id,
                     subject, subject_id, reverses, who, second, reason, digest)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, nullif(?15, 0), ?16, ?17, ?18, ?19);

-- name: booking_add_all
-- engine: postgres
INSERT INTO booking (id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id,
                     subject, subject_id, reverses, who, second, reason, digest)
SELECT id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id,
       subject, subject_id, nullif(reverses, 0), who, second, reason, digest
FROM unnest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
    AS b (id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id,
          subject, subject_id, reverses, who, second, reason, digest);

-- name: posting_add
INSERT INTO posting (booking_id, n, book_id, amount) VALUES (?1, ?2, ?3, ?4);

-- name: posting_add_all
-- engine: postgres
INSERT INTO posting (booking_id, n, book_id, amount) SELECT * FROM unnest(?1, ?2, ?3, ?4);

-- name: book_find
SELECT id, balance FROM book WHERE account_id = ?1 AND kind = ?2 AND org_id = ?3 AND ref = ?4 AND currency = ?5;

-- name: book_find_all
-- engine: postgres
SELECT w.nr, b.id, b.balance
FROM unnest(?1, ?2, ?3, ?4, ?5) WITH ORDINALITY AS w (account_id, kind, org_id, ref, currency, nr)
CROSS JOIN LATERAL (SELECT k.id, k.balance FROM book k
                    WHERE k.account_id = w.account_id AND k.kind = w.kind AND k.org_id = w.org_id AND k.ref = w.ref
                      AND k.currency = w.currency LIMIT 1) b;

-- name: book_add
INSERT INTO book (id, org_id, kind, account_id, ref, currency, balance, postings)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: book_add_all
-- engine: postgres
INSERT INTO book (id, org_id, kind, account_id, ref, currency, balance, postings)
SELECT * FROM unnest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: book_move
UPDATE book SET balance = balance + ?2, postings = postings + ?3 WHERE id = ?1;

-- name: book_move_all
-- engine: postgres
UPDATE book SET balance = balance + m.amount, postings = book.postings + m.count
FROM unnest(?1, ?2, ?3) AS m (id, amount, count) WHERE book.id = m.id;

-- name: book_balance
SELECT balance FROM book WHERE account_id = ?1 AND kind = ?2 AND org_id = ?3 AND ref = ?4 AND currency = ?5;

-- name: book_list
-- Of an organisation that belong to no account, or (?2 not 0) of an account.
SELECT id, org_id, kind, account_id, ref, currency, balance, postings FROM book
WHERE account_id = ?2 AND (org_id = ?1 OR ?1 = 0) ORDER BY kind, ref, currency, org_id;

-- name: book_of_account
SELECT kind, balance FROM book WHERE account_id = ?1;

-- name: booking_get
SELECT id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id,
       subject, subject_id, coalesce(reverses, 0), who, second, reason
FROM booking WHERE id = ?1;

-- name: booking_find
SELECT id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id,
       subject, subject_id, coalesce(reverses, 0), who, second, reason
FROM booking WHERE key = ?1;

-- name: booking_list
-- What was booked for an account, and what another's booking moved of its books.
SELECT id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id,
       subject, subject_id, coalesce(reverses, 0), who, second, reason
FROM booking WHERE id IN (
    SELECT * FROM (SELECT id FROM booking WHERE account_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3) a
    UNION
    SELECT * FROM (SELECT p.booking_id FROM book k JOIN posting p ON p.book_id = k.id
                   WHERE k.account_id = ?1 AND p.booking_id < ?2 ORDER BY p.booking_id DESC LIMIT ?4) b)
ORDER BY id DESC LIMIT ?3;

-- name: booking_of_cash_day
SELECT id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id,
       subject, subject_id, coalesce(reverses, 0), who, second, reason
FROM booking WHERE cash_day_id = ?1 AND cash_day_id > 0 AND id > ?2 ORDER BY id LIMIT ?3;

-- name: booking_last
-- The newest sale or refund of an account that stands.
SELECT coalesce(max(id), 0) FROM booking b
WHERE account_id = ?1 AND kind IN ('sale', 'refund')
  AND NOT EXISTS (SELECT 1 FROM booking r WHERE r.reverses = b.id);

-- name: posting_of
SELECT k.kind, k.account_id, k.ref, p.amount FROM posting p JOIN book k ON k.id = p.book_id
WHERE p.booking_id = ?1 ORDER BY p.n;

-- name: number_next
INSERT INTO number_series (org_id, kind, scope, year, last) VALUES (?1, ?2, ?3, ?4, 1)
ON CONFLICT (org_id, kind, scope, year) DO UPDATE SET last = number_series.last + 1 RETURNING last;

-- name: prove_counts
SELECT (SELECT count(*) FROM book), (SELECT count(*) FROM booking), (SELECT count(*) FROM posting);

-- name: prove_books
-- Books that are not the sum of their postings.
SELECT k.id, k.kind, k.account_id, k.ref, k.balance, CAST(coalesce(s.amount, 0) AS BIGINT), k.postings, coalesce(s.count, 0)
FROM book k LEFT JOIN (SELECT book_id, sum(amount) AS amount, count(*) AS count FROM posting GROUP BY book_id) s
    ON s.book_id = k.id
WHERE k.balance <> coalesce(s.amount, 0) OR k.postings <> coalesce(s.count, 0) ORDER BY k.id;

-- name: prove_bookings
-- All bookings with all their postings.
SELECT b.id, b.key, b.org_id, b.account_id, b.kind, b.amount, b.currency, b.at_us, b.day, b.channel, b.desk, b.cash_day_id,
       b.subject, b.subject_id, coalesce(b.reverses, 0), b.who, b.second, b.reason, b.digest,
       k.org_id, k.currency, k.kind, k.account_id, k.ref, p.amount
FROM booking b LEFT JOIN posting p ON p.booking_id = b.id LEFT JOIN book k ON k.id = p.book_id
ORDER BY b.id, p.n;

-- name: prove_receipts
-- Desks and years whose receipts are not numbered 1, 2, 3 ... up to the last that was given.
SELECT s.org_id, s.scope, s.year, s.last, count(r.id), coalesce(min(r.number), 0), coalesce(max(r.number), 0)
FROM number_series s LEFT JOIN receipt r ON r.org_id = s.org_id AND r.desk = s.scope AND r.year = s.year
WHERE s.kind = 'receipt' GROUP BY s.org_id, s.scope, s.year, s.last
HAVING count(r.id) <> s.last OR coalesce(max(r.number), 0) <> s.last OR coalesce(min(r.number), 0) <> 1
ORDER BY s.org_id, s.scope, s.year;
