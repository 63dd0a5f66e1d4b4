/** Finds entities that get the records of several keys, which may be those of several sensors. Pure. */
import { type Event, formatEntity } from '#runtime/consumer'

/** Record key of a record, and the event that it became. */
export type KeyedOutcome = readonly [
  key: Buffer | null,
  event: { readonly source: string; readonly subject?: string | undefined },
]

/**
 * Returns a line for each entity whose records have several keys. Keys of which each has one record are ignored: such keys name records.
 */
export function describeMergedKeys(outcomes: Iterable<KeyedOutcome>): readonly string[] {
  const keyed = [...outcomes].flatMap(([key, event]) =>
    key === null ? [] : [{ key: key.toString('base64'), entity: formatEntity(event as Event) }],
  )
  return [...Map.groupBy(keyed, ({ entity }) => entity)].flatMap(([entity, records]) => {
    const keys = new Set(records.map(({ key }) => key)).size
    if (keys < 2 || keys === records.length) return []
    return `records with ${keys} keys become the one entity ${entity.slice(0, 200)}`
  })
}

export const MERGED_ADVICE =
  'If the key is that of the sensor, take it in the mapping, such as `sensorId: { from: { key: true } }`.'
