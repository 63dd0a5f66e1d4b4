/** Entities, their statistics and their recent history. */
import { check, maxLength, minLength, optional, picklist, pipe, string, transform } from 'valibot'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareSharedQuery } from '../../http/declare-route.ts'
import { MAX_CHART_LINES } from './chart-lines.ts'
import { readEntityNow } from './entity-details.ts'
import { readEntityHistory, readStoredHistory } from './entity-history.ts'
import { TelemetryReader } from './telemetry-reader.ts'

const SOME_TEXT = optional(pipe(string(), maxLength(200, 'must have at most 200 characters')), '')
const ENTITY = pipe(
  optional(string(), ''),
  minLength(1, 'must be an entity: its source, a space, its subject'),
  maxLength(8_000, 'must have at most 8,000 characters'),
)
/** Entities, each on a line of its own. */
const ENTITIES = pipe(
  ENTITY,
  transform(text => [...new Set(text.split('\n').filter(Boolean))]),
  check(entities => entities.length <= MAX_CHART_LINES, `must be at most ${MAX_CHART_LINES} entities`),
)
/**
 * Hours of charts. The last quarter of an hour is drawn from readings, and more from statistics per minute. Charts of a week or more
 * are drawn from the database.
 */
const RANGE = pipe(
  optional(string(), '1'),
  picklist(['0.25', '1', '6', '24', '168', '720'], 'must be 0.25, 1, 6, 24, 168 or 720'),
  transform(Number),
)
const CHART = { entities: ENTITIES, family: SOME_TEXT, metric: SOME_TEXT, hours: RANGE }

export function declareTelemetryRoutes(environment: ConsoleEnvironment) {
  const reader = new TelemetryReader(environment)
  return {
    '/telemetry/entity': declareSharedQuery({ entity: ENTITY, hours: RANGE }, query =>
      readEntityNow(environment, reader, query),
    ),
    '/telemetry/history': declareSharedQuery(CHART, query => readEntityHistory(environment, reader, query)),
    '/telemetry/stored': declareSharedQuery(CHART, query => readStoredHistory(environment, query)),
  }
}
