/** Mappings, records and batches for tests. Fields that a test does not set get valid defaults. */

import { mock } from 'node:test'
import type { Mapping } from '../../config/mappings.ts'
import type { PolledMessage } from '../../invoke/event.ts'
import type { Entry } from '../../poll/intake.ts'
import { PartitionQueue, type PendingRecord } from '../../poll/partition-queue.ts'
import { MappingReports, type Report } from '../../report/reports.ts'

/** Lets promises do what they have to. */
export const settled = () => new Promise(setImmediate)

/** Lets a mocked timer expire, and the turn of the event loop after it. */
export async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms)
  await settled()
}

/** Records of a partition, each of which covers its own offset alone. */
export const part = (partition: number, ...offsets: number[]) => ({
  partition,
  records: offsets.map(offset => ({ offset, lastOffset: offset })),
})

/** A mapping of topic `t` with a window of 0 and unlimited retries. */
export function createMapping(part: Partial<Mapping> = {}): Mapping {
  return {
    functionKey: 'f',
    functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:f',
    kind: 'kafka',
    topic: 't',
    groupId: 'g',
    batchSize: 10,
    windowMs: 0,
    startingPosition: { at: 'LATEST' },
    reportsFailures: false,
    maximumRetryAttempts: -1,
    maximumRecordAgeMs: undefined,
    bisectBatchOnFunctionError: false,
    destination: undefined,
    filters: [],
    registry: undefined,
    functionTimeoutMs: 1_000,
    reservedConcurrency: Number.POSITIVE_INFINITY,
    afterPartialResponse: 'resume-at-failure',
    ...part,
  }
}

/** The reports of a mapping, each also as a short text: `stalled invocation timeout 2 3@120`. */
export function recordedReports(): { reports: MappingReports; written: string[] } {
  const written: string[] = []
  return {
    reports: new MappingReports(createMapping(), line => void written.push(inShort(JSON.parse(line)))),
    written,
  }
}

export function inShort(report: Report): string {
  if (report.report === 'resumed')
    return ['resumed', report.obstacle, ...(report.partitions ?? ['all'])].join(' ')
  if (report.report === 'stalled') {
    const { obstacle, kind, attempt, offsets = {} } = report
    const offsetList = Object.entries(offsets).map(([partition, offset]) => `${partition}@${offset}`)
    return ['stalled', obstacle, kind, attempt, ...offsetList].join(' ')
  }
  return report.report
}

/** Messages with the offsets `from` to `to`, without `to`. */
export function messages(from: number, to: number, part: Partial<PolledMessage> = {}): PolledMessage[] {
  return Array.from({ length: to - from }, (_, n) => ({
    key: null,
    value: null,
    timestamp: '1',
    offset: `${from + n}`,
    headers: {},
    ...part,
  }))
}

export function delivered(list: readonly PolledMessage[]): Entry[] {
  return list.map(message => ({ fate: 'deliver', message }))
}

/** Appends fetched messages to a queue, as entries to be delivered unless given otherwise. */
export function fill(
  queue: PartitionQueue,
  list: readonly PolledMessage[],
  nowMs = 0,
  entries = delivered(list),
): void {
  queue.reserve(list)(entries, nowMs)
}

/** A queue of which the records `from` to `to`, without `to`, have been taken. */
export function queueWithTaken(
  partition: number,
  from: number,
  to: number,
  { mapping = createMapping(), message = {} }: { mapping?: Mapping; message?: Partial<PolledMessage> } = {},
): { queue: PartitionQueue; records: PendingRecord[] } {
  const queue = new PartitionQueue(mapping, partition, from)
  fill(queue, messages(from, to, message))
  return { queue, records: queue.take(to - from) }
}

/** `0@0,1 1@5` */
export function show(
  parts: readonly { readonly partition: number; readonly records: readonly { readonly offset: number }[] }[],
): string {
  return parts
    .map(({ partition, records }) => `${partition}@${records.map(({ offset }) => offset)}`)
    .join(' ')
}
