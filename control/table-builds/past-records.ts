/**
 * Adds the records of the past to tables that are being built. The pipeline decides the records again, in memory, as the consumer
 * `views` has decided them: a repeat, an id that was used twice or a skipped record adds nothing. The rows of an operation have an
 * origin of their own, so the consumer drops those that a resumed run appends again.
 */
import { setImmediate } from 'node:timers/promises'
import type { LogRecord } from '#runtime/cloudevents'
import { afterRecord } from '#runtime/operating/rebuild'
import { MemoryStateStore, Replay } from '#runtime/operating/replay'
import {
  type AnyKeyedProcess,
  buildRecord,
  type Consumer,
  type Decision,
  formatOrigin,
  type LogReader,
  type OutboxEntry,
  type Publisher,
  type SkippedRecords,
} from '#runtime/pipeline'
import { type Range, readRecordGroups } from '../../lib/log/read-records.ts'
import { viewsInForce } from '../../lib/views/evaluation.ts'
import { type ActivatedPlan, rowSource, type TablePlan } from '../../lib/views/index.ts'
import { toPlace } from './activate.ts'

/** Part of a partition that was appended before the tables were activated in it. */
export interface PastRange extends Range {
  /** Offset of the next record whose rows are appended. Earlier records are only decided. */
  readonly next: number
}

export interface PastPorts {
  readonly log: LogReader
  readonly publisher: Publisher
  /** Consumer `views`, as in a deployment. */
  readonly consumer: Consumer<AnyKeyedProcess>
  /** Records that operators have skipped. */
  readonly skipped: SkippedRecords
  /** Id of the operation, which is part of the origin of its rows. */
  readonly operation: string
  readonly nowMs: () => number
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
 * @param built tables that are being built
 * @param onAppended stores the progress: the next offset of each range
 * @throws the reason of the signal if the work is stopped
 * @throws CopyStopped, PartitionStopped, Unavailable or RefusedByKafka if the records cannot be decided, or the rows not be appended
 */
export async function appendPast(
  ports: PastPorts,
  ranges: readonly PastRange[],
  built: readonly TablePlan[],
  onAppended: (next: readonly number[]) => Promise<void>,
  progress: PastProgress,
  stop: AbortSignal,
): Promise<void> {
  if (ranges.every(({ next, end }) => next >= end)) return
  const { log, publisher, consumer } = ports
  const next = ranges.map(range => range.next)
  const places = new Map(ranges.map((range, index) => [toPlace(range), index]))
  const decide = createDecider(ports, ranges, built, stop)
  let rows: OutboxEntry[] = []
  progress.total = ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
  const append = async () => {
    if (rows.length > 0) await publisher.publish(rows.map(row => buildRecord(row, consumer)))
    progress.rows += rows.length
    rows = []
    await onAppended(next)
  }
  for await (const group of readRecordGroups(log, ranges)) {
    const rowsAt = await decide(group)
    for (const record of group) {
      const index = places.get(toPlace(record)) as number
      progress.records += 1
      if (record.offset < (next[index] as number)) continue
      rows.push(...(rowsAt.get(record) ?? []))
      next[index] = record.offset + 1
      if (rows.length >= ROWS_AT_ONCE) await append()
    }
    // Yields to the event loop. Otherwise, an abort of the signal would not be noticed.
    await setImmediate(undefined, { signal: stop })
  }
  for (const [index, { end }] of ranges.entries()) next[index] = Math.max(next[index] as number, end)
  await append()
}

/** Returns a function that decides the next records of the ranges, and returns the rows of each record. */
function createDecider(
  { log, consumer, skipped, operation, nowMs }: PastPorts,
  ranges: readonly PastRange[],
  built: readonly TablePlan[],
  stop: AbortSignal,
): (records: readonly LogRecord[]) => Promise<ReadonlyMap<LogRecord, readonly OutboxEntry[]>> {
  const store = new MemoryStateStore(skipped)
  const createReplay = (range: PastRange): Replay => {
    const own = {
      ...consumer,
      process: withTables(consumer.process, built),
      // Where the log has lost its start, all entities look new, although most of them were known.
      ...(range.start > 0 && { newEntities: Number.MAX_SAFE_INTEGER }),
    }
    return new Replay({ consumer: own, log, stop, nowMs }, range, store)
  }
  const partitions = new Map(ranges.map(range => [toPlace(range), createReplay(range)]))
  return async group => {
    const rowsAt = new Map<LogRecord, readonly OutboxEntry[]>()
    for (const [place, records] of Map.groupBy(group, toPlace)) {
      const replay = partitions.get(place) as Replay
      const emitted = Map.groupBy(await replay.decide(records), ({ offset }) => offset)
      const cluster = (await log.identity?.(replay.stateKey.topic))?.cluster ?? ''
      const origin = formatOrigin(replay.stateKey, { cluster, topicId: operation })
      for (const record of records)
        rowsAt.set(record, selectPastRows(emitted.get(record.offset) ?? [], built, origin))
    }
    return rowsAt
  }
}

/** Returns the process `views`, for which the tables were active in the past, beside those that were. */
function withTables(views: AnyKeyedProcess, built: readonly TablePlan[]): AnyKeyedProcess {
  const beside = ({ tables, building }: Pick<ActivatedPlan, 'tables' | 'building'>) =>
    viewsInForce({ tables: [...tables, ...built], building })
  const context: AnyKeyedProcess['context'] = views.context && {
    ...views.context,
    initial: beside({ tables: [], building: [] }),
    read: data => beside(data as ActivatedPlan),
  }
  return { ...views, ...(context && { context }) }
}

/** Returns the emissions of the command for a record: the rows of the tables that are being built. */
function selectPastRows(
  decisions: readonly Decision[],
  built: readonly TablePlan[],
  origin: string,
): readonly OutboxEntry[] {
  const sources = new Set(built.map(({ name, generation }) => rowSource(name, generation)))
  return decisions
    .flatMap(({ emitted = [] }) => emitted)
    .filter(({ event }) => sources.has(event.source))
    .map(entry => afterRecord(entry, origin))
}
