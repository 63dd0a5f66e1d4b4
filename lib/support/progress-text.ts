/** Formats the progress of a command as one line. Pure. */
import { durationText } from './duration.ts'

export interface Progress {
  readonly done: number
  /** Total number; undefined if unknown. */
  readonly total: number | undefined
  readonly elapsedMs: number
}

const BAR = 30

/** Returns a bar and its percentage, such as `[=====>        ]  45 %`. @param part completed share, 0 to 1 */
function formatBar(part: number): string {
  const filled = Math.floor(part * BAR)
  const bar = `${'='.repeat(filled)}${filled < BAR ? '>' : ''}`.padEnd(BAR)
  return `[${bar}] ${String(Math.floor(part * 100)).padStart(3)} %`
}

/**
 * Returns a line such as `[=====>        ]  45 %  3270 of 7267 acknowledged, 5400/s, 12 s left`.
 *
 * @param what word for what is counted, such as "acknowledged"
 */
export function formatProgress({ done, total, elapsedMs }: Progress, what: string): string {
  const perMs = elapsedMs > 0 ? done / elapsedMs : 0
  const rate = `${Math.round(perMs * 1000)}/s`
  if (total === undefined) return `${done} ${what}, ${rate}`
  const part = total === 0 ? 1 : done / total
  const left = perMs > 0 && done < total ? `, ${durationText((total - done) / perMs)} left` : ''
  return `${formatBar(part)}  ${done} of ${total} ${what}, ${rate}${left}`
}
