/** Finds the context for records whose own one has expired: the first that the log still has after them. */
import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { contextTypes } from '../../consumer/process.ts'
import { type Consumer, getContext } from '../consumer.ts'
import { decodeChunk } from '../decoding/decode-chunk.ts'
import { CurrentContext } from '../model/context.ts'
import type { OffsetRange } from '../model/log.ts'
import type { StateKey, StoredContext } from '../model/partition-state.ts'
import type { LogReader } from '../ports.ts'

/**
 * Returns the context that the first valid event of the range sets; undefined if there is none. A process that folds events has no
 * such context, because its context depends on the expired events.
 *
 * @param searched next offset to search, by partition. It is kept between invocations, because one may have too little time.
 * @param isLate returns true if too little time is left for another read
 * @returns `late` if the search must go on in another invocation
 * @throws Unavailable or PartitionStopped if the log cannot be read
 */
export async function contextAhead(
  log: Pick<LogReader, 'read'>,
  { topic, partition }: StateKey,
  consumer: Consumer,
  { fromOffset, toOffset }: OffsetRange,
  searched: Map<string, number>,
  isLate: () => boolean,
): Promise<StoredContext | 'late' | undefined> {
  const definition = getContext(consumer)
  if (!definition || definition.fold) return undefined
  const [place, types] = [`${topic}/${partition}`, contextTypes(definition)]
  const isMeant = (record: LogRecord) => {
    const event = readEvent(record)
    return !isFailure(event) && types.includes(event.type)
  }
  const [holding] = types
  if (holding === undefined) return undefined
  const last = searched.get(place) ?? 0
  for (let from = last > toOffset ? fromOffset : Math.max(fromOffset, last); from <= toOffset; ) {
    if (isLate()) return 'late'
    const text = types.length === 1 ? holding : undefined
    const { records, nextOffset } = await log.read(topic, partition, { fromOffset: from, toOffset }, text)
    const { decoded } = await decodeChunk(records.filter(isMeant), consumer)
    for (const own of decoded) {
      if (own.kind !== 'event') continue
      const context = new CurrentContext(definition, {})
      context.set(own.event)
      if (context.change) return context.change
    }
    from = nextOffset
    searched.set(place, from)
  }
  return undefined
}
