/**
 * Shows the records of topics. Existing records are shown first, from a start position and sorted by time. New records are then
 * shown as they arrive.
 */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../../lib/app/config.ts'
import type { From } from '../../lib/operations/log-position.ts'
import { FOR_FUNCTIONS } from '../../lib/queries/for-functions.ts'
import { plainEvent } from '../../lib/queries/plain-event.ts'
import type { Filter } from '../../lib/queries/record-filter.ts'
import { type RecordView, recordView } from '../../lib/queries/record-view.ts'
import { type Range, readRecords } from '../../lib/queries/records.ts'
import type { TopicReach } from '../../lib/queries/topics.ts'
import { tail as follow, type Positions } from '../../packages/runtime/adapters/kafka/tail.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import type { PlainReader } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import { CommandConnections } from '../command-connections.ts'
import { CliFailure, StoppedByUser, usageFailure } from '../failure.ts'
import { type LineLayout, lineHeading, recordLine } from '../records/line.ts'
import { RegistryWatch } from '../records/registry-watch.ts'
import { shortTopic } from '../records/view.ts'
import { columnsOf, type Terminal } from '../terminal.ts'
import { reachOf } from '../topics.ts'

export interface TailPlan {
  /** Full names of the topics. */
  readonly topics: readonly string[]
  readonly partition: number | undefined
  readonly from: From
  readonly filters: readonly Filter[]
  readonly withTicks: boolean
  /** Number of records after which the command ends. */
  readonly count: number
  /** True to continue with new records. */
  readonly follow: boolean
  readonly json: boolean
  readonly reader: PlainReader
}

/** Maximum time to wait for connections to close at the end of the command, in milliseconds. */
const LEAVE_WITHIN_MS = 1_000

/**
 * Shows the topics.
 *
 * @throws StoppedByUser when a signal stops the command, which is how it normally ends
 */
export async function tailTopics(plan: TailPlan, config: Config, terminal: Terminal): Promise<void> {
  const connections = new CommandConnections(config)
  try {
    const timeMs = typeof plan.from === 'object' && 'timeMs' in plan.from ? plan.from.timeMs : undefined
    const reach = await reachOf(connections, config, plan.topics, timeMs)
    const ranges = rangesOf(plan, reach)
    const output = new Output(plan, config, terminal)
    await showHistory(connections, ranges, plan, output, terminal)
    if (plan.follow && !output.isFull && !terminal.stop.aborted)
      await followOn(connections, ranges, plan, output, terminal)
    if (terminal.stop.aborted) throw new StoppedByUser()
    if (!plan.follow) output.registry.requireAllRead()
  } finally {
    await connections.close()
  }
}

/** Range of offsets to read. Its start advances as records are read, so that following continues after the last record. */
interface OpenRange extends Range {
  start: number
}

function rangesOf(
  { from, partition, topics }: TailPlan,
  reach: ReadonlyMap<string, TopicReach>,
): OpenRange[] {
  const ranges = [...reach].flatMap(([topic, { bounds, atTime }]) =>
    bounds.map(({ start, end }, number) => ({
      topic,
      partition: number,
      start: startOf(from, { start, end }, atTime[number]),
      end,
    })),
  )
  const wanted = ranges.filter(range => partition === undefined || range.partition === partition)
  if (wanted.length === 0)
    throw usageFailure(
      `--partition ${partition}: ${topics.join(', ')} has ${ranges.length} partitions, from 0 on.`,
    )
  return wanted
}

function startOf(from: From, { start, end }: { start: number; end: number }, atTime = end): number {
  if (from === 'start') return start
  if (from === 'end') return end
  const wanted = 'offset' in from ? from.offset : atTime
  return Math.min(Math.max(wanted, start), end)
}

async function showHistory(
  connections: Connections,
  ranges: readonly OpenRange[],
  plan: TailPlan,
  output: Output,
  { stop }: Terminal,
): Promise<void> {
  if (ranges.every(({ start, end }) => start >= end)) return
  const log = await connections.log()
  try {
    for await (const record of readRecords(log, ranges)) {
      await output.take(record)
      const range = ranges.find(
        ({ topic, partition }) => topic === record.topic && partition === record.partition,
      )
      if (range) range.start = record.offset + 1
      if (output.isFull || stop.aborted) return
    }
    for (const range of ranges) range.start = range.end
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    // Records of an open transaction cannot be read until it ends. When following, they are shown later.
    if (!plan.follow) throw new CliFailure(error.message)
  }
}

async function followOn(
  connections: Connections,
  ranges: readonly Range[],
  { topics }: TailPlan,
  output: Output,
  { stop }: Terminal,
): Promise<void> {
  const full = Promise.withResolvers<void>()
  const wanted = new Set(ranges.map(({ topic, partition }) => `${topic}/${partition}`))
  const following = await follow(
    await connections.kafka(),
    topics,
    record => {
      if (output.isFull || !wanted.has(`${record.topic}/${record.partition}`)) return
      void output.take(record).then(() => {
        if (output.isFull) full.resolve()
      }, full.reject)
    },
    positionsOf(ranges),
  )
  const lost = stop.aborted
    ? undefined
    : await Promise.race([full.promise, once(stop, 'abort').then(() => undefined), following.lost])
  await Promise.race([following.stop(), pause(LEAVE_WITHIN_MS)])
  if (lost) throw new CliFailure(`${topics.join(', ')} cannot be read any further: ${lost.message}`)
}

function positionsOf(ranges: readonly Range[]): Positions {
  const positions = new Map<string, number[]>()
  for (const { topic, partition, start } of ranges) {
    const offsets = positions.get(topic) ?? []
    offsets[partition] = start
    positions.set(topic, offsets)
  }
  return positions
}

class Output {
  readonly registry: RegistryWatch
  readonly #plan: TailPlan
  readonly #terminal: Terminal
  readonly #env: string
  readonly #topicWidth: number
  readonly #reader: PlainReader
  #shown = 0
  #latest: Promise<void> = Promise.resolve()

  constructor(plan: TailPlan, config: Config, terminal: Terminal) {
    const { env } = config
    this.#plan = plan
    this.#env = env
    this.#reader = plan.reader
    this.#terminal = terminal
    this.registry = new RegistryWatch(terminal)
    this.#topicWidth = Math.max(...plan.topics.map(topic => shortTopic(topic, env).length), 'TOPIC'.length)
  }

  get isFull(): boolean {
    return this.#shown >= this.#plan.count
  }

  /**
   * Shows a record if it matches the filter. Resolves after all previous records have been shown, and waits if the reader of the
   * output is slow.
   */
  take(record: LogRecord): Promise<void> {
    this.#latest = this.#latest.then(() => this.#take(record))
    return this.#latest
  }

  async #take(record: LogRecord): Promise<void> {
    const event = await plainEvent(record, this.#reader)
    this.registry.see(event)
    const view = recordView(record, event)
    if (this.isFull || !this.#isWanted(view)) return
    const { stdout } = this.#terminal
    const heading =
      this.#shown === 0 && stdout.isTTY && !this.#plan.json ? `${lineHeading(this.#layout())}\n` : ''
    this.#shown++
    const line = this.#plan.json ? JSON.stringify(view) : recordLine(view, this.#layout())
    if (!stdout.write(`${heading}${line}\n`)) await once(stdout, 'drain')
  }

  #isWanted(view: RecordView): boolean {
    const { withTicks, filters } = this.#plan
    return (withTicks || !FOR_FUNCTIONS.includes(view.event?.type)) && filters.every(fits => fits(view))
  }

  /** Returns the layout of a line. It is computed for each line, because the terminal can be resized and the day can change. */
  #layout(): LineLayout {
    const [env, topicWidth] = [this.#env, this.#topicWidth]
    return { env, topicWidth, columns: columnsOf(this.#terminal), nowMs: Date.now() }
  }
}
