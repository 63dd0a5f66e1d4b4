CREATE STREAM changes (database VARCHAR, table_name VARCHAR, row VARCHAR, operation VARCHAR)
  WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON', TYPE = 'io.sluice.changes.reading.v1');
CREATE TABLE table_changes AS
  SELECT database, table_name, operation, COUNT(*) AS changes, LAST(row) AS last_row, MAX(ROWTIME) AS last_change FROM changes
  GROUP BY database, table_name, operation;
