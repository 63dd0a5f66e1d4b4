/** Where looking at messages begins, and where it goes on. */
import type { Direction } from '../../../../lib/queries/find-records.ts'
import { kafkaAnswer } from '../../../../lib/queries/kafka-answers.ts'
import type { Range } from '../../../../lib/queries/records.ts'
import { topicBounds } from '../../../../lib/queries/topics.ts'
import type { Bounds, TopicOffsets } from '../../../../packages/runtime/adapters/kafka/offsets.ts'
import { ProblemError } from '../../problem.ts'
import type { MessagesQuery } from './query.ts'

export interface Beginning {
  readonly direction: Direction
  readonly ranges: readonly Range[]
  /** Of all partitions of the topic. */
  readonly bounds: readonly Bounds[]
}

/**
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`; ProblemError if there is no such partition, or an offset
 * comes without one
 */
export async function beginningOf(
  query: Pick<MessagesQuery, 'topic' | 'partition' | 'offset' | 'time' | 'from' | 'cursor'>,
  offsets: Pick<TopicOffsets, 'bounds' | 'at'>,
): Promise<Beginning> {
  const { topic, partition, offset, time, from, cursor } = query
  const bounds = await topicBounds(offsets, topic)
  if (partition !== undefined) requirePartition(partition, topic, bounds)
  if (cursor !== undefined) return { ...continued(cursor, topic, bounds), bounds }
  const all = bounds.map((bound, number) => ({ topic, partition: number, ...bound }))
  const ranges = all.filter(range => partition === undefined || range.partition === partition)
  if (offset !== undefined) {
    if (partition === undefined)
      throw new ProblemError('bad-request', 'offset: needs a partition, because each counts its own.')
    return { direction: 'forward', ranges: ranges.map(range => startingAt(range, offset)), bounds }
  }
  if (time !== undefined) {
    const atTime = await kafkaAnswer(`topic ${topic}`, offsets.at(topic, time))
    const later = ranges.map(range => startingAt(range, atTime[range.partition] ?? range.end))
    return { direction: 'forward', ranges: later, bounds }
  }
  return { direction: from === 'oldest' ? 'forward' : 'backward', ranges, bounds }
}

function requirePartition(partition: number, topic: string, bounds: readonly Bounds[]): void {
  if (partition < bounds.length) return
  const has = bounds.length === 1 ? 'one partition, 0' : `${bounds.length} partitions, from 0 on`
  throw new ProblemError('bad-request', `partition: ${topic} has ${has}.`)
}

function startingAt(range: Range, offset: number): Range {
  return { ...range, start: Math.min(Math.max(offset, range.start), range.end) }
}

const CURSOR = /^([fb]):(\d{1,15}-\d{1,15}-\d{1,15}(?:,\d{1,15}-\d{1,15}-\d{1,15})*)$/

/** What is left to look at, as text for an address: `b:0-12-40,2-0-7`. Undefined if nothing is left. Pure. */
export function cursorOf(direction: Direction, left: readonly Range[]): string | undefined {
  if (left.length === 0) return undefined
  const ranges = left.map(({ partition, start, end }) => `${partition}-${start}-${end}`)
  return `${direction === 'forward' ? 'f' : 'b'}:${ranges.join(',')}`
}

/** Retention may have taken some of it, and an address can be made up: the bounds decide. */
function continued(cursor: string, topic: string, bounds: readonly Bounds[]) {
  const [, way, text = ''] = CURSOR.exec(cursor) ?? []
  if (way === undefined) throw new ProblemError('bad-request', 'cursor: is not one that an answer has given.')
  const ranges = text.split(',').flatMap(range => {
    const [partition = 0, start = 0, end = 0] = range.split('-').map(Number)
    const bound = bounds[partition]
    if (!bound) return []
    return [{ topic, partition, start: Math.max(start, bound.start), end: Math.min(end, bound.end) }]
  })
  const direction: Direction = way === 'f' ? 'forward' : 'backward'
  return { direction, ranges: ranges.filter(({ start, end }) => start < end) }
}
