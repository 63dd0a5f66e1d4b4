/** Entities of a recording, and the rules that watch each of them. Pure. */
import { identitiesOf } from '../../alerting/firings.ts'
import { type AnyRule, isPatternRule } from '../../alerting/patterns/pattern.ts'
import { isWatched } from '../../alerting/watched.ts'
import type { ReadingData } from '../../telemetry/families.ts'
import type { Label } from './label.ts'
import type { RecordedReading } from './recording.ts'

/** Entity of a recording, with the time that its readings cover and its metrics. */
export interface RecordedEntity {
  readonly entity: string
  readonly subject: string
  /** Time of its first reading, in milliseconds since the epoch. */
  readonly fromMs: number
  /** Time of its last reading, or the end of its last label if that is later. */
  readonly toMs: number
  readonly metrics: ReadonlySet<string>
}

/** Rule with the entities that it watches. A rule has one entry for each identity of its alerts. */
export interface Watch {
  readonly rule: string
  /** Metric of the rule; absent for a rule over several readings, which may watch more than one. */
  readonly metric?: string
  readonly entities: ReadonlySet<string>
}

/**
 * Returns the entities of a recording.
 *
 * @param labels labels, which extend the time of their entities up to the end of the recording, because a
 * label can mark missing readings
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

/** Returns whether a label refers to the entity, by its whole name or by its subject. */
export function isOf({ entity: named }: Label, { entity, subject }: RecordedEntity): boolean {
  return named === entity || named === subject
}

/** Returns the entries for all rules that are evaluated. Some rules may match no recorded reading. */
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
