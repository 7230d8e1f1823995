-- As sql/sqlite/0014.
CREATE INDEX reading_frame ON reading (first_frame);

INSERT INTO seal_final (id, stream, row_id, at_us, source)
SELECT row_number() OVER (ORDER BY at_us, device_id, source), 'reading', device_id, at_us, source
FROM reading WHERE first_frame = 0;

CREATE FUNCTION heng_reading_final () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seal_final (id, stream, row_id, at_us, source)
        SELECT coalesce(max(id), 0) + 1, 'reading', NEW.device_id, NEW.at_us, NEW.source FROM seal_final;
    RETURN NULL;
END $$;
CREATE FUNCTION heng_row_final () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seal_final (id, stream, row_id)
        SELECT coalesce(max(id), 0) + 1, TG_ARGV[0], NEW.id FROM seal_final;
    RETURN NULL;
END $$;
CREATE TRIGGER reading_by_eye AFTER INSERT ON reading
    FOR EACH ROW WHEN (NEW.first_frame = 0) EXECUTE FUNCTION heng_reading_final ();
CREATE TRIGGER bill_new_issued AFTER INSERT ON bill
    FOR EACH ROW WHEN (NEW.number <> '') EXECUTE FUNCTION heng_row_final ('bill');
CREATE TRIGGER bill_issued AFTER UPDATE OF number ON bill
    FOR EACH ROW WHEN (NEW.number <> '' AND OLD.number = '') EXECUTE FUNCTION heng_row_final ('bill');
CREATE TRIGGER cash_day_closed AFTER UPDATE OF closed_us ON cash_day
    FOR EACH ROW WHEN (NEW.closed_us <> 0 AND OLD.closed_us = 0) EXECUTE FUNCTION heng_row_final ('cash-day');

UPDATE heng_schema SET version = 14;
