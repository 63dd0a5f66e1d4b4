/** Finds an alert, or the alerts of an entity, and all that is known of them. */
import { topicSize } from '../../lib/app/topics.ts'
import type { AlertLife, IsWanted } from '../../lib/queries/alert-history.ts'
import { filteredAlerts } from '../../lib/queries/alert-summary.ts'
import { type ActiveAlert, activeAlertsOf } from '../../lib/queries/alerts.ts'
import type { FiringNow } from '../../lib/queries/firing-alerts.ts'
import { entityOf } from '../../lib/runtime/consumer/event.ts'
import { type AlertsReader, writtenFromMs } from './read.ts'
import type { AlertsReport } from './show-text.ts'

interface Asked {
  /** Only what was written then or later. */
  readonly sinceMs: number | undefined
  readonly limit: number
}

/**
 * @param wanted the id of an alert, or else a whole subject, or a part of source and subject
 * @throws CliFailure if Redis or Kafka does not answer
 */
export async function shownAlerts(
  reader: AlertsReader,
  wanted: string,
  { sinceMs, limit }: Asked,
): Promise<AlertsReport> {
  const behind = await reader.behind()
  const firing = await reader.firing()
  const known = firing.find(({ id }) => id === wanted)
  const lives = known ? await livesOf(reader, known) : await livesLike(reader, firing, wanted, sinceMs)
  const shown = lives.slice(-limit)
  // The whole name of an entity has a space; its alerts need not have been published.
  const entities = known ? [known.entity] : entitiesOf(wanted, shown)
  const active = await activeIn(reader, entities)
  const phases = new Map(
    active.flatMap(({ alert, phase }) => (alert ? [[alert.alertId, phase] as const] : [])),
  )
  const pending = known ? [] : active.filter(({ phase }) => phase === 'pending')
  return {
    env: reader.config.env,
    alerts: shown.map(life => ({ ...life, phase: phases.get(life.id) ?? null })),
    total: lives.length,
    pending: pending.map(({ rule, entity, activeAt }) => ({ rule, entity, activeAt })),
    behind,
  }
}

/** Of an alert that fires, the partition is known, and from when on it must be read. */
async function livesOf(reader: AlertsReader, known: FiringNow): Promise<AlertLife[]> {
  const partitions = known.places.map(({ partition }) => partition)
  const lives = await reader.lives(
    writtenFromMs({ sinceMs: Date.parse(known.startedAt) }),
    ({ alertId }) => alertId === known.id,
    ({ partition }) => partitions.includes(partition),
  )
  return lives.length > 0 ? lives : [withoutHistory(known)]
}

async function livesLike(
  reader: AlertsReader,
  firing: readonly FiringNow[],
  wanted: string,
  sinceMs: number | undefined,
): Promise<AlertLife[]> {
  const isWanted: IsWanted = ({ alertId, entity }) =>
    alertId === wanted || entityOf(entity).trim().includes(wanted)
  const lives = await reader.lives(sinceMs, isWanted)
  const exact = lives.filter(({ id }) => id === wanted)
  if (exact.length > 0) return exact
  const byId = new Map([...firing.map(withoutHistory), ...lives].map(alert => [alert.id, alert]))
  return filteredAlerts([...byId.values()], { entity: wanted })
}

/** The topic has nothing of it any more, or nothing since the time that was asked for. */
function withoutHistory({ places: _, ...known }: FiringNow): AlertLife {
  return { ...known, transitions: [] }
}

function entitiesOf(wanted: string, lives: readonly AlertLife[]): string[] {
  const found = lives.map(({ entity }) => entity)
  return [...new Set(wanted.includes(' ') && found.length === 0 ? [wanted] : found)]
}

/** What alerting knows of the entities and groups. The name of one without a subject ends with the space. */
async function activeIn(
  { inspection, config }: AlertsReader,
  entities: readonly string[],
): Promise<ActiveAlert[]> {
  const readings = topicSize('readings', config.env)
  const groups = topicSize('patterns', config.env)
  const found: ActiveAlert[] = []
  for (const entity of entities) {
    const whole = entity.includes(' ') ? entity : `${entity} `
    found.push(...(await activeAlertsOf(inspection, readings, groups, whole)))
  }
  return found
}
