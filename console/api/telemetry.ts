/** Entities, their statistics and their recent history. */
import { maxLength, minLength, optional, picklist, pipe, regex, string, transform } from 'valibot'
import { averagesBy, type GroupAverages } from '../../lib/queries/averages.ts'
import { firingNow } from '../../lib/tables/firing-alerts.ts'
import { FAMILIES, type FamilyName } from '../../lib/telemetry/families.ts'
import { partsOfEntity } from '../../packages/runtime/consumer/event.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { KeptAnswer } from '../live/kept.ts'
import { asked, watched } from './route.ts'
import { activities } from './telemetry/activities.ts'
import { entityNow, LIVE_MS } from './telemetry/entity.ts'
import { entityPage, metricsOf, type ShownMetric, STATISTICS } from './telemetry/entity-page.ts'
import { entityHistory } from './telemetry/history.ts'
import { TelemetryMemory } from './telemetry/memory.ts'
import { Volumes } from './telemetry/volumes.ts'

export interface FamilyAverages {
  readonly metrics: readonly ShownMetric[]
  readonly all: GroupAverages
  /**
   * Averages of groups of entities. An entity belongs to the group of its site, database type or model, which is part of its
   * source. The largest group is first, and the number of groups is limited.
   */
  readonly groups: readonly GroupAverages[]
  /** Number of groups. */
  readonly count: number
}

export interface Averages {
  readonly families: readonly FamilyAverages[]
  readonly known: number
  readonly isWhole: boolean
}

const FAMILY_NAMES = Object.keys(FAMILIES) as [FamilyName, ...FamilyName[]]
const MAX_GROUPS = 500
const HOUR_MS = 3_600_000

const SOME_TEXT = optional(pipe(string(), maxLength(200, 'must have at most 200 characters')), '')
const ENTITY = pipe(
  optional(string(), ''),
  minLength(1, 'must be an entity: its source, a space, its subject'),
  maxLength(2_000, 'must have at most 2,000 characters'),
)
const HOURS = pipe(
  optional(string(), ''),
  picklist(['1', '6', '24'], 'must be 1, 6 or 24'),
  transform(Number),
)
const SPAN = pipe(optional(string(), ''), picklist(['live', '1', '6', '24'], 'must be live, 1, 6 or 24'))
const PAGE = pipe(string(), regex(/^[1-9]\d{0,5}$/, 'must be a page number of 1 or more'), transform(Number))
const ENTITIES = {
  find: SOME_TEXT,
  family: optional(picklist(FAMILY_NAMES, `must be one of ${FAMILY_NAMES.join(', ')}`)),
  statistic: optional(picklist(STATISTICS, `must be one of ${STATISTICS.join(', ')}`), 'last'),
  sort: SOME_TEXT,
  alerting: optional(picklist(['yes'], 'must be yes or omitted')),
  page: optional(PAGE, '1'),
}

export function telemetryRoutes(environment: ConsoleEnvironment) {
  const memory = new TelemetryMemory(environment)
  const volumes = new Volumes(environment)
  const firing = new KeptAnswer(() => firingByEntity(environment), { forMs: 2_000 })
  return {
    '/telemetry/entities': watched(ENTITIES, 5_000, async ({ alerting, ...query }) => {
      const [list, alerts] = await Promise.all([memory.entities.get(), firing.get()])
      return entityPage(list, alerts, { ...query, alerting: alerting !== undefined })
    }),
    '/telemetry/averages': watched({}, 5_000, async () => averages(await memory.entities.get())),
    '/telemetry/activities': watched({ activity: SOME_TEXT }, 5_000, ({ activity }) =>
      activities(memory, activity),
    ),
    '/telemetry/volumes': watched({ hours: HOURS }, 1_000, ({ hours }) => volumes.of(hours)),
    '/telemetry/entity': watched({ entity: ENTITY, span: SPAN }, 2_000, ({ entity, span }) => {
      const isLive = span === 'live'
      const spanMs = isLive ? LIVE_MS : Number(span) * HOUR_MS
      return entityNow(environment, memory, { entity, spanMs, isLive })
    }),
    '/telemetry/history': asked({ entity: ENTITY, hours: HOURS }, query =>
      entityHistory(environment, memory, query),
    ),
  }
}

/** Returns the number of firing alerts by entity. */
async function firingByEntity(environment: ConsoleEnvironment): Promise<ReadonlyMap<string, number>> {
  const alerts = await firingNow(await environment.inspection(), await environment.topicSize('alerts'))
  const counts = new Map<string, number>()
  for (const { entity } of alerts) counts.set(entity, (counts.get(entity) ?? 0) + 1)
  return counts
}

function averages({
  entities,
  isWhole,
  asOfMs,
}: Awaited<ReturnType<TelemetryMemory['entities']['get']>>): Averages {
  const families = averagesBy(entities, ({ family }) => family, asOfMs)
  const bySource = averagesBy(entities, ({ entity }) => partsOfEntity(entity).source, asOfMs)
  return {
    families: families.map(all => {
      const groups = bySource.filter(({ family }) => family === all.family)
      const largest = groups.toSorted((a, b) => b.entities - a.entities).slice(0, MAX_GROUPS)
      return { metrics: metricsOf(all.family), all, groups: largest, count: groups.length }
    }),
    known: entities.length,
    isWhole,
  }
}
