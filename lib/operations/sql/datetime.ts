/** Implements SQLite's `datetime(TIME, MODIFIER)` as a DuckDB macro. Only builds SQL. Pure. */

/** Units in modifiers such as `-1.5 hours`: name, length in milliseconds, and the amount from which SQLite rejects the modifier. */
const UNITS: readonly (readonly [unit: string, ms: number, below: number])[] = [
  ['second', 1_000, 4.6427e14],
  ['minute', 60_000, 7.7379e12],
  ['hour', 3_600_000, 1.2897e11],
  ['day', 86_400_000, 5_373_485],
  // Months and years are calendar units, but a fraction is converted with 30 or 365 days.
  ['month', 2_592_000_000, 176_546],
  ['year', 31_536_000_000, 14_713],
]

const DAY_MS = 86_400_000
/** Milliseconds between the start of Julian days and 1970. */
const JULIAN_EPOCH_MS = 210_866_760_000_000
/** Supported range of times, from year 0001 to year 9999, in milliseconds since 1970. */
const [EARLIEST_MS, LATEST_MS] = [-62_135_596_800_000, 253_402_300_799_999]

const CLOCK = String.raw`(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?`
const TIME = String.raw`^(?:(\d{4})-(\d\d)-(\d\d))?[\sT]*(?:${CLOCK}\s*(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?\s*)?$`
const NUMBER = String.raw`^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$`
const AMOUNT = String.raw`^((?:[+-](?:\d+\.?\d*|\.\d+)|\d+\.?\d*)(?:e[+-]?\d+)?)\s+(second|minute|hour|day|month|year)s?$`
const SPAN = String.raw`^(?:([+-])(\d{4})-(\d\d)-(\d\d)(?:\s${CLOCK})?|([+-]?)${CLOCK})$`

const SHAPE = `a time such as 'now' or '2026-03-01 12:00:00'`
const MODIFIERS = `'-1 hour', 'start of day', 'weekday 1', '+02:30' or 'unixepoch'`

const helpers: readonly string[] = [
  macro('sluice_whole(text)', `coalesce(try_cast(text AS BIGINT), 0)`),
  macro('sluice_clock_ms(h, m, s)', clockMs()),
  macro('sluice_midnight(ms)', `epoch_ms(date_trunc('day', epoch_ms(ms)))`),
  // The day of the month is kept. If the target month has fewer days, the excess is carried over to the next month, as in SQLite.
  macro('sluice_months_later(ms, n)', monthsLater()),
  macro('sluice_time_ms(given, changed)', timeMs()),
  macro('sluice_changed_ms(ms, changed)', changedMs()),
  macro('sluice_datetime(timevalue, modifier)', shifted()),
]

/**
 * SQL statements that define `datetime` with one or two arguments. Times are UTC, and the result is a TIMESTAMP in whole seconds.
 * The macro follows SQLite, with these differences:
 * - An invalid argument is an error, instead of NULL. A comparison with NULL would silently select no rows.
 * - `start of hour` and `start of minute` are supported as well.
 * - `localtime` and `utc` are rejected, because all times are UTC.
 */
export const DATETIME: readonly string[] = [
  ...helpers,
  `CREATE MACRO datetime(timevalue) AS sluice_datetime(timevalue, '+0 days'),
    (timevalue, modifier) AS sluice_datetime(timevalue, modifier)`,
]

function macro(head: string, body: string): string {
  return `CREATE MACRO ${head} AS (${body})`
}

function clockMs(): string {
  // The fraction is limited, so that it is never rounded up to the next second.
  const fraction = `least(CAST(floor(coalesce(try_cast('0' || s[3:] AS DOUBLE), 0) * 1000 + 0.5) AS BIGINT), 999)`
  return `sluice_whole(h) * 3600000 + sluice_whole(m) * 60000 + sluice_whole(left(s, 2)) * 1000 + ${fraction}`
}

function monthsLater(): string {
  const month = `(CAST(year(epoch_ms(ms)) AS BIGINT) * 12 + month(epoch_ms(ms)) - 1 + n)`
  const first = `epoch_ms(make_timestamp(${month} // 12, ${month} % 12 + 1, 1, 0, 0, 0))`
  return `CASE WHEN ${month} < 12 OR ${month} >= 120000 THEN NULL
    ELSE ${first} + (day(epoch_ms(ms)) - 1) * ${DAY_MS} + ms - sluice_midnight(ms) END`
}

/** Returns SQL that converts a time to milliseconds since 1970. The result is NULL if the argument is not a time. */
function timeMs(): string {
  const names = ['y', 'mo', 'd', 'h', 'mi', 's', 'sign', 'zh', 'zm']
  const julian = `CAST(floor(number * ${DAY_MS} + 0.5) AS BIGINT) - ${JULIAN_EPOCH_MS}`
  const unix = `CAST(floor(number * 1000 + 0.5) AS BIGINT)`
  const isJulian = 'number >= 0 AND number < 5373484.5'
  return `SELECT CASE
      WHEN lower(given) = 'now' THEN CASE WHEN changed IN ('unixepoch', 'julianday') THEN NULL ELSE epoch_ms(now()) END
      WHEN number IS NOT NULL THEN CASE
        WHEN changed = 'unixepoch' OR (changed = 'auto' AND NOT (${isJulian}))
          THEN CASE WHEN abs(number) < 1e12 THEN ${unix} END
        WHEN ${isJulian} THEN ${julian} END
      WHEN changed IN ('unixepoch', 'julianday') THEN NULL
      WHEN is_text AND sluice_whole(p.h) <= 23 AND sluice_whole(p.mi) <= 59 AND sluice_whole(left(p.s, 2)) <= 59
        AND sluice_whole(p.zh) <= 14 AND sluice_whole(p.zm) <= 59
        -- A day that does not exist is NULL.
        THEN epoch_ms(CAST(try_cast(CASE p.y WHEN '' THEN '2000-01-01' ELSE left(given, 10) END AS DATE) AS TIMESTAMP))
          + sluice_clock_ms(p.h, p.mi, p.s)
          - (CASE p.sign WHEN '-' THEN -1 ELSE 1 END) * sluice_clock_ms(p.zh, p.zm, '') END
    FROM (SELECT regexp_extract(given, '${TIME}', ${listOf(names)}) AS p,
      regexp_matches(given, '^\\d') AND regexp_matches(given, '${TIME}') AS is_text,
      CASE WHEN regexp_matches(lower(given), '${NUMBER}') THEN try_cast(trim(given) AS DOUBLE) END AS number)`
}

/** Returns SQL that applies a modifier to a time. The result is NULL if the modifier is unknown, or the time is out of range. */
function changedMs(): string {
  const names = ['sign', 'y', 'mo', 'd', 'dh', 'dm', 'ds', 'csign', 'h', 'm', 's']
  const amounts = UNITS.map(([unit, unitMs, below]) => {
    const whole = ['month', 'year'].includes(unit)
    const scale = unit === 'year' ? 12 : 1
    const start = whole ? `sluice_months_later(ms, CAST(trunc(r) AS BIGINT) * ${scale})` : 'ms'
    const rest = whole ? `(r - trunc(r))` : 'r'
    return `WHEN unit = '${unit}' THEN CASE WHEN abs(r) < ${below} THEN ${start} + CAST(round(${rest} * 1000.0 * ${unitMs / 1_000}) AS BIGINT) END`
  })
  const starts = ['minute', 'hour', 'day', 'month', 'year'].map(
    unit => `WHEN changed = 'start of ${unit}' THEN epoch_ms(date_trunc('${unit}', epoch_ms(ms)))`,
  )
  const direction = (sign: string) => `(CASE ${sign} WHEN '-' THEN -1 ELSE 1 END)`
  const isClock = (h: string, m: string, s: string) =>
    `sluice_whole(${h}) <= 24 AND sluice_whole(${m}) <= 59 AND sluice_whole(left(${s}, 2)) <= 59`
  return `SELECT CASE ${amounts.join('\n')} ${starts.join('\n')}
      WHEN changed IN ('subsec', 'subsecond', 'ceiling', 'floor', 'auto', 'julianday', 'unixepoch') THEN ms
      WHEN regexp_matches(changed, '^weekday [0-6](\\.0*)?$')
        THEN ms + ((sluice_whole(changed[9]) - dayofweek(epoch_ms(ms)) + 7) % 7) * ${DAY_MS}
      WHEN is_span AND span.y <> '' AND sluice_whole(span.mo) <= 11 AND sluice_whole(span.d) <= 30 AND ${isClock('span.dh', 'span.dm', 'span.ds')}
        THEN sluice_months_later(ms, ${direction('span.sign')} * (sluice_whole(span.y) * 12 + sluice_whole(span.mo)))
          + ${direction('span.sign')} * (sluice_whole(span.d) * ${DAY_MS} + sluice_clock_ms(span.dh, span.dm, span.ds) % ${DAY_MS})
      WHEN is_span AND span.h <> '' AND ${isClock('span.h', 'span.m', 'span.s')}
        THEN ms + ${direction('span.csign')} * (sluice_clock_ms(span.h, span.m, span.s) % ${DAY_MS}) END
    FROM (SELECT try_cast(regexp_extract(changed, '${AMOUNT}', 1) AS DOUBLE) AS r,
      regexp_extract(changed, '${AMOUNT}', 2) AS unit,
      regexp_extract(changed, '${SPAN}', ${listOf(names)}) AS span,
      regexp_matches(changed, '${SPAN}') AS is_span)`
}

function shifted(): string {
  return `SELECT CASE
      WHEN given IS NULL OR changed IS NULL THEN NULL
      WHEN changed IN ('localtime', 'utc') THEN error('datetime: all times are UTC, so there is no modifier ''' || changed || '''')
      WHEN ms IS NULL THEN error('datetime: ''' || given || ''' is not ${quoted(SHAPE)}')
      WHEN later IS NULL THEN error('datetime: ''' || changed || ''' is not a modifier such as ${quoted(MODIFIERS)}, or the result is outside of the years 0001 to 9999')
      WHEN later NOT BETWEEN ${EARLIEST_MS} AND ${LATEST_MS}
        THEN error('datetime: ''' || given || ''' with ''' || changed || ''' is outside of the years 0001 to 9999')
      WHEN changed IN ('subsec', 'subsecond') THEN epoch_ms(later)
      ELSE date_trunc('second', epoch_ms(later)) END
    FROM (SELECT *, CASE WHEN ms BETWEEN ${EARLIEST_MS} AND ${LATEST_MS} THEN sluice_changed_ms(ms, changed) END AS later
      FROM (SELECT *, sluice_time_ms(given, changed) AS ms
        FROM (SELECT CAST(timevalue AS VARCHAR) AS given, lower(CAST(modifier AS VARCHAR)) AS changed)))`
}

function listOf(names: readonly string[]): string {
  return `[${names.map(name => `'${name}'`).join(', ')}]`
}

function quoted(text: string): string {
  return text.replaceAll("'", "''")
}
