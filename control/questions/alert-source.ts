/** Source of alerts for questions. An answer of a page reads a limited number of records; a command has no limit. */

import type { LogRecord } from '#runtime/cloudevents'
import { PlainLog, plainRecords, Unavailable } from '#runtime/pipeline'
import { openStoredSilences } from '../../lib/clock/stored-silences.ts'
import { type Range, searchRecords, toRanges } from '../../lib/log/read-records.ts'
import { readTopicReach } from '../../lib/log/topic-bounds.ts'
import { NOTIFIER } from '../../lib/notification/firing-alerts.ts'
import { getPhase, isSilenced, type Silence } from '../../lib/notification/silences.ts'
import {
  type AlertLife,
  type AlertPredicate,
  collectLives,
  readAlertLives,
} from '../queries/alerts/alert-lives.ts'
import { selectNewest } from '../queries/records/newest-ranges.ts'
import { type AlertSummary, toFacts } from '../tables/alert-summary.ts'
import { type FiringNow, firingNow } from '../tables/firing-alerts.ts'
import { type Environment, Kept } from './environment.ts'
import { countUnapplied } from './lag.ts'
import { createSignal, type Limits } from './question.ts'

type Bounds = Pick<Limits, 'mostRecords' | 'withinMs' | 'stop'>

interface Options {
  /** Restricts the query to events that contain this text, such as an alert id. */
  readonly holding?: string
}

/** Returns the alerts in the view of firing alerts, in the order in which they fired. @throws Unavailable if Redis does not respond */
export async function readFiringAlerts(environment: Environment): Promise<FiringNow[]> {
  const topic = await environment.topicSize('alerts')
  return firingNow(environment.config.families, await environment.inspection(), topic)
}

export class AlertSource {
  /** Number of older records that were not read because of the limit. */
  leftOut = 0
  /** True if the time limit was reached before all records were read. */
  isCut = false
  readonly #environment: Environment
  readonly #limits: Bounds
  readonly #holding: string | undefined

  constructor(environment: Environment, limits: Bounds, { holding }: Options = {}) {
    this.#environment = environment
    this.#limits = limits
    this.#holding = holding
  }

  get topic() {
    const { names, env } = this.#environment.config
    return names.topicSize('alerts', env)
  }

  /** Returns how many records of the topic the view has not processed yet; null if unknown. */
  behind(): Promise<number | null> {
    return countUnapplied(this.#environment, NOTIFIER, 'alerts')
  }

  /**
   * Returns the histories of alerts in the topic. Without a condition, the topic is read only if records have been added since.
   *
   * @param fromMs earliest time at which records were written; undefined for all retained records
   */
  async lives(
    fromMs: number | undefined,
    isWanted?: AlertPredicate,
    isIn: (range: Range) => boolean = () => true,
  ): Promise<AlertLife[]> {
    const { topic } = this.topic
    const reach = await readTopicReach(await this.#environment.offsets(), topic, fromMs)
    const { ranges, leftOut } = selectNewest(toRanges(topic, reach).filter(isIn), this.#limits.mostRecords)
    this.leftOut = leftOut
    const signal = createSignal(this.#limits)
    if (this.#holding !== undefined) return this.#searchLives(ranges, this.#holding, signal, isWanted)
    const kept = await this.#environment.keep(KEPT_LIVES, async () => ({ ranges: [], lives: [] }))
    if (isWanted || !isKept(kept, ranges)) {
      const log = new PlainLog(await this.#environment.log(), this.#environment.reader)
      const { families } = this.#environment.config
      const found = await readAlertLives(families, log, ranges, { signal, ...(isWanted && { isWanted }) })
      this.isCut = signal.aborted
      if (isWanted || this.isCut) return [...found.values()]
      Object.assign(kept, { ranges, lives: [...found.values()] } satisfies KeptLives)
    }
    return kept.lives.filter(({ changedAt }) => fromMs === undefined || Date.parse(changedAt) >= fromMs)
  }

  /** Returns the active silences. */
  async silences(): Promise<readonly Silence[]> {
    const { connections, config } = this.#environment
    const set = await (await openStoredSilences(connections, config.env)).read()
    const nowMs = Date.now()
    return (set?.silences ?? []).filter(silence => getPhase(silence, nowMs) === 'active')
  }

  async #searchLives(
    ranges: readonly Range[],
    text: string,
    signal: AbortSignal,
    isWanted: AlertPredicate | undefined,
  ): Promise<AlertLife[]> {
    const records: LogRecord[] = []
    try {
      await searchRecords(await this.#environment.log(), ranges, text, record => records.push(record), signal)
    } catch (error) {
      if (!signal.aborted) throw error
      throw new Unavailable(
        'broker-unavailable',
        'The alerts topic could not be searched in time. Use `sluice alerts show`, which has no time limit.',
      )
    }
    const { reader, config } = this.#environment
    return [...collectLives(config.families, await plainRecords(records, reader), isWanted).values()]
  }
}

/** Histories of the alerts in ranges of the topic, which environments keep. */
interface KeptLives {
  readonly ranges: readonly Range[]
  readonly lives: readonly AlertLife[]
}

const KEPT_LIVES = new Kept<KeptLives>()

/** Returns whether the kept histories include those of ranges up to the current end of the topic. Pure. */
function isKept({ ranges: kept }: KeptLives, ranges: readonly Range[]): boolean {
  return ranges.every(({ partition, start, end }) =>
    kept.some(range => range.partition === partition && range.start <= start && range.end === end),
  )
}

/** Returns the ids of the silences that match an alert. Pure. */
export function findSilenceIds(silences: readonly Silence[], alert: AlertSummary): string[] {
  return silences.filter(({ match }) => isSilenced(match, toFacts(alert))).map(({ id }) => id)
}
