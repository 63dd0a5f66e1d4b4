/** Formats the progress of reading a log again. Pure. */
import { durationText } from '../../lib/support/duration.ts'

export interface Progress {
  readonly decided: number
  /** Number of records to process, as of the start of the command. The number grows while the live consumer continues. */
  readonly total: number
  readonly switched: number
  readonly partitions: number
  readonly beganMs: number
}

/** Returns the progress, such as `81240 of 960000 records, 40620/s, 22 s left; 3 of 12 partitions switched`. */
export function formatProgress(
  { decided, total, switched, partitions, beganMs }: Progress,
  nowMs: number,
  isTrial: boolean,
): string {
  const rate = nowMs > beganMs ? (decided * 1_000) / (nowMs - beganMs) : 0
  const left = rate > 0 ? `, ${durationText((Math.max(0, total - decided) / rate) * 1_000)} left` : ''
  const outcome = isTrial ? 'computed' : 'switched'
  return `${decided} of ${Math.max(total, decided)} records, ${Math.round(rate)}/s${left}; ${switched} of ${partitions} partitions ${outcome}`
}
