/**
 * Adds the records of the past to tables that are being built. Each record takes the step that the consumer `views` would have taken,
 * so its rows have the ids that live rows have. A run that was interrupted continues where it ended, and appends no row twice.
 */
import { setImmediate } from 'node:timers/promises'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Received } from '../../../packages/runtime/consumer/event.ts'
import type { AnyKeyedProcess, Consumer } from '../../../packages/runtime/pipeline/consumer.ts'
import { eventCause } from '../../../packages/runtime/pipeline/deciding/cause.ts'
import { emitted } from '../../../packages/runtime/pipeline/deciding/emission.ts'
import { decodeChunk } from '../../../packages/runtime/pipeline/decoding/decode-chunk.ts'
import type { OutboxEntry } from '../../../packages/runtime/pipeline/model.ts'
import type { LogReader, Publisher } from '../../../packages/runtime/pipeline/ports.ts'
import { recordOf } from '../../../packages/runtime/pipeline/publishing/publish.ts'
import { type Range, readRecordGroups, readRecords } from '../../queries/records.ts'
import type { ActivatedPlan } from '../../views/plan.ts'

/** Part of a partition that was appended before the tables were activated in it. */
export interface PastRange extends Range {
  /** Offset of the next record whose rows are appended. Earlier records are read only for the newest time of their entities. */
  readonly next: number
}

export interface PastPorts {
  readonly log: LogReader
  readonly publisher: Publisher
  /** Consumer `views`, as in a deployment. */
  readonly consumer: Consumer<AnyKeyedProcess>
  /** Returns the ranges of the topic `view-rows` from these offsets to its end. */
  readonly rowRanges: (from: readonly number[]) => Promise<readonly Range[]>
}

export interface PastProgress {
  records: number
  rows: number
  /** Number of records to read. */
  total: number
}

/** Rows in one request to Kafka. After each request, the progress is stored. */
const ROWS_AT_ONCE = 2_000

/**
 * Appends the rows of the past.
 *
 * @param plan plan with only the tables that are being built
 * @param rowsFrom offsets of the topic `view-rows` from which on rows of an interrupted run may be there; undefined for a first run
 * @param onAppended stores the progress: the next offset of each range
 * @throws the reason of the signal if the work is stopped
 * @throws Unavailable or RefusedByKafka if Kafka does not answer
 */
export async function appendPast(
  { log, publisher, consumer, rowRanges }: PastPorts,
  ranges: readonly PastRange[],
  plan: ActivatedPlan,
  rowsFrom: readonly number[] | undefined,
  onAppended: (next: readonly number[]) => Promise<void>,
  progress: PastProgress,
  stop: AbortSignal,
): Promise<void> {
  const read = consumer.process.context?.read(plan)
  if (read?.kind !== 'context') throw new Error(`the plan cannot be read: ${read?.why}`)
  if (ranges.every(({ next, end }) => next >= end)) return
  const next = ranges.map(one => one.next)
  const places = new Map(ranges.map(({ topic, partition }, index) => [`${topic}/${partition}`, index]))
  const states = new Map<string, unknown>()
  let from = rowsFrom
  let rows: OutboxEntry[] = []
  progress.total = ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
  const append = async () => {
    const sent = from === undefined ? rows : await withoutAppended(rows, log, await rowRanges(from))
    if (sent.length > 0) await publisher.publish(sent.map(row => recordOf(row, consumer)))
    progress.rows += rows.length
    from = undefined
    rows = []
    await onAppended(next)
  }
  for await (const group of readRecordGroups(log, ranges)) {
    for (const { record, event } of await eventsIn(group, consumer)) {
      const index = places.get(`${record.topic}/${record.partition}`) as number
      progress.records += 1
      const emitted = event ? rowsOf(event, record, consumer, read.context, states) : []
      if (record.offset < (next[index] as number)) continue
      rows.push(...emitted)
      next[index] = record.offset + 1
      if (rows.length >= ROWS_AT_ONCE) await append()
    }
    // Yields to the event loop. Otherwise, an abort of the signal would not be noticed.
    await setImmediate(undefined, { signal: stop })
  }
  for (const [index, { end }] of ranges.entries()) next[index] = Math.max(next[index] as number, end)
  await append()
}

interface PastEvent {
  readonly record: LogRecord
  /** Event that the process accepts; undefined for other records. */
  readonly event: Received | undefined
}

async function eventsIn(records: readonly LogRecord[], consumer: Consumer): Promise<readonly PastEvent[]> {
  const { decoded, restWaits } = await decodeChunk(records, consumer)
  if (restWaits) throw restWaits.error ?? new Error(`the records cannot be decoded: ${restWaits.reason}`)
  return decoded.map(one => ({ record: one.record, event: one.kind === 'event' ? one.event : undefined }))
}

function rowsOf(
  event: Received,
  { offset }: LogRecord,
  { process }: Consumer<AnyKeyedProcess>,
  context: unknown,
  states: Map<string, unknown>,
): OutboxEntry[] {
  const step = process.onEvent(states.get(event.entity), event, context)
  if (step.kind === 'rejected') return []
  if (step.state !== undefined) states.set(event.entity, step.state)
  const cause = eventCause(event, event.timeMs, 0)
  return step.emit.map((emission, index) => emitted(process.name, emission, cause, { offset, index }))
}

/** Removes the rows that an interrupted run has appended already. */
async function withoutAppended(
  rows: readonly OutboxEntry[],
  log: LogReader,
  ranges: readonly Range[],
): Promise<OutboxEntry[]> {
  const left = new Map(rows.map(row => [row.event.id, row]))
  for await (const record of readRecords(log, ranges)) {
    const event = readEvent(record)
    if (!isFailure(event)) left.delete(event.id)
  }
  return [...left.values()]
}
