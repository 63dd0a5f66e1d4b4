/** Entities, their statistics and their recent history. */
import { maxLength, minLength, optional, picklist, pipe, regex, string, transform } from 'valibot'
import { firingNow } from '../../../lib/tables/firing-alerts.ts'
import { Cache } from '../../cache.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareSharedQuery } from '../../http/declare-route.ts'
import { readEntityNow } from './entity-details.ts'
import { readEntityHistory } from './entity-history.ts'
import { buildEntityPage } from './entity-list.ts'
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
const PAGE = pipe(string(), regex(/^[1-9]\d{0,5}$/, 'must be a page number of 1 or more'), transform(Number))
const ENTITIES = {
  find: SOME_TEXT,
  family: optional(pipe(string(), maxLength(200, 'must have at most 200 characters'))),
  metric: SOME_TEXT,
  page: optional(PAGE, '1'),
}

const ONE = { entity: ENTITY, hours: HOURS }

export function declareTelemetryRoutes(environment: ConsoleEnvironment) {
  const reader = new TelemetryReader(environment)
  const firing = new Cache<ReadonlyMap<string, number>>({ forMs: 2_000 })
  return {
    '/telemetry/entities': declareSharedQuery(ENTITIES, async query => {
      const [list, alerts] = await Promise.all([
        reader.entities(),
        firing.get('firing', () => firingByEntity(environment)),
      ])
      return buildEntityPage(environment.config.families, list, alerts, query)
    }),
    '/telemetry/entity': declareSharedQuery({ entity: ENTITY, hours: RANGE }, query =>
      readEntityNow(environment, reader, query),
    ),
    '/telemetry/history': declareSharedQuery(ONE, query => readEntityHistory(environment, reader, query)),
    '/telemetry/stored': declareSharedQuery({ entity: ENTITY, hours: RANGE, metric: SOME_TEXT }, query =>
      readStoredHistory(environment, query),
    ),
  }
}

/** Returns the number of firing alerts by entity. */
async function firingByEntity(environment: ConsoleEnvironment): Promise<ReadonlyMap<string, number>> {
  const [inspection, topic] = [await environment.inspection(), await environment.topicSize('alerts')]
  const alerts = await firingNow(environment.config.families, inspection, topic)
  const counts = new Map<string, number>()
  for (const { entity } of alerts) counts.set(entity, (counts.get(entity) ?? 0) + 1)
  return counts
}
