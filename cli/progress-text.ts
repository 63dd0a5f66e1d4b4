/** How far a command has come, as one line. Pure. */
import { durationText } from '../lib/duration.ts'

export interface Progress {
  readonly done: number
  /** The part of `done` from before this command, which does not count for the rate. */
  readonly doneBefore?: number
  /** Undefined if the total is not known. */
  readonly total: number | undefined
  readonly elapsedMs: number
}

const BAR = 30

/**
 * `[=====>        ]  45 %  3270 of 7267 acknowledged, 5400/s, 12 s left`
 *
 * @param what is counted, or what happened to it, such as "acknowledged"
 */
export function progressText({ done, doneBefore = 0, total, elapsedMs }: Progress, what: string): string {
  const perMs = elapsedMs > 0 ? (done - doneBefore) / elapsedMs : 0
  const rate = `${Math.round(perMs * 1000)}/s`
  if (total === undefined) return `${done} ${what}, ${rate}`
  const part = total === 0 ? 1 : done / total
  const filled = Math.floor(part * BAR)
  const bar = `${'='.repeat(filled)}${filled < BAR ? '>' : ''}`.padEnd(BAR)
  const percent = String(Math.floor(part * 100)).padStart(3)
  const left = perMs > 0 && done < total ? `, ${durationText((total - done) / perMs)} left` : ''
  return `[${bar}] ${percent} %  ${done} of ${total} ${what}, ${rate}${left}`
}
