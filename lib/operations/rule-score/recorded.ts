/** Determines the entities in a recording, and which rules watch each of them. Pure. */
import { identitiesOf } from '../../alerting/firings.ts'
import { type AnyRule, isPatternRule } from '../../alerting/patterns/pattern.ts'
import { isWatched } from '../../alerting/watched.ts'
import type { ReadingData } from '../../telemetry/families.ts'
import type { Label } from './label.ts'
import type { RecordedReading } from './recording.ts'

/** Entity in a recording, with its metrics and the time range of its readings. */
export interface RecordedEntity {
  readonly entity: string
  readonly subject: string
  /** Time of the first reading, in milliseconds since the epoch. */
  readonly fromMs: number
  /** Time of the last reading, or the end of the last label if it is later. */
  readonly toMs: number
  readonly metrics: ReadonlySet<string>
}

/** Rule with the entities that it watches. If the alerts of a rule have several identities, there is an entry for each. */
export interface Watch {
  readonly rule: string
  /** Metric that the rule watches. Absent for a rule that evaluates several readings, because it may watch several metrics. */
  readonly metric?: string
  readonly entities: ReadonlySet<string>
}

/**
 * Returns the entities in a recording.
 *
 * @param labels labels that extend the time range of their entities. A label can mark missing readings, so it may end after the
 * last reading, but not after the recording.
 */
export function recordedEntities(
  readings: readonly RecordedReading[],
  labels: readonly Label[],
): ReadonlyMap<string, RecordedEntity> {
  const found = new Map<string, RecordedEntity & { fromMs: number; toMs: number; metrics: Set<string> }>()
  for (const { entity, timeMs, event } of readings) {
    const own = found.get(entity) ?? {
      ...{ entity, subject: event.subject ?? '', metrics: new Set<string>() },
      ...{ fromMs: timeMs, toMs: timeMs },
    }
    own.fromMs = Math.min(own.fromMs, timeMs)
    own.toMs = Math.max(own.toMs, timeMs)
    for (const name of Object.keys(event.data as ReadingData)) own.metrics.add(name)
    found.set(entity, own)
  }
  const endMs = endOf(found)
  for (const own of found.values())
    for (const label of labels)
      if (isOf(label, own) && label.fromMs <= endMs)
        own.toMs = Math.max(own.toMs, Math.min(label.toMs, endMs))
  return found
}

function endOf(entities: ReadonlyMap<string, RecordedEntity>): number {
  return [...entities.values()].reduce((last, { toMs }) => Math.max(last, toMs), Number.NEGATIVE_INFINITY)
}

/** Returns whether a label refers to an entity, either by its full name or by its subject. */
export function isOf({ entity: named }: Label, { entity, subject }: RecordedEntity): boolean {
  return named === entity || named === subject
}

/** Returns the rules that are evaluated, with the entities that they watch. A rule may match no entity in the recording. */
export function watchesIn(readings: readonly RecordedReading[], rules: readonly AnyRule[]): readonly Watch[] {
  return rules
    .filter(({ paused }) => !paused)
    .flatMap(rule => {
      const entities = new Set<string>()
      for (const one of readings)
        if (!entities.has(one.entity) && isWatched(rule, { ...one.event, ...placeOf(one) }))
          entities.add(one.entity)
      const metric = isPatternRule(rule) ? {} : { metric: rule.metric }
      return identitiesOf(rule).map(identity => ({ rule: identity, ...metric, entities }))
    })
}

function placeOf({ entity, timeMs }: RecordedReading) {
  return { entity, timeMs }
}
