/** Contents of a recording by entity, and the rules that watch each. Pure. */
import { identitiesOf } from '../../alerting/firings.ts'
import { type AnyRule, isPatternRule } from '../../alerting/patterns/pattern.ts'
import { isWatched } from '../../alerting/watched.ts'
import type { ReadingData } from '../../telemetry/families.ts'
import type { Label } from './label.ts'
import type { RecordedReading } from './recording.ts'

/** The time of an entity in a recording, and what was measured. */
export interface RecordedEntity {
  readonly entity: string
  readonly subject: string
  /** Milliseconds since the epoch. */
  readonly fromMs: number
  /** Time of its last reading, or the end of its last label if that is later. */
  readonly toMs: number
  readonly metrics: ReadonlySet<string>
}

/** The entities that a rule watches, under each identity that its alerts have. */
export interface Watch {
  readonly rule: string
  /** Metric of the rule; missing for a rule over several readings, which may watch more than one. */
  readonly metric?: string
  readonly entities: ReadonlySet<string>
}

/** @param labels extend the time of their entities as far as the recording goes: a label can say that nothing arrived */
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

/** Whether a label names the entity, by its whole name or by its subject. */
export function isOf({ entity: named }: Label, { entity, subject }: RecordedEntity): boolean {
  return named === entity || named === subject
}

/** The rules that are evaluated. Some may match no recorded reading. */
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
