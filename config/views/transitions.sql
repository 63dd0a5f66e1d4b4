-- Changes between the activities of devices, as the function `activity` reports them.
CREATE STREAM activity_changes (`from` VARCHAR, `to` VARCHAR, lasted_seconds DOUBLE)
  WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', TYPE = 'io.sluice.activity.changed.v1');

-- Readings of devices, for the activity that each one has now.
CREATE STREAM device_motions (device_id VARCHAR KEY, model VARCHAR, activity VARCHAR)
  WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON', TYPE = 'io.sluice.device.motion.v1');

-- Number of changes of each pair, and how long the first activity lasted.
CREATE TABLE activity_transitions AS
  SELECT `from` AS from_activity, `to` AS to_activity, COUNT(*) AS transitions, AVG(lasted_seconds) AS avg_lasted_seconds
  FROM activity_changes
  GROUP BY `from`, `to`;

-- Changes of each pair in the last ten minutes, by the minute.
CREATE TABLE activity_transition_rates AS
  SELECT `from` AS from_activity, `to` AS to_activity, COUNT(*) AS transitions, COUNT(*) / 10.0 AS per_minute
  FROM activity_changes
  WINDOW HOPPING (SIZE 10 MINUTES, ADVANCE BY 1 MINUTE, RETENTION 1 HOUR, GRACE PERIOD 30 SECONDS)
  GROUP BY `from`, `to`;

-- Activity of each device now.
CREATE TABLE device_activities AS
  SELECT device_id, LATEST_BY_OFFSET(activity) AS activity, MAX(ROWTIME) AS last_reading, LATEST_BY_OFFSET(model) AS model
  FROM device_motions
  WHERE activity IS NOT NULL
  GROUP BY device_id;
