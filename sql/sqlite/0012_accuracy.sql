-- Device: its accuracy class as the plate says it ('2', '0.5S', 'B'; '' not known): how far a loss can be believed.
-- Channel: closed is 1 when the point measures something else now; what was counted stays.
ALTER TABLE device ADD COLUMN accuracy_class TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX point_check ON point (check_id) WHERE check_id IS NOT NULL;

PRAGMA user_version = 12;
