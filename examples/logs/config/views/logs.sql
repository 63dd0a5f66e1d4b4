CREATE STREAM log_lines (service VARCHAR, level VARCHAR, message VARCHAR)
  WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON', TYPE = 'io.sluice.logs.reading.v1');
CREATE TABLE service_errors AS
  SELECT service, COUNT(*) AS errors, LAST(message) AS last_error FROM log_lines
  WHERE level IN ('error', 'fatal') GROUP BY service;
