import type { Mapping } from '../config/mappings.ts'
import type { Settings } from '../config/settings.ts'
import { Attempts, type Outage, shouldLog } from '../report/attempts.ts'
import { isCoordinatorLoading, isUnreachable, rootMessage } from '../report/explain.ts'
import type { MappingReports, StallKind } from '../report/reports.ts'
import type { Log } from '../support/framework.ts'
import { missingTopic } from './unreachable.ts'

/**
 * Time after which a start that is not finished is explained in the log, in milliseconds. A typical start takes well under a
 * second.
 */
const EXPLAINED_AFTER_MS = 4_000
/** Attempts that may fail because the group's coordinator is loading: at least ten seconds. Later failures are reported. */
const LOADING_ATTEMPTS = 8

export interface TroubleParts {
  readonly name: string
  readonly mapping: Pick<Mapping, 'topic' | 'groupId'>
  readonly settings: Pick<Settings, 'brokers' | 'sessionTimeoutMs'>
  readonly log: Pick<Log, 'notice' | 'warning'>
  readonly reports: Pick<MappingReports, 'stalled' | 'resumed'>
  readonly outage: Outage
  readonly ending: AbortSignal
  /** @param error error of kafkajs; undefined if no request has failed yet */
  whyUnreachable(error: unknown): Promise<string | undefined>
}

/** Logs why an event source cannot read. Failures are counted until a fetch succeeds; joining the group is not sufficient. */
export class ReadingTrouble {
  readonly #parts: TroubleParts
  readonly #attempts = new Attempts()
  readonly #loading = new Attempts()
  #waiting: NodeJS.Timeout | undefined
  /** True once a log line has explained how to create the topic. */
  #isTopicTold = false

  constructor(parts: TroubleParts) {
    this.#parts = parts
  }

  get isFailing(): boolean {
    return this.#attempts.isFailing()
  }

  /**
   * Called when an attempt to read begins with a request to Kafka. If there is no response for a while, an explanation is logged.
   */
  begins(): void {
    this.#explainLater(() => this.#explainSilence())
  }

  /** Called when the group is being joined. If this takes a while, an explanation is logged. */
  joins(): void {
    this.#explainLater(() => this.#explainJoin())
  }

  settled(): void {
    clearTimeout(this.#waiting)
  }

  /** Called if the topic does not exist. Returns the number of consecutive failures. */
  noTopic(): number {
    const { mapping, settings } = this.#parts
    const { topic } = mapping
    const attempt = this.#failed(`topic ${topic} does not exist`, 'no-topic')
    if (this.#isTopicTold) this.#warn(`topic ${topic} still does not exist.`, attempt)
    // Log this at the first attempt that could list the topics, because Kafka may have been unavailable before.
    else this.#tell(missingTopic(topic, settings.brokers), attempt)
    this.#isTopicTold = true
    return attempt
  }

  /** Called when an attempt has failed. Returns the number of consecutive failures. */
  async failed(error: unknown): Promise<number> {
    const isLoading = isCoordinatorLoading(error)
    const loading = isLoading ? this.#loading.failed() : 0
    if (isLoading && loading <= LOADING_ATTEMPTS) return loading
    if (isLoading || !isUnreachable(error)) {
      const what = `not reading: ${rootMessage(error)}.`
      const attempt = this.#failed(what, 'error')
      this.#warn(what, attempt)
      return attempt
    }
    const attempt = this.#failed(`not reading: ${rootMessage(error)}`, 'unreachable')
    if (shouldLog(attempt) && this.#parts.outage.isNews(attempt)) await this.#warnOfOutage(error, attempt)
    return attempt
  }

  fetched(): void {
    const { name, log, reports, outage } = this.#parts
    const failures = this.#attempts.succeeded()
    this.#loading.succeeded()
    this.#isTopicTold = false
    if (failures === 0) return
    outage.over()
    log.notice(`${name}  reads again after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}`)
    reports.resumed('reading')
  }

  #failed(reason: string, kind: StallKind): number {
    const attempt = this.#attempts.failed()
    if (!this.#parts.ending.aborted)
      this.#parts.reports.stalled({ obstacle: 'reading', kind, reason, attempt })
    return attempt
  }

  #warn(what: string, attempt: number): void {
    if (shouldLog(attempt)) this.#tell(what, attempt)
  }

  #tell(what: string, attempt: number): void {
    const { name, log, ending } = this.#parts
    if (!ending.aborted) log.warning(`${name}  ${what} Retrying (attempt ${attempt})`)
  }

  async #warnOfOutage(error: unknown, attempt: number): Promise<void> {
    const { log, ending, whyUnreachable } = this.#parts
    if (ending.aborted) return
    const why = await whyUnreachable(error)
    if (!ending.aborted) log.warning(`msk  ${why}. Retrying (attempt ${attempt})`)
  }

  #explainLater(explain: () => void): void {
    clearTimeout(this.#waiting)
    if (!this.isFailing) this.#waiting = setTimeout(explain, EXPLAINED_AFTER_MS).unref()
  }

  /** Logs an explanation of the missing response. The server may have sent a response that kafkajs cannot read. */
  async #explainSilence(): Promise<void> {
    const { log, ending, outage, whyUnreachable } = this.#parts
    const why = await whyUnreachable(undefined)
    if (why !== undefined && !ending.aborted && !this.isFailing && outage.isNews(0))
      log.warning(`msk  ${why}`)
  }

  #explainJoin(): void {
    const { name, mapping, settings, log, ending } = this.#parts
    if (ending.aborted) return
    log.notice(
      `${name}  still joining group ${mapping.groupId}: Kafka waits for a member that was killed, up to ` +
        `${settings.sessionTimeoutMs / 1000} s`,
    )
  }
}
