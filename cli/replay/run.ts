/** Publishes the records of a replay at the requested speed, and reports the progress. */
import { setTimeout as sleep } from 'node:timers/promises'
import { durationText } from '../../lib/duration.ts'
import { OperationFailure, operationFailure } from '../../lib/operations/failure.ts'
import { pacer } from '../../lib/operations/replay/pace.ts'
import {
  type Departure,
  publishAll,
  type ReplayCounts,
  requests,
} from '../../lib/operations/replay/publish.ts'
import { RefusedByKafka } from '../../packages/runtime/adapters/kafka/errors.ts'
import { RecordRefused, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { Publisher } from '../../packages/runtime/pipeline/ports.ts'
import { CliFailure } from '../failure.ts'
import { showLine } from '../progress.ts'
import { progressText } from '../progress-text.ts'
import { printReport, type Terminal } from '../terminal.ts'
import type { Invalid } from './opened.ts'
import type { ReplayPlan } from './plan.ts'
import type { PositionKeeper, ReplayPosition } from './position.ts'

/** Position file of a replay, and its current content. */
export interface Keeping {
  readonly position: ReplayPosition
  /** True if the position file was written by an earlier run of the replay. */
  readonly isResumed: boolean
  readonly keeper: PositionKeeper
}

interface Run {
  readonly plan: ReplayPlan
  readonly terminal: Terminal
  readonly total: number | undefined
  /** Options with which another command publishes the same shifted events. */
  readonly shifted: string
  readonly shiftMs: number | undefined
  readonly futureToleranceMs: number
  readonly keeping: Keeping | undefined
  readonly invalid: Invalid
}

/**
 * Publishes the records.
 *
 * @throws CliFailure if not all records were acknowledged
 */
export async function publishPaced(
  departures: AsyncIterable<readonly Departure[]>,
  publisher: Publisher,
  run: Run,
): Promise<void> {
  const { plan, terminal, total, futureToleranceMs, keeping } = run
  const counts: ReplayCounts = { attempted: 0, acknowledged: 0, nextLine: plan.fromLine, ahead: 0 }
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const wait = (ms: number) => sleep(ms, undefined, { signal: terminal.stop })
  const hideProgress = showLine(terminal, () =>
    progressText({ done: counts.acknowledged, total, elapsedMs: elapsedMs() }, 'acknowledged'),
  )
  const doneBefore = keeping?.position.done ?? 0
  const standing = (isComplete: boolean): ReplayPosition =>
    Object.assign(keeping?.position ?? ({} as ReplayPosition), {
      done: doneBefore + counts.acknowledged,
      isComplete,
    })
  try {
    // Write the file before anything is published, so that nothing is published if the file cannot be written.
    await keeping?.keeper.save(standing(false))
    const due = requests(departures, pacer(plan.speed), { elapsedMs, wait })
    const onAcknowledged = async () => keeping?.keeper.note(standing(false))
    await publishAll(due, publisher, counts, { futureToleranceMs, nowMs: Date.now, onAcknowledged })
    await keeping?.keeper.save(standing(true))
  } catch (error) {
    if (counts.acknowledged > 0) await keeping?.keeper.save(standing(false))
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
  /** Line, or record number, at which to continue; null if all items are acknowledged. */
  readonly nextLine: number | null
  readonly shiftMs: number | null
  /** Number of events that consumers reject because they were sent too long before their event time. */
  readonly ahead: number
  /** Number of lines that could not be read and were skipped. */
  readonly invalid: number
}

function replayReport(
  counts: ReplayCounts,
  { total, shiftMs, invalid }: Run,
  elapsedMs: number,
): ReplayReport {
  const { acknowledged, attempted, nextLine, ahead } = counts
  const notAcknowledged = (total ?? attempted) - acknowledged
  return {
    acknowledged,
    notAcknowledged,
    elapsedMs: Math.round(elapsedMs),
    nextLine: notAcknowledged > 0 ? nextLine : null,
    shiftMs: shiftMs ?? null,
    ahead,
    invalid: invalid.count,
  }
}

function replayText({ acknowledged, notAcknowledged, elapsedMs, invalid }: ReplayReport): string {
  const left = invalid > 0 ? `${invalid} lines could not be read and were skipped\n` : ''
  return `${acknowledged} acknowledged, ${notAcknowledged} not acknowledged, in ${durationText(elapsedMs)}\n${left}`
}

function interrupted(error: unknown, counts: ReplayCounts, run: Run): unknown {
  const { terminal } = run
  const next = howToGoOn(counts, run)
  if (terminal.stop.aborted) {
    terminal.stderr.write(`Stopped. ${next}\n`)
    return error
  }
  const failure = operationFailure(error)
  const isExpected = [Unavailable, RecordRefused, RefusedByKafka, OperationFailure].some(
    kind => failure instanceof kind,
  )
  return isExpected ? new CliFailure(`${(error as Error).message}\n${next}`, 1, { cause: error }) : error
}

/**
 * Returns instructions for continuing the replay. A line number is sufficient only for a single file without repetition, and
 * without a limit that includes earlier lines.
 */
function howToGoOn({ nextLine, acknowledged }: ReplayCounts, { plan, shifted, keeping }: Run): string {
  if (keeping) return `To continue, run the same command again: ${plan.resume} has the position.`
  const { files, loop, skip } = plan
  const isSimple = files.length === 1 && loop === 1 && skip === 0
  const isAll = plan.limit === Number.POSITIVE_INFINITY && plan.forMs === Number.POSITIVE_INFINITY
  if (isSimple && isAll) return `To continue, add --from-line ${nextLine}${shifted}`
  return `To continue, add --skip ${skip + acknowledged}${shifted}`
}

function aheadWarning({ ahead }: ReplayCounts, toleranceMs: number): string {
  const limit = durationText(toleranceMs)
  return `${ahead} events were sent more than ${limit} before their time: consumers reject them (time-in-future).`
}
