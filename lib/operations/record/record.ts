/** Runs a recording, from the selection of offset ranges to the final report. */

import { PartitionStopped, Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import type { DataReader, LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { parseFilter } from '../../queries/record-filter.ts'
import type { TopicReach } from '../../queries/topics.ts'
import { OperationFailure } from '../failure.ts'
import { exists } from '../file-failure.ts'
import type { From } from '../log-position.ts'
import { type CopyProgress, copy } from './copy.ts'
import { loadPosition, type RecordingPosition } from './position.ts'
import { type Bounds, extentOf, rangesOf } from './ranges.ts'
import { positionOf, RecordingFile } from './recording-file.ts'

export interface RecordPlan extends Bounds {
  /** Full name of the topic. */
  readonly topic: string
  /** Filters as given on the command line. They have already been validated. */
  readonly filters: readonly string[]
  readonly out: string
  readonly resume: boolean
}

export interface RecordReport {
  readonly isWhole: boolean
  /** Number of lines in the file. */
  readonly recorded: number
  /** Number of records that do not match the filters. */
  readonly filtered: number
  /**
   * Number of offsets without a record. They belong to transaction markers, aborted transactions, or records removed by compaction.
   */
  readonly withoutRecord: number
  /** Number of offsets that expired before they could be read. */
  readonly expired: number
  /** Number of lines without a value, because the value was too large to read. */
  readonly oversize: number
  /** Number of offsets in the range that have not been recorded yet. */
  readonly missing: number
  readonly elapsedMs: number
}

/** Progress of a recording, counted in offsets. */
interface RecordProgress {
  readonly done: number
  readonly total: number
  /** Number of offsets that were recorded by an earlier command. */
  readonly doneBefore: number
}

export interface RecordPorts {
  readonly log: () => Promise<LogReader>
  /** Returns the bounds of the topic. If a time is given, the first offsets at that time are included. */
  readonly reach: (timeMs: number | undefined) => Promise<TopicReach>
  readonly reader: DataReader
  /** Resolves a path that the user has given. */
  readonly pathOf: (file: string) => string
  readonly stop: AbortSignal
  /** Called with each notice, which is one sentence. */
  readonly notice: (text: string) => void
  /** Starts a display of the progress, and returns a function that ends the display. */
  readonly watch: (progress: () => RecordProgress) => () => void
  /** Called with the final report. It is also called if the recording fails. */
  readonly report: (report: RecordReport) => void
}

/**
 * Runs a recording.
 *
 * @throws OperationFailure if the range is empty or the recording is incomplete. In the second case, the message explains how to
 * continue.
 */
export async function record(plan: RecordPlan, ports: RecordPorts): Promise<void> {
  const opened = await (plan.resume ? resumed(plan, ports) : begun(plan, ports))
  if (opened) await run(opened, plan, ports)
}

interface Opened {
  readonly standing: CopyProgress
  readonly file: RecordingFile
}

async function begun(plan: RecordPlan, { reach: reachAt, notice, pathOf }: RecordPorts): Promise<Opened> {
  const { topic, from, to, filters, out } = plan
  const reach = await reachAt(timeIn(from))
  const atEndTime = isTime(to) ? (await reachAt(to.timeMs)).atTime : []
  const { ranges, notes } = rangesOf(plan, reach, atEndTime)
  for (const note of notes) notice(note)
  if (extentOf(ranges).total === 0)
    throw new OperationFailure(
      `${topic}: there are no records between --from and --to, so nothing was written.`,
    )
  const file = await RecordingFile.create(pathOf(out), out)
  const none = { recorded: 0, read: 0, expired: 0, oversize: 0 }
  return { file, standing: { version: 1, topic, filters: [...filters], ...none, ranges: [...ranges] } }
}

/** Resumes a recording. Returns undefined if the file is already complete. */
async function resumed(
  { out, topic }: RecordPlan,
  { reach, notice, pathOf }: RecordPorts,
): Promise<Opened | undefined> {
  const path = pathOf(out)
  const position = await loadPosition(positionOf(path), `${out}.position`)
  if (position === undefined) {
    if (!(await exists(path)))
      throw new OperationFailure(`${out}.position: there is no recording to continue.`)
    notice(`${out} is already complete.`)
    return undefined
  }
  if (topic !== position.topic)
    throw new OperationFailure(
      `${out}.part is a recording of ${position.topic}, not ${topic}: choose another file.`,
    )
  requireSameLog(position, (await reach(undefined)).bounds)
  const { bytes: _, ...standing } = position
  return { standing, file: await RecordingFile.resume(path, out, position) }
}

function requireSameLog({ topic, ranges }: RecordingPosition, bounds: readonly { end: number }[]): void {
  const lost = ranges.find(({ partition, end }) => end > (bounds[partition]?.end ?? 0))
  if (lost === undefined) return
  throw new OperationFailure(
    `${topic}/${lost.partition} ends before offset ${lost.end}, the planned end of the recording: the topic was recreated or truncated. ` +
      'The file keeps the records of the old topic: record the new topic into another file.',
  )
}

async function run(
  { standing, file }: Opened,
  plan: RecordPlan,
  { log, reader, stop, notice, watch, report }: RecordPorts,
): Promise<void> {
  const doneBefore = extentOf(standing.ranges).done
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const hideProgress = watch(() => ({ ...extentOf(standing.ranges), doneBefore }))
  const filters = standing.filters.flatMap(text => parseFilter(text) ?? [])
  let isWhole = false
  try {
    await copy(await log(), standing, filters, file, stop, reader)
    isWhole = extentOf(standing.ranges).done === extentOf(standing.ranges).total
    await (isWhole ? file.complete() : file.close())
  } catch (error) {
    await file.close().catch(() => {})
    throw explained(error, plan)
  } finally {
    hideProgress()
    report(reportOf(standing, isWhole, elapsedMs()))
  }
  if (!isWhole) notice(`Stopped. ${howToGoOn(plan)}`)
}

function reportOf(standing: CopyProgress, isWhole: boolean, elapsedMs: number): RecordReport {
  const { recorded, read, expired, oversize, ranges } = standing
  const { done, total } = extentOf(ranges)
  return {
    isWhole,
    recorded,
    filtered: read - recorded,
    withoutRecord: done - read - expired,
    expired,
    oversize,
    missing: total - done,
    elapsedMs: Math.round(elapsedMs),
  }
}

function explained(error: unknown, plan: RecordPlan): unknown {
  const isExpected = error instanceof Unavailable || error instanceof PartitionStopped
  if (!isExpected) return error
  return new OperationFailure(`${(error as Error).message}\n${howToGoOn(plan)}`, { cause: error })
}

function howToGoOn({ out }: RecordPlan): string {
  return `${out}.part can be replayed. To continue, run the same command with --resume, without --from, --to and --filter`
}

function isTime(position: From): position is { readonly timeMs: number } {
  return typeof position === 'object' && 'timeMs' in position
}

function timeIn(position: From): number | undefined {
  return isTime(position) ? position.timeMs : undefined
}
