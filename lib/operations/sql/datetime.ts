/** Implements the common uses of SQLite's `datetime(TIME, MODIFIER)` as a DuckDB macro. Only builds SQL. Pure. */

const UNITS = 'second|minute|hour|day|month|year'
const MODIFIERS = `''-1 hour'', ''start of day'' or ''weekday 1''`

/** SQL for the time with the modifier. Signs are those of SQLite: DuckDB reads intervals without "+". */
const CHANGED = `CASE
  WHEN regexp_full_match(changed, '[+-]?[0-9.]+ (${UNITS})s?') THEN given + CAST(ltrim(changed, '+') AS INTERVAL)
  WHEN regexp_full_match(changed, 'start of (${UNITS})') THEN date_trunc(changed[10:], given)
  WHEN regexp_full_match(changed, 'weekday [0-6]') THEN given + to_days((CAST(changed[9] AS INTEGER) - dayofweek(given) + 7) % 7)
  ELSE error('datetime: ''' || changed || ''' is not a modifier such as ${MODIFIERS}. All times are UTC') END`

/**
 * SQL statements that define `datetime` with one or two arguments. The result is a TIMESTAMP in whole seconds, UTC. Other modifiers
 * of SQLite are errors, because a comparison with NULL would silently select no rows.
 */
export const DATETIME: readonly string[] = [
  `CREATE MACRO sluice_datetime(timevalue, modifier) AS (
    SELECT CASE WHEN given IS NULL OR changed IS NULL THEN NULL ELSE date_trunc('second', ${CHANGED}) END
    FROM (SELECT lower(CAST(modifier AS VARCHAR)) AS changed,
      CAST(CASE lower(CAST(timevalue AS VARCHAR)) WHEN 'now' THEN now() ELSE CAST(CAST(timevalue AS VARCHAR) AS TIMESTAMPTZ) END
        AS TIMESTAMP) AS given))`,
  `CREATE MACRO datetime(timevalue) AS sluice_datetime(timevalue, '+0 days'),
    (timevalue, modifier) AS sluice_datetime(timevalue, modifier)`,
]
