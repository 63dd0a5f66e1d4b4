/** Formats the result of a back-test as text. */
import { count } from '../../lib/count.ts'
import { durationText } from '../../lib/duration.ts'
import type { Backtest } from '../../lib/operations/backtest/backtest.ts'
import type { ComparedAlert, FiringTime } from '../../lib/operations/backtest/compare.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'

/** Maximum number of rows. The output of `--json` contains all alerts. */
const SHOWN = 200
/** Delay after which the start of the readings counts as a missing beginning, in milliseconds. */
const LATE_MS = 10 * 60_000

/**
 * Formats a back-test.
 *
 * @param compared `fired` if the other side is what fired, or the name of the other rules; undefined if there is no other side
 */
export function backtestText(result: Backtest, compared: string | undefined, columns?: number): string {
  const { alerts } = result
  const rows = alerts.slice(0, SHOWN).map(one => rowOf(one, compared !== undefined))
  const rest = alerts.length > SHOWN ? `and ${alerts.length - SHOWN} more: --json has all` : ''
  const table = alerts.length > 0 ? tableText(columnsOf(compared), rows, columns) : 'No alerts.'
  const parts = [summaryOf(result), table, rest, countsOf(result, compared), ...notesOf(result)]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function columnsOf(compared: string | undefined): readonly Column[] {
  const own: readonly Column[] = [
    { heading: 'RULE', least: 10 },
    { heading: 'ENTITY', least: 12, cut: 'start' },
    { heading: 'WOULD FIRE' },
    { heading: 'FOR', align: 'right' },
  ]
  if (compared === undefined) return own
  const others: readonly Column[] = [
    { heading: compared === 'fired' ? 'FIRED' : 'OTHERS FIRE' },
    { heading: 'FOR', align: 'right', leaveOut: 1 },
  ]
  return [...own, ...others, { heading: 'DIFFERENCE' }]
}

function rowOf(alert: ComparedAlert, isCompared: boolean): readonly string[] {
  const own = [harmless(alert.rule), harmless(alert.entity), ...timesOf(alert.tried)]
  return isCompared ? [...own, ...timesOf(alert.other), differenceOf(alert)] : own
}

function timesOf(time: FiringTime | null): readonly [start: string, length: string] {
  if (!time) return ['-', '-']
  const { fromMs, toMs } = time
  return [instantText(fromMs), toMs === null ? 'still firing' : durationText(toMs - fromMs)]
}

function instantText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

function differenceOf({ tried, other, differences, isAtEdge }: ComparedAlert): string {
  const edge = isAtEdge ? ', began before the readings' : ''
  if (!tried || !other) return `${tried ? 'only these rules' : 'not with these rules'}${edge}`
  return `${differences.join(', ') || 'none'}${edge}`
}

function summaryOf({ sinceMs, untilMs, readings, duplicates, failed }: Backtest): string {
  const [repeated, refused] = [
    duplicates > 0 ? `, ${count(duplicates, 'duplicate')} left out` : '',
    failed > 0 ? `, ${count(failed, 'record')} rejected` : '',
  ]
  return `${count(readings, 'reading')}${repeated}${refused}, ${instantText(sinceMs)} to ${instantText(untilMs)}.`
}

function countsOf(
  { counts: { both, onlyTried, onlyOther } }: Backtest,
  compared: string | undefined,
): string {
  if (compared === undefined) return `${count(onlyTried, 'alert')} would fire.`
  const other = compared === 'fired' ? 'fired' : `of ${compared}`
  return `Alerts: ${both} in both, ${onlyTried} only with these rules, ${onlyOther} only ${other}.`
}

function notesOf({ missing, untried, warmFromMs, beginsMs, sinceMs, alerts }: Backtest): readonly string[] {
  const isLate = beginsMs !== null && beginsMs > warmFromMs + LATE_MS
  const edges = alerts.filter(({ isAtEdge }) => isAtEdge).length
  return [
    untried.length > 0
      ? `Not tried, because they evaluate more than readings of one entity: ${untried.map(harmless).join(', ')}.`
      : '',
    isLate
      ? `The readings begin at ${instantText(beginsMs)}. The state before is unknown, so rules with a duration may fire late at first.`
      : warmFromMs < sinceMs
        ? `Readings since ${instantText(warmFromMs)} were evaluated for the state at the start. The state before is unknown.`
        : 'The state before the first reading is unknown.',
    edges > 0
      ? `${count(edges, 'alert')} began before these readings, so that the start and the end can differ.`
      : '',
    ...missing.map(
      ({ topic, partition, fromOffset, toOffset }) =>
        `Missing in the history and in the log: offsets ${fromOffset} to ${toOffset} of ${topic}/${partition}.`,
    ),
  ]
}
