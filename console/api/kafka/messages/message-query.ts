/** Query parameters for messages of a topic. */
import {
  type InferOutput,
  maxLength,
  minLength,
  minValue,
  object,
  optional,
  picklist,
  pipe,
  regex,
  string,
  transform,
} from 'valibot'
import type { Bounds, TopicOffsets } from '#runtime/operating/kafka'
import type { Direction } from '../../../../control/queries/records/find-records.ts'
import { awaitKafkaAnswer } from '../../../../lib/log/kafka-answers.ts'
import type { Range } from '../../../../lib/log/read-records.ts'
import { readTopicBounds } from '../../../../lib/log/topic-bounds.ts'
import { ProblemError } from '../../../http/problem.ts'

const COUNT = pipe(string(), regex(/^\d{1,15}$/, 'must be a non-negative integer'), transform(Number))
const TIME = pipe(
  string(),
  transform(text => Date.parse(text)),
  minValue(0, 'must be an RFC 3339 time, such as 2026-03-01T12:00:00Z'),
)

/** Position of one message. */
export const PLACE_FIELDS = {
  topic: pipe(optional(string(), ''), minLength(1, 'must name a topic'), maxLength(249)),
  partition: COUNT,
  offset: COUNT,
}

export const MESSAGES_FIELDS = {
  ...PLACE_FIELDS,
  partition: optional(COUNT),
  /** First offset to read in the partition. */
  offset: optional(COUNT),
  /** Time from which messages are read, by append time. */
  time: optional(TIME),
  from: optional(picklist(['newest', 'oldest'], 'must be newest or oldest')),
  /** Cursor from the previous response. */
  cursor: optional(pipe(string(), maxLength(20_000))),
  /** Text filter of the whole record; see `textFilter`. */
  text: optional(pipe(string(), maxLength(200, 'must have at most 200 characters'))),
}
export const MESSAGES_QUERY = object(MESSAGES_FIELDS)

export type MessagesQuery = InferOutput<typeof MESSAGES_QUERY>

interface SearchStart {
  readonly direction: Direction
  readonly ranges: readonly Range[]
  /** Offsets of all partitions of the topic. */
  readonly bounds: readonly Bounds[]
}

/**
 * Returns the direction of reading and the offset ranges to read.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 * @throws ProblemError if the partition does not exist, or if an offset is given without a partition
 */
export async function resolveBeginning(
  query: Pick<MessagesQuery, 'topic' | 'partition' | 'offset' | 'time' | 'from' | 'cursor'>,
  offsets: Pick<TopicOffsets, 'bounds' | 'at'>,
): Promise<SearchStart> {
  const { topic, partition, offset, time, from, cursor } = query
  const bounds = await readTopicBounds(offsets, topic)
  if (partition !== undefined) requirePartition(partition, topic, bounds)
  if (cursor !== undefined) return { ...decodeCursor(cursor, topic, bounds), bounds }
  const all = bounds.map((bound, number) => ({ topic, partition: number, ...bound }))
  const ranges = all.filter(range => partition === undefined || range.partition === partition)
  if (offset !== undefined) {
    if (partition === undefined)
      throw new ProblemError(
        'bad-request',
        'offset: requires a partition, because each partition has its own offsets.',
      )
    return { direction: 'forward', ranges: ranges.map(range => moveStart(range, offset)), bounds }
  }
  if (time !== undefined) {
    const atTime = await awaitKafkaAnswer(`topic ${topic}`, offsets.at(topic, time))
    const later = ranges.map(range => moveStart(range, atTime[range.partition] ?? range.end))
    return { direction: 'forward', ranges: later, bounds }
  }
  return { direction: from === 'oldest' ? 'forward' : 'backward', ranges, bounds }
}

function requirePartition(partition: number, topic: string, bounds: readonly Bounds[]): void {
  if (partition < bounds.length) return
  const has = bounds.length === 1 ? 'one partition, 0' : `${bounds.length} partitions, from 0 on`
  throw new ProblemError('bad-request', `partition: ${topic} has ${has}.`)
}

function moveStart(range: Range, offset: number): Range {
  return { ...range, start: Math.min(Math.max(offset, range.start), range.end) }
}

const CURSOR = /^([fb]):(\d{1,15}-\d{1,15}-\d{1,15}(?:,\d{1,15}-\d{1,15}-\d{1,15})*)$/

/** Encodes the unread ranges as a cursor for URLs, such as `b:0-12-40,2-0-7`; undefined if everything was read. Pure. */
export function encodeCursor(direction: Direction, left: readonly Range[]): string | undefined {
  if (left.length === 0) return undefined
  const ranges = left.map(({ partition, start, end }) => `${partition}-${start}-${end}`)
  return `${direction === 'forward' ? 'f' : 'b'}:${ranges.join(',')}`
}

/** Decodes a cursor. Its ranges are limited to the retained offsets, because records can expire and URLs can be edited. */
function decodeCursor(cursor: string, topic: string, bounds: readonly Bounds[]) {
  const [, way, text = ''] = CURSOR.exec(cursor) ?? []
  if (way === undefined)
    throw new ProblemError('bad-request', 'cursor: must be a cursor from a previous response.')
  const ranges = text.split(',').flatMap(range => {
    const [partition = 0, start = 0, end = 0] = range.split('-').map(Number)
    const bound = bounds[partition]
    if (!bound) return []
    return [{ topic, partition, start: Math.max(start, bound.start), end: Math.min(end, bound.end) }]
  })
  const direction: Direction = way === 'f' ? 'forward' : 'backward'
  return { direction, ranges: ranges.filter(({ start, end }) => start < end) }
}
