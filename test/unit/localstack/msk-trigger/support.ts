/** Mappings, records and batches for tests: what is not said is filled in with something valid. */
import type { Message } from '../../../../localstack/msk-trigger/event.ts'
import type { Entry } from '../../../../localstack/msk-trigger/intake.ts'
import { Lane, type LaneRecord } from '../../../../localstack/msk-trigger/lane.ts'
import type { Mapping } from '../../../../localstack/msk-trigger/mappings.ts'
import { DEFAULT_OPEN_CHOICES, type OpenChoices } from '../../../../localstack/msk-trigger/open-choices.ts'
import { MappingReports, type Report } from '../../../../localstack/msk-trigger/reports.ts'

/** A mapping of topic `t` that waits for nothing and retries for ever. */
export function mappingOf(part: Partial<Mapping> = {}): Mapping {
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
    open: DEFAULT_OPEN_CHOICES,
    ...part,
  }
}

export function openChoices(part: Partial<OpenChoices>): OpenChoices {
  return { ...DEFAULT_OPEN_CHOICES, ...part }
}

/** Reports of the mapping, and what they say in short: `stalled invocation timeout 2 3@120`. */
export function recordedReports(): { reports: MappingReports; told: string[] } {
  const told: string[] = []
  return { reports: new MappingReports(mappingOf(), line => void told.push(inShort(JSON.parse(line)))), told }
}

export function inShort(report: Report): string {
  if (report.report === 'resumed')
    return ['resumed', report.obstacle, ...(report.partitions ?? ['all'])].join(' ')
  if (report.report === 'stalled') {
    const { obstacle, kind, attempt, offsets = {} } = report
    const places = Object.entries(offsets).map(([partition, offset]) => `${partition}@${offset}`)
    return ['stalled', obstacle, kind, attempt, ...places].join(' ')
  }
  return report.report
}

/** Messages with the offsets `from` up to, and without, `to`. */
export function messages(from: number, to: number, part: Partial<Message> = {}): Message[] {
  return Array.from({ length: to - from }, (_, n) => ({
    key: null,
    value: null,
    timestamp: '1',
    offset: `${from + n}`,
    headers: {},
    ...part,
  }))
}

export function delivered(list: readonly Message[]): Entry[] {
  return list.map(message => ({ fate: 'deliver', message }))
}

/** Puts into a lane what was fetched, as what is to be delivered unless told otherwise. */
export function fill(lane: Lane, list: readonly Message[], nowMs = 0, entries = delivered(list)): void {
  lane.expect(list)(entries, nowMs)
}

/** A lane of partition `partition` that has given out the records `from` up to, and without, `to`. */
export function laneWithTaken(
  partition: number,
  from: number,
  to: number,
  { mapping = mappingOf(), message = {} }: { mapping?: Mapping; message?: Partial<Message> } = {},
): { lane: Lane; records: LaneRecord[] } {
  const lane = new Lane(mapping, partition, from)
  fill(lane, messages(from, to, message))
  return { lane, records: lane.take(to - from) }
}

/** `0@0,1 1@5` */
export function show(
  parts: readonly { readonly partition: number; readonly records: readonly { readonly offset: number }[] }[],
): string {
  return parts
    .map(({ partition, records }) => `${partition}@${records.map(({ offset }) => offset)}`)
    .join(' ')
}
