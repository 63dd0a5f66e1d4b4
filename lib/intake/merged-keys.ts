/** Finds entities that get the records of several keys, which may be those of several sensors. Pure. */
import { type Event, formatEntity } from '#runtime/consumer'
import { formatRanges } from '../support/ranges-text.ts'

/** Record key and event of a record. The partition is absent for a record of a file. */
export type KeyedOutcome = readonly [
  key: Buffer | null,
  event: { readonly source: string; readonly subject?: string | undefined },
  partition?: number,
]

/**
 * Returns a line for each entity whose records have several keys. Keys of which each has one record are ignored: such keys name records.
 */
export function describeMergedKeys(outcomes: Iterable<KeyedOutcome>): readonly string[] {
  const keyed = [...outcomes].flatMap(([key, event, partition]) =>
    key === null ? [] : [{ key: key.toString(), entity: formatEntity(event as Event).trim(), partition }],
  )
  return [...Map.groupBy(keyed, ({ entity }) => entity)].flatMap(([entity, records]) => {
    const keys = [...new Set(records.map(({ key }) => key))]
    if (keys.length < 2 || keys.length === records.length) return []
    const partitions = [...new Set(records.flatMap(({ partition }) => partition ?? []))]
    const where = partitions.length === 0 ? '' : `, in partitions ${formatRanges(partitions)},`
    return `records with ${keys.length} keys (${keys.join(', ').slice(0, 100)})${where} become the one entity ${entity.slice(0, 200)}`
  })
}

export const MERGED_ADVICE =
  'If the key is that of the sensor, take it in the mapping, such as `sensorId: { from: { key: true } }`.'

/** Advice for the topic of readings, whose producers write the entity. */
export const MERGED_READINGS_ADVICE =
  'Each partition has a state of its own, so the alerts of an entity fire in each. Let the producers write a `subject` for each sensor, or one key for each entity.'
