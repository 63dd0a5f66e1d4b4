CREATE STREAM device_readings (device_id VARCHAR KEY, y DOUBLE) WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');
CREATE TABLE device_sensor_stats AS SELECT device_id, STDDEV(y) AS std_y FROM device_readings GROUP BY device_id;
