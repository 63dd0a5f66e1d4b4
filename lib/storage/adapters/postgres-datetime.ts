/**
 * SQLite's function `datetime` for PostgreSQL, so that a statement means the same in both: offsets and Julian days are read, a month
 * that is too short overflows into the next one, fractions of a second are cut off, and all other texts are NULL. The time zone of
 * the session has no influence.
 */

const DATE = '([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
const TIME = '([01][0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9](?:\\.[0-9]+)?))?'
const OFFSET = '(?:[Zz]|([+-](?:0[0-9]|1[0-4])):([0-5][0-9]))?'
const VALUE = `^(?:${DATE}[\\sT]*)?(?:${TIME}\\s*${OFFSET}\\s*)?$`
const NUMBER = '[+-]?(?=\\.?[0-9])[0-9]*\\.?[0-9]*(?:e[+-]?[0-9][0-9]?)?'
const UNSUPPORTED = '^(auto|ceiling|floor|julianday|localtime|subsec|subsecond|utc|[+-][0-9]{4}-.*)$'

/** First and last moment of SQLite's calendar, in seconds since the epoch. */
const RANGE = '-210866760000 AND 253402300799.999'

/** Statements that create the function, with any number of modifiers. */
export const DATETIME: readonly string[] = [
  `CREATE OR REPLACE FUNCTION sluice.datetime(timevalue text, modifier text, VARIADIC more text[]) RETURNS timestamptz
  LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  part text[];
  modifiers text[] := modifier || more;
  amount numeric;
  months int;
  result timestamp;
BEGIN
  IF lower(timevalue) = 'now' THEN
    result := now() AT TIME ZONE 'UTC';
  ELSIF length(timevalue) > 100 THEN
    RETURN NULL;
  ELSIF timevalue ~* '^${NUMBER}$' THEN
    amount := timevalue::numeric;
    IF lower(modifiers[1]) = 'unixepoch' THEN modifiers := modifiers[2:];
    ELSE amount := (amount - 2440587.5) * 86400; END IF;
    IF amount NOT BETWEEN ${RANGE} THEN RETURN NULL; END IF;
    result := timestamp '1970-01-01' + make_interval(secs => round(amount, 3)::float8);
  ELSE
    part := regexp_match(timevalue, '${VALUE}');
    IF part[1] IS NULL AND part[4] IS NULL THEN RETURN NULL; END IF;
    result := timestamp '2000-01-01' + make_interval(coalesce(part[1]::int, 2000) - 2000, coalesce(part[2]::int, 1) - 1,
      0, coalesce(part[3]::int, 1) - 1, coalesce(part[4]::int, 0), coalesce(part[5]::int, 0), coalesce(part[6], '0')::float8)
      - coalesce(part[7] || ':' || part[8], '0')::interval;
  END IF;
  FOR at IN 1..cardinality(modifiers) LOOP
    modifier := lower(left(modifiers[at], 100));
    part := regexp_match(modifier, '^(?!\\.)(${NUMBER})\\s+(second|minute|hour|day|month|year)s?$');
    IF part IS NOT NULL THEN
      amount := part[1]::numeric;
      IF part[2] IN ('month', 'year') THEN
        IF abs(amount) > 200000 THEN RETURN NULL; END IF;
        months := trunc(amount) * CASE part[2] WHEN 'year' THEN 12 ELSE 1 END;
        IF extract(year FROM result) + least(months / 12, 0) < -4713 OR months > 120000 THEN RETURN NULL; END IF;
        result := date_trunc('month', result) + make_interval(months => months) + (result - date_trunc('month', result));
        amount := amount - trunc(amount);
      END IF;
      amount := amount * CASE part[2] WHEN 'second' THEN 1 WHEN 'minute' THEN 60 WHEN 'hour' THEN 3600 WHEN 'day' THEN 86400
        WHEN 'month' THEN 2592000 ELSE 31536000 END;
      IF extract(epoch FROM result) + amount NOT BETWEEN ${RANGE} THEN RETURN NULL; END IF;
      result := result + make_interval(secs => round(amount, 3)::float8);
    ELSIF modifier IN ('start of day', 'start of month', 'start of year') AND extract(year FROM result) >= -4713 THEN
      result := date_trunc(substr(modifier, 10), result);
    ELSIF modifier ~ '^weekday [0-6]$' THEN
      result := result + make_interval(days => (substr(modifier, 9)::int - extract(dow FROM result)::int + 7) % 7);
    ELSIF modifier ~ '^[+-]?${TIME}$' THEN
      -- SQLite adds the time within a day: 24:00 is 00:00.
      result := result + regexp_replace(modifier, '^([+-]?)24', '\\1' || '00')::interval;
    ELSIF modifier ~ '${UNSUPPORTED}' THEN
      RAISE feature_not_supported USING MESSAGE = format('sluice.datetime does not support the modifier %L', modifier);
    ELSE
      RETURN NULL;
    END IF;
  END LOOP;
  RETURN CASE WHEN extract(epoch FROM result) BETWEEN ${RANGE} THEN date_trunc('second', result) AT TIME ZONE 'UTC' END;
END $$`,
  `CREATE OR REPLACE FUNCTION sluice.datetime(timevalue text DEFAULT 'now', modifier text DEFAULT '+0 days') RETURNS timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE AS $$
-- The server inlines this, so the most frequent form costs nothing for each row.
SELECT CASE WHEN lower(timevalue) = 'now' AND modifier ~ '^[+-][0-9]{1,4} (second|minute|hour|day)s?$'
  THEN date_trunc('second', now() AT TIME ZONE 'UTC' + modifier::interval) AT TIME ZONE 'UTC'
  ELSE sluice.datetime(timevalue, modifier, VARIADIC '{}'::text[]) END $$`,
  `CREATE OR REPLACE FUNCTION sluice.datetime(timevalue timestamptz, modifier text DEFAULT '+0 days', VARIADIC more text[] DEFAULT '{}')
  RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT sluice.datetime(to_char(timevalue AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS'), modifier, VARIADIC more) $$`,
]
