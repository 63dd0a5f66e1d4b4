/** Entities, their statistics and their recent history. */
import { maxLength, minLength, optional, picklist, pipe, string, transform } from 'valibot'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareSharedQuery } from '../../http/declare-route.ts'
import { readEntityNow } from './entity-details.ts'
import { readEntityHistory } from './entity-history.ts'
import { readStoredHistory } from './stored-history.ts'
import { TelemetryReader } from './telemetry-reader.ts'

const SOME_TEXT = optional(pipe(string(), maxLength(200, 'must have at most 200 characters')), '')
const ENTITY = pipe(
  optional(string(), ''),
  minLength(1, 'must be an entity: its source, a space, its subject'),
  maxLength(2_000, 'must have at most 2,000 characters'),
)
const HOURS = pipe(
  optional(string(), '1'),
  picklist(['1', '6', '24'], 'must be 1, 6 or 24'),
  transform(Number),
)
/** Ranges of the charts of an entity. All but the last hour are drawn from the database. */
const RANGE = pipe(
  optional(string(), '1'),
  picklist(['1', '6', '24', '168', '720'], 'must be 1, 6, 24, 168 or 720'),
  transform(Number),
)

const ONE = { entity: ENTITY, hours: HOURS }

export function declareTelemetryRoutes(environment: ConsoleEnvironment) {
  const reader = new TelemetryReader(environment)
  return {
    '/telemetry/entity': declareSharedQuery({ entity: ENTITY, hours: RANGE }, query =>
      readEntityNow(environment, reader, query),
    ),
    '/telemetry/history': declareSharedQuery(ONE, query => readEntityHistory(environment, reader, query)),
    '/telemetry/stored': declareSharedQuery({ entity: ENTITY, hours: RANGE, metric: SOME_TEXT }, query =>
      readStoredHistory(environment, query),
    ),
  }
}
