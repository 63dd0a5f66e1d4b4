/** Runs one replay: reads the recording once to its end, determines the time shift, and publishes the records. */
import { setTimeout as sleep } from 'node:timers/promises'
import { RefusedByKafka } from '#runtime/operating/servers'
import { RecordRefused, Unavailable } from '#runtime/pipeline'
import type { Config } from '../../control/environment/config.ts'
import { resolveTopic } from '../../control/operations/state-keys.ts'
import type { Environment } from '../../control/questions/environment.ts'
import type { GuardedConnections } from '../../control/questions/guarded-connections.ts'
import { openBulkPublisher } from '../../control/recordings/bulk-publisher.ts'
import { type Addressing, buildOutgoingRecord } from '../../control/recordings/replay/outgoing-record.ts'
import { createPacer, describeLongReplay } from '../../control/recordings/replay/pace.ts'
import { type DueRecord, groupIntoRequests, publishAll } from '../../control/recordings/replay/publish.ts'
import type { Recorded } from '../../control/recordings/replay/recorded-items.ts'
import { openSource, type Source } from '../../control/recordings/replay/recording-file.ts'
import { computeShift, type ShiftTarget, type TimeRange } from '../../control/recordings/replay/time-shift.ts'
import { durationText } from '../../lib/support/duration.ts'
import { Failure } from '../../lib/support/failure.ts'
import { formatProgress } from '../../lib/support/progress-text.ts'
import { CliFailure } from '../failure.ts'
import { createWriter } from '../options/serialization.ts'
import { showLine } from '../output/progress.ts'
import { withEnvironment } from '../servers/environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import { requireTopic } from '../servers/topics.ts'
import { printReport, type Terminal } from '../terminal.ts'

/** Request of `sluice replay`. */
export interface ReplayPlan {
  readonly file: string
  readonly speed: number
  readonly shift?: ShiftTarget | undefined
  readonly env?: string | undefined
  readonly topic?: string | undefined
  /** Number of items at the start that are not published. */
  readonly skip: number
  readonly limit?: number | undefined
  readonly keepPartitions: boolean
  readonly carryLogTime: boolean
  readonly json: boolean
}

/**
 * Runs a replay.
 *
 * @throws CliFailure if not all items were acknowledged; the message explains how to continue
 */
export async function publishRecording(plan: ReplayPlan, terminal: Terminal): Promise<void> {
  const config = resolveConfig(terminal, plan.env)
  try {
    const source = await openSource(plan.file, terminal)
    const { count, timeRange, recordedMs } = await surveySource(source, plan)
    const shiftMs = resolveShift(plan, timeRange)
    const addressing = await buildAddressing(plan, config, shiftMs)
    const publish = async (environment: Environment) => {
      const { connections } = environment
      const publisher = await openBulkPublisher(connections)
      for (const topic of await readFirstTopics(source, plan, addressing))
        await requireTopic(environment, topic)
      const shiftOption =
        shiftMs === undefined ? '' : ` --shift ${formatInstant((timeRange?.startMs ?? 0) + shiftMs)}`
      if (shiftOption)
        terminal.stderr.write(
          `Moved ${describeShift(shiftMs ?? 0)}. To publish the same events again, add:${shiftOption}\n`,
        )
      const notice = describeLongReplay(count, recordedMs, plan.speed, Date.now())
      if (notice !== undefined) terminal.stderr.write(`${notice}\n`)
      const records = readDueRecords(source, plan, addressing, terminal.stop)
      const shift = { ms: shiftMs ?? null, option: shiftOption }
      await publishRecords(records, { plan, count, shift, connections, publisher }, terminal)
    }
    await withEnvironment(config, publish, false)
  } catch (error) {
    // If the user has stopped the replay, ignore the error with which a pending wait was aborted.
    if (!terminal.stop.aborted || error instanceof Failure) throw error
  }
}

interface Publication {
  readonly plan: ReplayPlan
  /** Number of items to publish. */
  readonly count: number
  /** Time by which the events are moved, and the option that moves them to the same times again. */
  readonly shift: { readonly ms: number | null; readonly option: string }
  readonly connections: GuardedConnections
  readonly publisher: Awaited<ReturnType<typeof openBulkPublisher>>
}

/** Publishes the records, and prints the report. @throws CliFailure if not all were acknowledged */
async function publishRecords(
  records: AsyncIterable<readonly DueRecord[]>,
  { plan, count, shift, connections, publisher }: Publication,
  terminal: Terminal,
): Promise<void> {
  const { futureToleranceMs } = connections.config
  const counts = { acknowledged: 0, ahead: 0 }
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const hideProgress = showLine(terminal, () =>
    formatProgress({ done: counts.acknowledged, total: count, elapsedMs: elapsedMs() }, 'acknowledged'),
  )
  try {
    const wait = (ms: number) => sleep(ms, undefined, { signal: terminal.stop })
    const due = groupIntoRequests(records, createPacer(plan.speed), { elapsedMs, wait })
    await connections.writing(() =>
      publishAll(due, publisher, counts, { futureToleranceMs, nowMs: Date.now }),
    )
  } catch (error) {
    const next = `To continue, add --skip ${plan.skip + counts.acknowledged}${shift.option}`
    if (terminal.stop.aborted) terminal.stderr.write(`Stopped. ${next}\n`)
    throw terminal.stop.aborted || !isExpected(error)
      ? error
      : new CliFailure(`${(error as Error).message}\n${next}`, 1, { cause: error })
  } finally {
    hideProgress()
    const { acknowledged, ahead } = counts
    const report = { acknowledged, notAcknowledged: count - acknowledged, elapsedMs: Math.round(elapsedMs()) }
    printReport(terminal, { ...report, shiftMs: shift.ms, ahead }, plan.json, formatReport)
    if (ahead > 0)
      terminal.stderr.write(
        `${ahead} events were sent more than ${durationText(futureToleranceMs)} before their time: consumers reject them (time-in-future).\n`,
      )
  }
}

function isExpected(error: unknown): boolean {
  return [Unavailable, RecordRefused, RefusedByKafka, Failure].some(kind => error instanceof kind)
}

interface ReplayReport {
  readonly acknowledged: number
  readonly notAcknowledged: number
  readonly elapsedMs: number
}

function formatReport({ acknowledged, notAcknowledged, elapsedMs }: ReplayReport): string {
  return `${acknowledged} acknowledged, ${notAcknowledged} not acknowledged, in ${durationText(elapsedMs)}\n`
}

function formatInstant(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

type Selection = Pick<ReplayPlan, 'skip' | 'limit'>

/** Returns the part of a group that the options select. @param before number of items before the group */
function sliceGroup(
  group: readonly Recorded[],
  before: number,
  { skip, limit = Number.POSITIVE_INFINITY }: Selection,
): readonly Recorded[] {
  return group.slice(Math.max(0, skip - before), Math.max(0, skip + limit - before))
}

/** Yields the items that the options select. */
async function* readSelectedGroups(
  source: Source,
  selection: Selection,
): AsyncGenerator<readonly Recorded[]> {
  let before = 0
  for await (const group of source.read()) {
    const part = sliceGroup(group, before, selection)
    before += group.length
    if (part.length > 0) yield part
    if (before >= selection.skip + (selection.limit ?? Number.POSITIVE_INFINITY)) return
  }
}

/**
 * Reads the recording to its end, so that errors are found before anything is published.
 *
 * @returns number of items to publish, the times of the events (undefined if none of them has a time), and the time that the items span
 * at the recorded pace
 * @throws CliFailure if there is nothing to publish
 */
export async function surveySource(
  source: Source,
  selection: Selection,
): Promise<{
  readonly count: number
  readonly timeRange: TimeRange | undefined
  readonly recordedMs: number
}> {
  let [before, count, recordedMs] = [0, 0, 0]
  const dueMs = createPacer(1)
  let startMs: number | undefined
  let firstMs: number | undefined
  let latestMs = Number.NEGATIVE_INFINITY
  for await (const group of source.read()) {
    startMs ??= group.find(({ eventMs }) => eventMs !== undefined)?.eventMs
    const part = sliceGroup(group, before, selection)
    before += group.length
    count += part.length
    for (const { eventMs, paceMs } of part) {
      recordedMs = dueMs(paceMs)
      firstMs ??= eventMs
      latestMs = Math.max(latestMs, eventMs ?? latestMs)
    }
  }
  if (count === 0) throw new CliFailure(`${source.name}: there is nothing to publish`)
  if (startMs === undefined || firstMs === undefined) return { count, timeRange: undefined, recordedMs }
  return { count, recordedMs, timeRange: { startMs, firstMs, latestMs } }
}

function resolveShift(
  { shift, speed, file }: ReplayPlan,
  timeRange: TimeRange | undefined,
): number | undefined {
  if (shift === undefined) return undefined
  if (timeRange === undefined) throw new CliFailure(`${file}: no event has a time, so --shift has no effect`)
  return computeShift(shift, timeRange, speed, Date.now())
}

async function buildAddressing(
  { keepPartitions, carryLogTime, topic }: ReplayPlan,
  config: Config,
  shiftMs: number | undefined,
): Promise<Addressing> {
  const { env, names, families, contentMode, keyBy } = config
  const dataWriter = await createWriter(config)
  const whole = topic === undefined ? undefined : resolveTopic({ topic }, config)
  const written = { contentMode, keyBy, dataWriter, shiftMs }
  return { env, names, families, ...written, keepPartitions, carryLogTime, topic: whole }
}

/** Returns the topics of the first records, which must exist before anything is published. */
async function readFirstTopics(
  source: Source,
  plan: ReplayPlan,
  addressing: Addressing,
): Promise<ReadonlySet<string>> {
  for await (const group of readSelectedGroups(source, plan))
    return new Set(group.map(item => buildOutgoingRecord(item, addressing).topic))
  return new Set()
}

/** Yields the records to publish. */
async function* readDueRecords(
  source: Source,
  plan: ReplayPlan,
  addressing: Addressing,
  stop: AbortSignal,
): AsyncGenerator<readonly DueRecord[]> {
  let latestMs: number | undefined
  for await (const group of readSelectedGroups(source, plan)) {
    stop.throwIfAborted()
    yield group.map(item => {
      const { paceMs, eventMs } = item
      if (paceMs !== undefined) latestMs = Math.max(latestMs ?? paceMs, paceMs)
      const movedMs = eventMs === undefined ? undefined : eventMs + (addressing.shiftMs ?? 0)
      return { paceMs, eventMs: movedMs, record: buildOutgoingRecord(item, addressing, latestMs) }
    })
  }
}

function describeShift(ms: number): string {
  return `${durationText(Math.abs(ms))} ${ms < 0 ? 'earlier' : 'later'}`
}
