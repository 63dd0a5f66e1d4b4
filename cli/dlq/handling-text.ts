/** Texts of a redrive or a drop of dead letters: plan, progress and result. Pure. */
import { durationText } from '../../lib/duration.ts'
import { LEFT_OUT, type LeftOutReason } from '../../lib/operations/dead-letters/decide.ts'
import type { Command } from '../../lib/operations/dead-letters/request.ts'
import type { RedriveConsumer } from '../../lib/operations/dead-letters/topics.ts'
import { barText } from '../progress-text.ts'
import { shortTopic } from '../records/view.ts'
import { harmless } from '../text-width.ts'
import type { DeadLetterLine } from './report.ts'
import { rowsText } from './text.ts'

/** JSON document that `dlq redrive --json` and `dlq drop --json` print. */
export interface HandlingReport {
  readonly env: string
  readonly command: Command
  /** True for a dry run, which changes nothing. */
  readonly dryRun: boolean
  /** Id of the operation; null in a dry run. */
  readonly operation: string | null
  /** Number of dead letters that were, or would be, redriven or dropped. */
  readonly taken: number
  /** Number of matching dead letters that were skipped, by reason. */
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
  /** Number of selected dead letters by code. */
  readonly codes: Readonly<Record<string, number>>
  readonly consumers: Readonly<Record<string, number>>
  readonly topics: Readonly<Record<string, number>>
  /** Consumers that receive the redriven records, with their current state. */
  readonly consumersNow: readonly RedriveConsumer[]
  /** Some of the dead letters that would be handled. */
  readonly sample: readonly DeadLetterLine[]
  /** Redriven records that failed again. Null in a dry run, for a drop, and if nothing was redriven. */
  readonly failedAgain: {
    /** Number of records that have failed again so far. */
    readonly count: number
    /** True if the outcomes of all redriven records are known. If false, more records may fail. */
    readonly isDecided: boolean
    /** Some of the new dead letters of these records. */
    readonly letters: readonly DeadLetterLine[]
  } | null
  /** True if the records are changed by a patch. */
  readonly patched: boolean
  /** Reason why the operation stopped before its end; null if it was completed. */
  readonly stopped: string | null
  readonly elapsedMs: number
}

const DONE = { redrive: 'Redriven', drop: 'Dropped' } as const

export function handlingText(report: HandlingReport, columns?: number): string {
  const { command, dryRun, taken, patched, elapsedMs } = report
  if (taken === 0 && Object.keys(report.leftOut).length === 0 && report.stopped === null)
    return `Nothing to ${command}: no dead letter in "${report.env}" meets these conditions.\n`
  const letters = `${taken} dead ${taken === 1 ? 'letter' : 'letters'}`
  const change = patched ? ', with the patch' : ''
  const first = dryRun
    ? `Would ${command} ${letters}${change}.`
    : `${DONE[command]}: ${letters}${change}, in ${durationText(elapsedMs)}.`
  const lines = [
    first,
    ...(taken === 0 ? [] : facts(report)),
    ...Object.entries(report.leftOut).map(
      ([reason, count]) => `Left out: ${count}, ${LEFT_OUT[reason as LeftOutReason]}`,
    ),
    ...warnings(report),
    ...aftermath(report, columns),
    ...(report.sample.length > 0 ? ['', rowsText(report.sample, report.env, columns), ''] : []),
    ...(dryRun && taken > 0 ? [`Nothing was changed. Add --yes to ${command} them.`] : []),
  ]
  return `${lines.join('\n')}\n`
}

function aftermath({ taken, failedAgain, env }: HandlingReport, columns: number | undefined): string[] {
  if (!failedAgain) return []
  const { count, isDecided, letters } = failedAgain
  const unnamed = count - letters.length
  return [
    `${taken} redriven, ${count} failed again${isDecided ? '' : ' so far'}.`,
    ...(isDecided
      ? []
      : ['The outcome of some records is not known yet. Records that fail appear in `sluice dlq list`.']),
    ...(letters.length > 0 ? ['', rowsText(letters, env, columns), ''] : []),
    ...(unnamed > 0
      ? [
          `Further records that failed again: ${unnamed}. They are retried first, or are in \`sluice dlq list\`.`,
        ]
      : []),
  ]
}

function facts({ command, topics, consumers, codes, env }: HandlingReport): string[] {
  const listed = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${harmless(shortTopic(name, env))} ${count}`)
      .join(', ')
  return [
    `  codes      ${listed(codes)}`,
    `  consumers  ${listed(consumers)}`,
    `  ${command === 'redrive' ? 'to topics' : 'topics   '}  ${listed(topics)}`,
  ]
}

function warnings({ consumersNow, env }: HandlingReport): string[] {
  return consumersNow.flatMap(({ consumer, topic, state, pending }) => {
    const where = `${consumer} on ${shortTopic(topic, env)}`
    if (state !== 'stable' && state !== 'rebalancing')
      return [`${where} is not running (its group is ${state}): redriven records wait for it in the topic.`]
    return pending > 0 ? [`${where} still has ${pending} records to process before the redriven ones.`] : []
  })
}

export interface HandlingProgress {
  readonly command: Command
  readonly taken: number
  readonly leftOut: number
  /** Completed share of the operation, 0 to 1. */
  readonly part: number
  readonly elapsedMs: number
}

/** Returns the progress as one line, such as `[=====>        ]  45 %  3270 redriven, 12 left out, 5400/s, 12 s left`. */
export function progressText({ command, taken, leftOut, part, elapsedMs }: HandlingProgress): string {
  const rate = elapsedMs > 0 ? Math.round((taken * 1000) / elapsedMs) : 0
  const left = part > 0 ? `, ${durationText((elapsedMs * (1 - part)) / part)} left` : ''
  const skipped = leftOut > 0 ? `, ${leftOut} left out` : ''
  return `${barText(part)}  ${taken} ${DONE[command].toLowerCase()}${skipped}, ${rate}/s${left}`
}
