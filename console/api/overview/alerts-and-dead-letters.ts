/** Recently fired or resolved alerts, and the number of open dead letters. */

import type { Bounds } from '#runtime/adapters/kafka/topic-offsets.ts'
import { type AlertLife, readAlertLives } from '../../../lib/queries/alerts/alert-lives.ts'
import { readDeadLettersNow } from '../../../lib/questions/dead-letters.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'
import { byText } from '../../../lib/tables/table.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

/** Maximum number of alerts shown. */
const SHOWN = 8
/** Maximum number of newest records read per partition. */
const MAX_RECORDS = 200

/** Alert with the time at which its latest event was written to the topic, RFC 3339. */
export interface RecentAlert extends AlertSummary {
  readonly changedAt: string
}

export class RecentAlerts {
  readonly #environment: ConsoleEnvironment
  #ends = ''
  #alerts: readonly RecentAlert[] = []

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
  }

  /**
   * Returns recent alerts, the last changed first. The topic is read only if records have been added since the last call.
   *
   * @param bounds current offsets of the topic; undefined if unknown or if the topic does not exist
   * @throws the errors of `readRecords`
   */
  async newest(bounds: readonly Bounds[] = []): Promise<readonly RecentAlert[]> {
    if (bounds.length === 0 || formatEnds(bounds) === this.#ends) return this.#alerts
    const topic = this.#environment.topic('alerts')
    const ranges = bounds.map(({ start, end }, partition) => {
      return { topic, partition, start: Math.max(start, end - MAX_RECORDS), end }
    })
    const lives = await readAlertLives(
      this.#environment.config.families,
      await this.#environment.log(),
      ranges,
    )
    this.#alerts = selectRecent([...lives.values()])
    this.#ends = formatEnds(bounds)
    return this.#alerts
  }
}

/** Returns the alerts that changed last. The event time would put alerts about old readings behind all others. Pure. */
export function selectRecent(lives: readonly AlertLife[]): readonly RecentAlert[] {
  return lives
    .map(({ transitions, ...alert }) => ({ ...alert, changedAt: transitions.at(-1)?.writtenAt ?? '' }))
    .sort((a, b) => byText(b.changedAt, a.changedAt))
    .slice(0, SHOWN)
}

function formatEnds(bounds: readonly Bounds[]): string {
  return bounds.map(({ end }) => end).join()
}

/** Limits of one count, whose answer is unknown until all records have been read. Counting in a large topic takes several calls. */
const COUNT_LIMITS = { mostRecords: Number.POSITIVE_INFINITY, withinMs: 500 }

/** Returns the number of open dead letters; null until the whole topic has been read. @throws the errors of `readRecords` */
export async function countOpenDeadLetters(environment: ConsoleEnvironment): Promise<number | null> {
  const { rows, left, pending } = await readDeadLettersNow(environment, true, COUNT_LIMITS)
  return pending === 0 ? rows.filter(({ handled }) => !handled).length + left : null
}
