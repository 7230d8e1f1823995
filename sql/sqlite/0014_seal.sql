-- What seals go by: readings in the order of their frames, and a list of what is final only after it was made.
CREATE INDEX reading_frame ON reading (first_frame);

INSERT INTO seal_final (id, stream, row_id, at_us, source)
SELECT row_number() OVER (ORDER BY at_us, device_id, source), 'reading', device_id, at_us, source
FROM reading WHERE first_frame = 0;

CREATE TRIGGER reading_by_eye AFTER INSERT ON reading WHEN NEW.first_frame = 0
BEGIN
    INSERT INTO seal_final (id, stream, row_id, at_us, source)
    SELECT coalesce(max(id), 0) + 1, 'reading', NEW.device_id, NEW.at_us, NEW.source FROM seal_final;
END;
CREATE TRIGGER bill_new_issued AFTER INSERT ON bill WHEN NEW.number <> ''
BEGIN
    INSERT INTO seal_final (id, stream, row_id) SELECT coalesce(max(id), 0) + 1, 'bill', NEW.id FROM seal_final;
END;
CREATE TRIGGER bill_issued AFTER UPDATE OF number ON bill WHEN NEW.number <> '' AND OLD.number = ''
BEGIN
    INSERT INTO seal_final (id, stream, row_id) SELECT coalesce(max(id), 0) + 1, 'bill', NEW.id FROM seal_final;
END;
CREATE TRIGGER cash_day_closed AFTER UPDATE OF closed_us ON cash_day WHEN NEW.closed_us <> 0 AND OLD.closed_us = 0
BEGIN
    INSERT INTO seal_final (id, stream, row_id) SELECT coalesce(max(id), 0) + 1, 'cash-day', NEW.id FROM seal_final;
END;

PRAGMA user_version = 14;
