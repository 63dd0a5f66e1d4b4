/** Texts of a redrive or a drop of dead letters: plan, progress and result. */

import type { Names } from '../../lib/app/names.ts'
import { describeResult, type HandlingResult, type Tally } from '../../lib/operations/dead-letters/result.ts'
import type { Command } from '../../lib/queries/dead-letters/redrive-decision.ts'
import { durationText } from '../../lib/support/duration.ts'
import { formatProgress } from '../output/progress-text.ts'
import { escapeText } from '../output/text-width.ts'

/** JSON document that `dlq redrive --json` and `dlq drop --json` print. */
export interface HandlingReport extends HandlingResult {
  readonly env: string
  readonly command: Command
  /** True for a dry run, which changes nothing. */
  readonly dryRun: boolean
  /** Reason why the operation stopped before its end; null if it was completed. */
  readonly stopped: string | null
  readonly elapsedMs: number
}

const DONE = { redrive: 'Redriven', drop: 'Dropped' } as const

export function formatHandling(names: Names, report: HandlingReport): string {
  const { command, dryRun, taken, leftOut, stopped, elapsedMs } = report
  if (taken === 0 && Object.keys(leftOut).length === 0 && stopped === null)
    return `Nothing to ${command}: no dead letter in "${report.env}" meets these conditions.\n`
  const letters = `${taken} dead ${taken === 1 ? 'letter' : 'letters'}`
  const lines = [
    dryRun ? `Would ${command} ${letters}.` : `${DONE[command]}: ${letters}, in ${durationText(elapsedMs)}.`,
    ...(taken === 0 ? [] : formatFacts(names, report)),
    ...describeResult(report).map(escapeText),
    ...(dryRun && taken > 0 ? [`Nothing was changed. Add --yes to ${command} them.`] : []),
  ]
  return `${lines.join('\n')}\n`
}

function formatFacts(names: Names, { command, topics, consumers, codes, env }: HandlingReport): string[] {
  const formatCounts = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${escapeText(names.signalNamed(name, env) ?? name)} ${count}`)
      .join(', ')
  return [
    `  codes      ${formatCounts(codes)}`,
    `  consumers  ${formatCounts(consumers)}`,
    `  ${command === 'redrive' ? 'to topics' : 'topics   '}  ${formatCounts(topics)}`,
  ]
}

/**
 * Returns the progress as one line, such as `[=====>        ]  45 %  3270 of 7267 redriven, 5400/s, 12 s left; 12 left out`.
 *
 * @param selected number of selected dead letters, including those that were left out
 */
export function formatHandlingProgress(
  command: Command,
  selected: number,
  { handledCount, leftOutCount }: Pick<Tally, 'handledCount' | 'leftOutCount'>,
  elapsedMs: number,
): string {
  const progress = { done: handledCount, total: selected - leftOutCount, elapsedMs }
  const line = formatProgress(progress, DONE[command].toLowerCase())
  return leftOutCount > 0 ? `${line}; ${leftOutCount} left out` : line
}
