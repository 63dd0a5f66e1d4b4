/** Runs one replay, from reading the file to the final count. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../lib/app/config.ts'
import { durationText } from '../../lib/duration.ts'
import { RefusedByKafka } from '../../lib/runtime/adapters/kafka/publisher.ts'
import type { ContentMode } from '../../lib/runtime/cloudevents/writer.ts'
import { Connections } from '../../lib/runtime/lambda/connections.ts'
import { RecordRefused, Unavailable } from '../../lib/runtime/pipeline/errors.ts'
import type { Publisher } from '../../lib/runtime/pipeline/ports.ts'
import { configOf, requireTopic } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { showLine } from '../progress.ts'
import { progressText } from '../progress-text.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { type Addressing, outgoing } from './outgoing.ts'
import { pacer } from './pace.ts'
import { type Departure, publishAll, type ReplayCounts, requests } from './publish.ts'
import type { Recorded } from './recorded.ts'
import { outlook, type Selection, selected, survey } from './selection.ts'
import { type Extent, type ShiftTarget, shiftFor } from './shift.ts'
import { type Source, sourceOf } from './source.ts'

export interface ReplayPlan {
  /** `-` is standard input. */
  readonly file: string
  readonly speed: number
  readonly shift?: ShiftTarget
  readonly env?: string
  readonly selection: Selection
  readonly mode?: ContentMode
  readonly keepPartitions: boolean
  /** Print the counts as one JSON document. */
  readonly json?: true
}

/** @throws CliFailure if not all was acknowledged; it names the line to go on from */
export async function replay(plan: ReplayPlan, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, plan.env)
  try {
    const source = await sourceOf(plan.file, terminal)
    const { groups, extent, total } = await opened(source, plan.selection)
    const shiftMs = shiftOf(plan, extent)
    const addressing = addressingOf(plan, config, shiftMs)
    const [first, departures] = await peeked(departing(groups, addressing))
    if (first === undefined) throw new CliFailure(`${source.name}: there is nothing in it to publish`)
    const connections = new Connections(config, 'cli')
    try {
      const publisher = await connections.publisher()
      for (const topic of new Set(first.map(({ record }) => record.topic)))
        await requireTopic(publisher, topic, config)
      const resumed = shiftMs === undefined ? '' : ` --shift ${shiftedStart(extent, shiftMs)}`
      if (resumed)
        terminal.stderr.write(`Moved by ${shiftMs} ms. To publish the same events again, add:${resumed}\n`)
      const run = { plan, terminal, total, resumed, shiftMs, futureToleranceMs: config.futureToleranceMs }
      await publishPaced(departures, publisher, run)
    } finally {
      await connections.close()
    }
  } catch (error) {
    // Stopped on request: the pending wait for a line or a due time ends with an error that only says so.
    if (!terminal.stop.aborted || error instanceof CliFailure) throw error
  }
}

function addressingOf(
  { mode, keepPartitions }: ReplayPlan,
  { env, contentMode }: Config,
  shiftMs: number | undefined,
): Addressing {
  return {
    env,
    contentMode,
    keepPartitions,
    ...(mode === undefined ? {} : { mode }),
    ...(shiftMs === undefined ? {} : { shiftMs }),
  }
}

interface Opened {
  readonly groups: AsyncIterable<readonly Recorded[]>
  readonly extent: Extent | undefined
  readonly total?: number
}

/** Reads a file to its end first, so that a broken line is reported before anything is published; of a pipe, only the beginning. */
async function opened(source: Source, selection: Selection): Promise<Opened> {
  if (source.isRepeatable) {
    const { extent, count: total } = await survey(source.read(), selection)
    return { groups: selected(source.read(), selection), extent, total }
  }
  const [beginning = [], all] = await peeked(source.read())
  const [first = [], groups] = await peeked(selected(all, selection))
  return { groups, extent: outlook(beginning, first) }
}

function shiftOf({ shift, speed, file }: ReplayPlan, extent: Extent | undefined): number | undefined {
  if (shift === undefined) return undefined
  if (extent === undefined) throw new CliFailure(`${file}: no event in it has a time that --shift could move`)
  const shiftMs = shiftFor(shift, extent, speed, Date.now())
  if (shiftMs !== undefined) return shiftMs
  throw new CliFailure(
    'Faster than recorded, --shift now needs to know the latest event, and a pipe cannot be read twice: ' +
      'give a file, or a time instead of "now", or --speed 1.',
    2,
  )
}

function shiftedStart(extent: Extent | undefined, shiftMs: number): string {
  return new Date((extent?.startMs ?? 0) + shiftMs).toISOString()
}

async function* departing(
  groups: AsyncIterable<readonly Recorded[]>,
  addressing: Addressing,
): AsyncGenerator<readonly Departure[]> {
  for await (const group of groups)
    yield group.map(recorded => {
      const { line, paceMs, eventMs } = recorded
      const movedMs = eventMs === undefined ? undefined : eventMs + (addressing.shiftMs ?? 0)
      return { line, paceMs, eventMs: movedMs, record: outgoing(recorded, addressing) }
    })
}

interface Run {
  readonly plan: ReplayPlan
  readonly terminal: Terminal
  readonly total: number | undefined
  /** Options to add to the command that continues where this one ended. */
  readonly resumed: string
  readonly shiftMs: number | undefined
  readonly futureToleranceMs: number
}

async function publishPaced(departures: AsyncIterable<readonly Departure[]>, publisher: Publisher, run: Run) {
  const { plan, terminal, total, futureToleranceMs } = run
  const counts: ReplayCounts = { attempted: 0, acknowledged: 0, nextLine: plan.selection.fromLine, ahead: 0 }
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const wait = (ms: number) => sleep(ms, undefined, { signal: terminal.stop })
  const hideProgress = showLine(terminal, () =>
    progressText({ done: counts.acknowledged, total, elapsedMs: elapsedMs() }, 'acknowledged'),
  )
  try {
    const due = requests(departures, pacer(plan.speed), { elapsedMs, wait })
    await publishAll(due, publisher, counts, { futureToleranceMs, nowMs: Date.now })
  } catch (error) {
    throw interrupted(error, counts, run)
  } finally {
    hideProgress()
    printReport(terminal, replayReport(counts, run, elapsedMs()), plan.json, replayText)
    if (counts.ahead > 0) terminal.stderr.write(`${aheadWarning(counts, futureToleranceMs)}\n`)
  }
}

interface ReplayReport {
  readonly acknowledged: number
  readonly notAcknowledged: number
  readonly elapsedMs: number
  /** The line, or record, to go on from; null if all is acknowledged. */
  readonly nextLine: number | null
  readonly shiftMs: number | null
  /** Events that were sent too long before their time, so consumers refuse them. */
  readonly ahead: number
}

function replayReport(counts: ReplayCounts, { total, shiftMs }: Run, elapsedMs: number): ReplayReport {
  const { acknowledged, attempted, nextLine, ahead } = counts
  const notAcknowledged = (total ?? attempted) - acknowledged
  return {
    acknowledged,
    notAcknowledged,
    elapsedMs: Math.round(elapsedMs),
    nextLine: notAcknowledged > 0 ? nextLine : null,
    shiftMs: shiftMs ?? null,
    ahead,
  }
}

function replayText({ acknowledged, notAcknowledged, elapsedMs }: ReplayReport): string {
  return `${acknowledged} acknowledged, ${notAcknowledged} not acknowledged, in ${durationText(elapsedMs)}\n`
}

function interrupted(error: unknown, { nextLine }: ReplayCounts, { terminal, resumed }: Run): unknown {
  const next = `To go on: --from-line ${nextLine}${resumed}`
  if (terminal.stop.aborted) {
    terminal.stderr.write(`Stopped. ${next}\n`)
    return error
  }
  const isExpected = [Unavailable, RecordRefused, RefusedByKafka, CliFailure].some(
    kind => error instanceof kind,
  )
  return isExpected ? new CliFailure(`${(error as Error).message}\n${next}`, 1, { cause: error }) : error
}

function aheadWarning({ ahead }: ReplayCounts, toleranceMs: number): string {
  const limit = durationText(toleranceMs)
  return `${ahead} events were sent more than ${limit} before their time: consumers refuse those (time-in-future).`
}

/** The first item of it, and all of it. */
async function peeked<T>(items: AsyncGenerator<T>): Promise<[first: T | undefined, all: AsyncIterable<T>]> {
  const { done, value } = await items.next()
  if (done) return [undefined, items]
  const all = async function* () {
    yield value
    yield* items
  }
  return [value, all()]
}
