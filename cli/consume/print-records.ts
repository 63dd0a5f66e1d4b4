/** Consumes a topic without a consumer group: existing records first, sorted by time, then new ones as they arrive. */
import { once } from 'node:events'
import { isFailure, type LogRecord } from '#runtime/cloudevents'
import type { Event, Failure } from '#runtime/consumer'
import { isUnknownTopic } from '#runtime/operating/servers'
import type { DataReader } from '#runtime/pipeline'
import { either, instant, type Kind, mapKind, oneOf, wholeNumber } from '#runtime/settings'
import type { Config } from '../../control/environment/config.ts'
import { duration } from '../../control/environment/duration-setting.ts'
import { formatBytesView } from '../../control/queries/records/bytes-view.ts'
import { toFlatEvent, toFlatFailure } from '../../control/queries/records/flat-document.ts'
import { followTopics, TopicReplaced } from '../../control/queries/records/follow-topic.ts'
import { decodePlainEvent } from '../../control/queries/records/plain-event.ts'
import { FOR_FUNCTIONS, toRecordText } from '../../control/queries/records/record-filter.ts'
import { formatRecordSummary, shortenType } from '../../control/queries/records/record-summary.ts'
import { type RecordView, toEventDocument, toRecordView } from '../../control/queries/records/record-view.ts'
import { formatRecordedLine } from '../../control/queries/records/recorded-line.ts'
import type { Environment } from '../../control/questions/environment.ts'
import { dataReader } from '../../lib/app/data/data-reader.ts'
import type { Names } from '../../lib/app/naming/names.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { readRecords } from '../../lib/log/read-records.ts'
import { readTopicReach, type TopicReach } from '../../lib/log/topic-bounds.ts'
import { count as formatCount } from '../../lib/support/count.ts'
import { textFilter } from '../../lib/support/text-match.ts'
import { CliFailure, StoppedByUser, usageFailure } from '../failure.ts'
import { escapeText, shortenEnd } from '../output/text-width.ts'
import { withEnvironment } from '../servers/environment.ts'
import { requireTopic } from '../servers/topics.ts'
import { getColumns, type Terminal } from '../terminal.ts'
import { CausedAlerts } from './caused-alerts.ts'

/** Where reading starts. */
export type StartPosition =
  | 'start'
  | 'end'
  /** Start at the first record that was written at or after this time. */
  | { readonly timeMs: number }
  | { readonly offset: number }

/**
 * Returns the parser of the option `--from`.
 *
 * @param nowMs current time in milliseconds since the epoch. Durations are subtracted from it.
 */
export function createFromKind(nowMs: number): Kind<StartPosition> {
  return either<StartPosition>(
    oneOf(['start', 'end']),
    mapKind(wholeNumber({ least: 0 }), offset => ({ offset })),
    mapKind(instant(), timeMs => ({ timeMs })),
    mapKind(duration(), ms => ({ timeMs: nowMs - ms })),
  )
}

export interface ConsumePlan {
  /** Full name of the topic. */
  readonly topic: string
  readonly from: StartPosition
  readonly partition?: number | undefined
  /** Words that a record must contain. */
  readonly filter?: string | undefined
  /** Number of records after which the command ends. */
  readonly count?: number | undefined
  /** True to continue with new records. */
  readonly follow: boolean
  readonly json: boolean
  /** True to print flat documents, see `toFlatEvent`. */
  readonly flat?: boolean
}

/**
 * Prints the records of the topic.
 *
 * @throws StoppedByUser when a signal stops the command, which is how it normally ends
 */
export async function printRecords(plan: ConsumePlan, config: Config, terminal: Terminal): Promise<void> {
  const print = async (environment: Environment) => {
    const { partitions } = await requireTopic(environment, plan.topic)
    const alertsTopic = await findAlertsTopic(plan, environment)
    const write = (line: string) => terminal.stdout.write(`${shortenEnd(line, getColumns(terminal))}\n`)
    const alerts = new CausedAlerts(config.families, await environment.log(), line => write(escapeText(line)))
    const output = new ConsumeOutput(config.names, plan, dataReader(config), terminal, alerts)
    try {
      const records = await openRecords(plan, alertsTopic, environment, terminal)
      if (isForPeople(plan)) terminal.stderr.write(formatHeader(plan, partitions.length))
      for await (const record of records) {
        if (record.topic !== plan.topic) await output.showAlert(record)
        else if ((plan.partition ?? record.partition) === record.partition) await output.show(record)
        if (output.isFull || terminal.stop.aborted) break
      }
    } catch (error) {
      throw toConsumeFailure(error, plan.topic)
    }
    if (!plan.follow) output.requireAllRead()
  }
  await withEnvironment(config, print, false)
  if (terminal.stop.aborted) throw new StoppedByUser()
}

function isForPeople({ json, flat }: ConsumePlan): boolean {
  return !json && !flat
}

/** Returns what the output is about, and how it ends. */
function formatHeader({ topic, follow, count }: ConsumePlan, partitions: number): string {
  const ends = [
    ...(count === undefined ? [] : [`after ${formatCount(count, 'record')}`]),
    ...(follow ? [] : ['after the existing records']),
  ]
  const end = ends.length > 0 ? `Ends ${ends.join(' or ')}. ` : ''
  return `Topic: ${escapeText(topic)}, ${formatCount(partitions, 'partition')}
Consumer group: none (no offsets are committed)
${end}Ctrl-C stops it.\n\n`
}

/** Topics whose records cause alerts, beside those of inputs. */
const CAUSES: readonly (Signal | undefined)[] = ['readings', 'events', 'patterns', 'view-changes']

/** Returns the alerts topic, for records that cause alerts; undefined for others, and for documents. */
async function findAlertsTopic(plan: ConsumePlan, environment: Environment): Promise<string | undefined> {
  const isCause =
    CAUSES.includes(environment.findSignal(plan.topic)) ||
    environment.inputs.some(({ topic }) => topic === plan.topic)
  const wanted = isCause && isForPeople(plan) ? environment.topic('alerts') : undefined
  return (await environment.topics()).find(({ topic }) => topic === wanted)?.topic
}

async function openRecords(
  { topic, from, partition: only, follow }: ConsumePlan,
  alertsTopic: string | undefined,
  environment: Environment,
  { stop }: Terminal,
): Promise<AsyncIterable<LogRecord>> {
  const timeMs = typeof from === 'object' && 'timeMs' in from ? from.timeMs : undefined
  const [log, offsets] = [await environment.log(), await environment.offsets()]
  const reach = await readTopicReach(offsets, topic, timeMs)
  const { bounds } = reach
  if (only !== undefined && only >= bounds.length)
    throw usageFailure(`--partition ${only}: ${topic} has ${bounds.length} partitions, from 0 on.`)
  const ranges = bounds.map(({ end }, partition) => {
    const start = only === undefined || only === partition ? resolveStart(from, reach, partition) : end
    return { topic, partition, start, end }
  })
  if (alertsTopic !== undefined) {
    const alerts = await readTopicReach(offsets, alertsTopic, timeMs)
    for (const [partition, { end }] of alerts.bounds.entries()) {
      // The time of an offset is unknown: its alerts are those from now on.
      const start = typeof from === 'object' && 'offset' in from ? end : resolveStart(from, alerts, partition)
      ranges.push({ topic: alertsTopic, partition, start, end })
    }
  }
  if (!follow) return readRecords(log, ranges)
  const byTopic = [...Map.groupBy(ranges, range => range.topic)]
  const starts = new Map(byTopic.map(([name, own]) => [name, own.map(({ start }) => start)]))
  return followTopics(log, offsets, starts, stop)
}

function resolveStart(from: StartPosition, { bounds, atTime }: TopicReach, partition: number): number {
  const { start, end } = bounds[partition] ?? { start: 0, end: 0 }
  if (from === 'start') return start
  if (from === 'end') return end
  const wanted = 'offset' in from ? from.offset : (atTime[partition] ?? end)
  return Math.min(Math.max(wanted, start), end)
}

/** Converts the error to a message for users if the topic was deleted or recreated. */
function toConsumeFailure(error: unknown, topic: string): unknown {
  if (isUnknownTopic(error)) return new CliFailure(`The topic ${topic} was deleted while it was consumed.`)
  if (error instanceof TopicReplaced)
    return new CliFailure(`The ${error.message} while it was consumed: start again to read the new one.`)
  return error
}

/** Prints records. */
export class ConsumeOutput {
  readonly #names: Names
  readonly #plan: ConsumePlan
  readonly #reader: DataReader
  readonly #terminal: Pick<Terminal, 'stdout' | 'stderr' | 'environment'>
  readonly #alerts: CausedAlerts | undefined
  readonly #fits: (text: string) => boolean
  #shown = 0
  #unread = 0

  constructor(
    names: Names,
    plan: ConsumePlan,
    reader: DataReader,
    terminal: Pick<Terminal, 'stdout' | 'stderr' | 'environment'>,
    alerts?: CausedAlerts,
  ) {
    this.#names = names
    this.#alerts = alerts
    this.#plan = plan
    this.#reader = reader
    this.#terminal = terminal
    this.#fits = textFilter(plan.filter ?? '')
  }

  get isFull(): boolean {
    return this.#shown >= (this.#plan.count ?? Number.POSITIVE_INFINITY)
  }

  /** Prints a record if it matches the filter. Resolves when the output accepts more data. */
  async show(record: LogRecord): Promise<void> {
    if (!this.#fits(toRecordText(record))) return
    const event = await decodePlainEvent(record, this.#reader)
    const { json, flat } = this.#plan
    if (!json && !isFailure(event) && FOR_FUNCTIONS.includes(event.type)) return
    this.#noteUnread(event)
    this.#shown++
    const { stdout } = this.#terminal
    const line = json
      ? formatDocument(record, event)
      : flat
        ? JSON.stringify(isFailure(event) ? toFlatFailure(record, event) : toFlatEvent(event))
        : formatRecord(this.#names, record, event, getColumns(this.#terminal))
    if (!stdout.write(`${line}\n`)) await once(stdout, 'drain')
    this.#alerts?.showBelow(record, event)
  }

  /** Prints an alert below its record. */
  async showAlert(record: LogRecord): Promise<void> {
    const event = await decodePlainEvent(record, this.#reader)
    if (!isFailure(event)) await this.#alerts?.show(event, this.#plan.topic)
  }

  /** Checks that the schema registry has answered for all records. @throws CliFailure if a record could not be read */
  requireAllRead(): void {
    if (this.#unread > 0) throw new CliFailure('Some records could not be read: see above.')
  }

  #noteUnread(event: Event | Failure): void {
    if (!isFailure(event) || event.code !== 'registry-unavailable') return
    if (this.#unread === 0) this.#terminal.stderr.write(`Some records cannot be read: ${event.message}\n`)
    this.#unread += 1
  }
}

function formatDocument(record: LogRecord, event: Event | Failure): string {
  if (!isFailure(event)) return formatRecordedLine(record, { event: toEventDocument(event) })
  const { code, message } = event
  return formatRecordedLine(record, { failure: { code, message } })
}

const NO_TIMESTAMP = 'no timestamp            '
const PLACE_WIDTH = 7
const TYPE_WIDTH = 19

/**
 * Returns a line such as `2026-03-01T12:00:00.250Z  3@42     greenhouse.reading  roof-1  airMoisture=21.5`. A record of another
 * application is shown with its key and value.
 */
export function formatRecord(
  names: Names,
  record: LogRecord,
  read: Event | Failure,
  columns: number | undefined,
): string {
  const view = toRecordView(record, read)
  const { recordTime, partition, offset } = view
  const parts = [
    recordTime ?? NO_TIMESTAMP,
    `${partition}@${offset}`.padEnd(PLACE_WIDTH),
    ...describeContent(names, view),
    formatRecordSummary(view),
  ]
  return shortenEnd(escapeText(parts.join('  ')), columns)
}

function describeContent(names: Names, { topic, key, event, failure }: RecordView): string[] {
  if (event)
    return [shortenType(String(event.type)).padEnd(TYPE_WIDTH), String(event.subject ?? event.source)]
  // Only our own topics must contain events.
  const isForeign = failure?.code === 'not-a-cloudevent' && names.findSignal(topic) === undefined
  return isForeign
    ? [key === null ? 'no key' : formatBytesView(key)]
    : [`✗ ${failure?.code}: ${failure?.message}`]
}
