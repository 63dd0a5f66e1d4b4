CREATE TABLE device_sensor_stats AS SELECT AVRG(y) AS std_y FROM device_readings;
