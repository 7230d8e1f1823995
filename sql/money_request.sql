-- name: request_get
SELECT operation, digest, answer_id, booking_id, made FROM request WHERE key = ?1;
-- name: request_add
INSERT INTO request (key, operation, digest, answer_id, booking_id, made, at_us, who)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
