/** Runs one recording, from the ranges of the topic to the final count. */
import type { Config } from '../../lib/app/config.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import type { From } from '../../lib/operations/log-position.ts'
import { copy, type Standing } from '../../lib/operations/record/copy.ts'
import { loadPosition, type RecordingPosition } from '../../lib/operations/record/position.ts'
import { type Bounds, extentOf, rangesOf } from '../../lib/operations/record/ranges.ts'
import { exists, positionOf, RecordingFile } from '../../lib/operations/record/recording-file.ts'
import { parseFilter } from '../../lib/queries/record-filter.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import { PartitionStopped, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { DataReader } from '../../packages/runtime/pipeline/ports.ts'
import { CommandConnections } from '../command-connections.ts'
import { CliFailure } from '../failure.ts'
import { showLine } from '../progress.ts'
import { progressText } from '../progress-text.ts'
import { pathIn, printReport, type Terminal } from '../terminal.ts'
import { reachOf } from '../topics.ts'
import { type RecordReport, recordText } from './report.ts'

export interface RecordPlan extends Bounds {
  /** Its whole name. */
  readonly topic: string
  /** As written on the command line; each one is right. */
  readonly filters: readonly string[]
  readonly out: string
  readonly resume: boolean
  readonly json: boolean
}

/** @throws CliFailure if nothing is in the range, or if it could not be recorded as a whole: then it says how to go on */
export async function record(plan: RecordPlan, config: Config, terminal: Terminal): Promise<void> {
  const connections = new CommandConnections(config)
  try {
    const opened = plan.resume
      ? await resumed(plan, connections, config, terminal)
      : await begun(plan, connections, config, terminal)
    if (opened) await run(opened, plan, connections, dataReader(config), terminal)
  } finally {
    await connections.close()
  }
}

interface Opened {
  readonly standing: Standing
  readonly file: RecordingFile
}

async function begun(
  plan: RecordPlan,
  connections: Connections,
  config: Config,
  terminal: Terminal,
): Promise<Opened> {
  const { topic, from, to, filters, out } = plan
  const reach = await reachAt(from)
  const atEndTime = isTime(to) ? (await reachAt(to)).atTime : []
  const { ranges, notes } = rangesOf(plan, reach, atEndTime)
  for (const note of notes) terminal.stderr.write(`${note}\n`)
  if (extentOf(ranges).total === 0)
    throw new CliFailure(`${topic}: there is nothing between --from and --to, so nothing was written.`)
  const file = await RecordingFile.create(pathIn(terminal, out), out)
  const none = { recorded: 0, read: 0, expired: 0, oversize: 0 }
  return { file, standing: { version: 1, topic, filters: [...filters], ...none, ranges: [...ranges] } }

  async function reachAt(position: From) {
    const found = await reachOf(connections, config, [topic], isTime(position) ? position.timeMs : undefined)
    return found.get(topic) ?? { bounds: [], atTime: [] }
  }
}

/** Undefined if the file is whole already. */
async function resumed(
  { out, topic }: RecordPlan,
  connections: Connections,
  config: Config,
  terminal: Terminal,
): Promise<Opened | undefined> {
  const path = pathIn(terminal, out)
  const position = await loadPosition(positionOf(path), `${out}.position`)
  if (position === undefined) {
    if (!(await exists(path))) throw new CliFailure(`${out}.position: there is no recording to go on with.`)
    terminal.stderr.write(`${out} is whole already.\n`)
    return undefined
  }
  if (topic !== position.topic)
    throw new CliFailure(`${out}.part holds ${position.topic}, not ${topic}: name another file.`)
  const reach = await reachOf(connections, config, [topic], undefined)
  requireSameLog(position, reach.get(topic)?.bounds ?? [])
  const { bytes: _, ...standing } = position
  return { standing, file: await RecordingFile.resume(path, out, position) }
}

function requireSameLog({ topic, ranges }: RecordingPosition, bounds: readonly { end: number }[]): void {
  const lost = ranges.find(({ partition, end }) => end > (bounds[partition]?.end ?? 0))
  if (lost === undefined) return
  throw new CliFailure(
    `${topic}/${lost.partition} ends before offset ${lost.end}, to which it was to be recorded: the topic was made anew, or cut off. ` +
      'What was recorded of it stays in the file; record the new one into another.',
  )
}

async function run(
  { standing, file }: Opened,
  plan: RecordPlan,
  connections: Connections,
  reader: DataReader,
  terminal: Terminal,
): Promise<void> {
  const doneBefore = extentOf(standing.ranges).done
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const hideProgress = showLine(terminal, () =>
    progressText({ ...extentOf(standing.ranges), doneBefore, elapsedMs: elapsedMs() }, 'offsets read'),
  )
  const filters = standing.filters.flatMap(text => parseFilter(text) ?? [])
  let isWhole = false
  try {
    await copy(await connections.log(), standing, filters, file, terminal.stop, reader)
    isWhole = extentOf(standing.ranges).done === extentOf(standing.ranges).total
    await (isWhole ? file.complete() : file.close())
  } catch (error) {
    await file.close().catch(() => {})
    throw explained(error, plan)
  } finally {
    hideProgress()
    printReport(terminal, reportOf(standing, isWhole, elapsedMs()), plan.json, recordText)
  }
  if (!isWhole) terminal.stderr.write(`Stopped. ${howToGoOn(plan)}\n`)
}

function reportOf(standing: Standing, isWhole: boolean, elapsedMs: number): RecordReport {
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
  return new CliFailure(`${(error as Error).message}\n${howToGoOn(plan)}`, 1, { cause: error })
}

function howToGoOn({ out }: RecordPlan): string {
  return `${out}.part can be replayed as it is. To go on: the same command with --resume, without --from, --to and --filter`
}

function isTime(position: From): position is { readonly timeMs: number } {
  return typeof position === 'object' && 'timeMs' in position
}
