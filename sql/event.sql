-- Events at metering points, and the installations that follow them. ?1 of questions by people is the scope: the
-- organisation that asks, 0 for the operator of the system.

-- name: event_add
INSERT INTO point_event (id, point_id, channel_id, kind, at_us, until_us, recorded_us, device_id, other_point, before,
    after, factor_num, factor_den, digits, unit, reading_at, reading_source, undoes, who, second, reason, photo)
VALUES ((SELECT coalesce(max(id), 0) + 1 FROM point_event), ?1, nullif(?2, 0), ?3, ?4, ?5, ?6, nullif(?7, 0),
    nullif(?8, 0), ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, nullif(?17, 0), ?18, ?19, ?20, ?21)
RETURNING id;

-- name: event_get
SELECT e.id, e.point_id, coalesce(e.channel_id, 0), e.kind, e.at_us, e.until_us, e.recorded_us, coalesce(e.device_id, 0),
       coalesce(e.other_point, 0), e.before, e.after, e.factor_num, e.factor_den, e.digits, e.unit, e.reading_at,
       e.reading_source, coalesce(e.undoes, 0), e.who, e.second, e.reason, coalesce(u.id, 0),
       CASE WHEN e.photo IS NULL THEN 0 ELSE 1 END
FROM point_event e LEFT JOIN point_event u ON u.undoes = e.id
    JOIN point p ON p.id = e.point_id JOIN place a ON a.id = p.place_id
WHERE e.id = ?2 AND (?1 = 0 OR a.managed_by = ?1);

-- name: event_photo
SELECT e.photo FROM point_event e JOIN point p ON p.id = e.point_id JOIN place a ON a.id = p.place_id
WHERE e.id = ?2 AND e.photo IS NOT NULL AND (?1 = 0 OR a.managed_by = ?1);

-- name: event_list
-- At point ?2, or of a device that was moved away from it, behind (?3, ?4).
SELECT e.id, e.point_id, coalesce(e.channel_id, 0), e.kind, e.at_us, e.until_us, e.recorded_us, coalesce(e.device_id, 0),
       coalesce(e.other_point, 0), e.before, e.after, e.factor_num, e.factor_den, e.digits, e.unit, e.reading_at,
       e.reading_source, coalesce(e.undoes, 0), e.who, e.second, e.reason, coalesce(u.id, 0),
       CASE WHEN e.photo IS NULL THEN 0 ELSE 1 END
FROM point_event e LEFT JOIN point_event u ON u.undoes = e.id
WHERE (e.point_id = ?2 OR e.other_point = ?2) AND (e.at_us > ?3 OR (e.at_us = ?3 AND e.id > ?4))
  AND (?1 = 0 OR EXISTS (SELECT 1 FROM point p JOIN place a ON a.id = p.place_id
                         WHERE p.id = ?2 AND a.managed_by = ?1))
ORDER BY e.at_us, e.id LIMIT ?5;

-- name: installation_list
-- All that device ?1 (0: any) did at point ?2 (0: any).
SELECT id, device_id, point_id, from_us, coalesce(until_us, 0), factor_num, factor_den, digits FROM installation
WHERE (?1 <> 0 AND device_id = ?1 AND (?2 = 0 OR point_id = ?2)) OR (?1 = 0 AND point_id = ?2)
ORDER BY from_us, id LIMIT ?3;

-- name: installation_reopen
UPDATE installation SET until_us = NULL WHERE id = ?1;

-- name: installation_drop
DELETE FROM installation WHERE id = ?1;

-- name: point_scope
-- The medium of point ?2, and whether it is closed or virtual.
SELECT p.medium, p.closed_us, p.kind FROM point p JOIN place a ON a.id = p.place_id
WHERE p.id = ?2 AND (?1 = 0 OR a.managed_by = ?1);
