import type { Mapping } from '../config/mappings.ts'
import type { Settings } from '../config/settings.ts'
import { Attempts, type Outage, shouldLog } from '../report/attempts.ts'
import { isCoordinatorLoading, isUnreachable, rootMessage } from '../report/explain-error.ts'
import type { MappingReports, StallKind } from '../report/reports.ts'
import type { Log } from '../support/serverless.ts'

/** Attempts that may fail because the group's coordinator is loading: at least ten seconds. Later failures are reported. */
const LOADING_ATTEMPTS = 8

export interface ReadingOutageParts {
  readonly name: string
  readonly mapping: Pick<Mapping, 'topic' | 'groupId'>
  readonly settings: Pick<Settings, 'brokers'>
  readonly log: Pick<Log, 'notice' | 'warning'>
  readonly reports: Pick<MappingReports, 'reportStall' | 'reportResume'>
  readonly outage: Outage
  readonly ending: AbortSignal
}

/** Logs why an event source cannot read. Failures are counted until a fetch succeeds; joining the group is not sufficient. */
export class ReadingOutage {
  readonly #parts: ReadingOutageParts
  readonly #attempts = new Attempts()
  readonly #loading = new Attempts()
  /** Kind of the last failure. */
  #kind: StallKind | undefined
  /** True once a log line has explained how to create the topic. */
  #isTopicTold = false

  constructor(parts: ReadingOutageParts) {
    this.#parts = parts
  }

  get isFailing(): boolean {
    return this.#attempts.isFailing()
  }

  /** True if only another application can end the failures: one that creates the topic, or that leaves the group. */
  get waitsForOthers(): boolean {
    return this.isFailing && (this.#kind === 'no-topic' || this.#kind === 'group-taken')
  }

  /** Called if the topic does not exist. Returns the number of consecutive failures. */
  handleMissingTopic(): number {
    const { mapping, settings } = this.#parts
    const { topic } = mapping
    const attempt = this.#countFailure(`topic ${topic} does not exist`, 'no-topic')
    if (this.#isTopicTold) this.#warn(`topic ${topic} still does not exist.`, attempt)
    // Log this at the first attempt that could list the topics, because Kafka may have been unavailable before.
    else this.#tell(describeMissingTopic(topic, settings.brokers), attempt)
    this.#isTopicTold = true
    return attempt
  }

  /**
   * Called if another application is in the consumer group. Returns the number of consecutive failures.
   *
   * @param clients client ids of its members; empty if Kafka does not list them
   */
  handleTakenGroup(clients: readonly string[]): number {
    const { groupId } = this.#parts.mapping
    const members = clients.length > 0 ? ` (client ids: ${clients.join(', ')})` : ''
    const what = `the consumer group ${groupId} is used by another application${members}`
    const attempt = this.#countFailure(what, 'group-taken')
    this.#warn(`not reading: ${what}. Stop it, or give it or the function another group.`, attempt)
    return attempt
  }

  /** Called when an attempt has failed. Returns the number of consecutive failures. */
  handleFailure(error: unknown): number {
    const isLoading = isCoordinatorLoading(error)
    const loading = isLoading ? this.#loading.addFailure() : 0
    if (isLoading && loading <= LOADING_ATTEMPTS) return loading
    if (isLoading || !isUnreachable(error)) {
      const what = `not reading: ${rootMessage(error)}.`
      const attempt = this.#countFailure(what, 'error')
      this.#warn(what, attempt)
      return attempt
    }
    const { settings, log, outage, ending } = this.#parts
    const attempt = this.#countFailure(`not reading: ${rootMessage(error)}`, 'unreachable')
    if (shouldLog(attempt) && outage.isNews(attempt) && !ending.aborted)
      log.warning(
        `msk  Kafka does not answer at ${settings.brokers}: ${rootMessage(error)}. Retrying (attempt ${attempt})`,
      )
    return attempt
  }

  handleSuccess(): void {
    const { name, log, reports, outage } = this.#parts
    const failures = this.#attempts.clearFailures()
    this.#loading.clearFailures()
    this.#isTopicTold = false
    if (failures === 0) return
    outage.end()
    log.notice(`${name}  reads again after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}`)
    reports.reportResume('reading')
  }

  #countFailure(reason: string, kind: StallKind): number {
    const attempt = this.#attempts.addFailure()
    this.#kind = kind
    if (!this.#parts.ending.aborted)
      this.#parts.reports.reportStall({ obstacle: 'reading', kind, reason, attempt })
    return attempt
  }

  #warn(what: string, attempt: number): void {
    if (shouldLog(attempt)) this.#tell(what, attempt)
  }

  #tell(what: string, attempt: number): void {
    const { name, log, ending } = this.#parts
    if (!ending.aborted) log.warning(`${name}  ${what} Retrying (attempt ${attempt})`)
  }
}

/** Returns the advice for a topic that does not exist. */
function describeMissingTopic(topic: string, brokers: readonly string[]): string {
  return (
    `topic ${topic} does not exist: create topic ${topic}, for example with kafka-topics.sh --bootstrap-server ` +
    `${brokers[0]} --create --topic ${topic}.`
  )
}
