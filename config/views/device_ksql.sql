CREATE STREAM device_readings (device_id VARCHAR KEY, activity VARCHAR, x DOUBLE, y DOUBLE, z DOUBLE) WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON', TYPE = 'io.sluice.device.motion.v1');
CREATE TABLE device_activity_counts AS
  SELECT activity, COUNT(*) AS readings, COUNT(DISTINCT device_id) AS devices FROM device_readings GROUP BY activity;
CREATE TABLE device_sensor_stats AS
  SELECT device_id, AVG(x) AS avg_x, STDDEV(x) AS std_x, MIN(x) AS min_x, MAX(x) AS max_x FROM device_readings
  WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 30 SECONDS) GROUP BY device_id;
