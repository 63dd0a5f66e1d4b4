/** Runs one recording, from the ranges of the topic to the final count. */

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
  /** Whole name of the topic. */
  readonly topic: string
  /** Filters as written on the command line; each is valid. */
  readonly filters: readonly string[]
  readonly out: string
  readonly resume: boolean
}

export interface RecordReport {
  readonly isWhole: boolean
  /** Lines in the file. */
  readonly recorded: number
  /** Records that did not fit the filters. */
  readonly filtered: number
  /** Offsets that hold no record: markers of transactions, records of aborted ones, and what compaction has taken. */
  readonly withoutRecord: number
  /** Offsets that expired before they could be read. */
  readonly expired: number
  /** Lines without their value, because no reader gets a record of that size. */
  readonly oversize: number
  /** Offsets of the range that are not recorded yet. */
  readonly missing: number
  readonly elapsedMs: number
}

/** How far a recording has come, in offsets. */
interface RecordProgress {
  readonly done: number
  readonly total: number
  /** Done by an earlier command. */
  readonly doneBefore: number
}

export interface RecordPorts {
  readonly log: () => Promise<LogReader>
  /** The bounds of the topic; with a time, also the offsets of that time. */
  readonly reach: (timeMs: number | undefined) => Promise<TopicReach>
  readonly reader: DataReader
  /** Finds the file by the name that it was given by. */
  readonly pathOf: (file: string) => string
  readonly stop: AbortSignal
  /** Receives what is noticed, a sentence each. */
  readonly notice: (text: string) => void
  /** Shows the progress, again and again, until the returned function is called. */
  readonly watch: (progress: () => RecordProgress) => () => void
  /** Receives the final count, also of a recording that fails. */
  readonly report: (report: RecordReport) => void
}

/**
 * @throws OperationFailure if nothing is in the range, or if it could not be recorded as a whole: then it says how to continue
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
    throw new OperationFailure(`${topic}: there is nothing between --from and --to, so nothing was written.`)
  const file = await RecordingFile.create(pathOf(out), out)
  const none = { recorded: 0, read: 0, expired: 0, oversize: 0 }
  return { file, standing: { version: 1, topic, filters: [...filters], ...none, ranges: [...ranges] } }
}

/** Undefined if the file is whole already. */
async function resumed(
  { out, topic }: RecordPlan,
  { reach, notice, pathOf }: RecordPorts,
): Promise<Opened | undefined> {
  const path = pathOf(out)
  const position = await loadPosition(positionOf(path), `${out}.position`)
  if (position === undefined) {
    if (!(await exists(path)))
      throw new OperationFailure(`${out}.position: there is no recording to continue.`)
    notice(`${out} is whole already.`)
    return undefined
  }
  if (topic !== position.topic)
    throw new OperationFailure(`${out}.part holds ${position.topic}, not ${topic}: name another file.`)
  requireSameLog(position, (await reach(undefined)).bounds)
  const { bytes: _, ...standing } = position
  return { standing, file: await RecordingFile.resume(path, out, position) }
}

function requireSameLog({ topic, ranges }: RecordingPosition, bounds: readonly { end: number }[]): void {
  const lost = ranges.find(({ partition, end }) => end > (bounds[partition]?.end ?? 0))
  if (lost === undefined) return
  throw new OperationFailure(
    `${topic}/${lost.partition} ends before offset ${lost.end}, to which it was to be recorded: the topic was made anew, or cut off. ` +
      'Its records of the other topic stay in the file: record the new topic into another file.',
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
  return `${out}.part can be replayed as it is. To continue: the same command with --resume, without --from, --to and --filter`
}

function isTime(position: From): position is { readonly timeMs: number } {
  return typeof position === 'object' && 'timeMs' in position
}

function timeIn(position: From): number | undefined {
  return isTime(position) ? position.timeMs : undefined
}
