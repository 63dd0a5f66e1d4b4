import {
  type CauseFacts,
  endlessInvocation,
  endlessRun,
  failedRun,
  noProgress,
  reportedCause,
  reportedFailures,
  serverAway,
} from '../../lib/diagnosis/stalls/causes.ts'
import type {
  BusyConsumer,
  ConsumerCondition,
  RunningInvocation,
} from '../../lib/diagnosis/stalls/condition.ts'
import { FunctionLog, isExplanation, type LoggedLine } from '../../lib/diagnosis/stalls/function-log.ts'
import { ProgressWatch, QUIET_MS, type WatchedLag } from '../../lib/diagnosis/stalls/progress-watch.ts'
import {
  type Cause,
  firstLine,
  type OpenStall,
  type StalledPart,
  Stalls,
} from '../../lib/diagnosis/stalls/stalls.ts'
import { listOf, recordsOf } from '../../lib/diagnosis/stalls/words.ts'
import type { Report } from '../../packages/msk-trigger/report/reports.ts'
import type { Drain } from './drain.ts'
import type { LogLine } from './lines.ts'

/**
 * Maximum time between the report of a failure and the log line with its reason, in milliseconds. A later reason belongs to another
 * attempt.
 */
const SAME_ATTEMPT_MS = 2_000
/** Age of a stall up to which the drain waits for its end, in milliseconds. */
const OLD_MS = 10_000
/** Interval between two samples of the lags. */
export const LOOK_EVERY_MS = 1_000
/**
 * Maximum time between the timeout of a function and the end of its invocation, in milliseconds. Loading the handler does not count
 * towards the timeout.
 */
const TIMEOUT_MARGIN_MS = 60_000

type Of<Kind extends Report['report']> = Extract<Report, { report: Kind }>

/** Function that reads a topic. */
interface Consumer {
  /** Timeout of the function, once its mapping has reported it. */
  timeoutMs?: number
  /** Start of each long invocation, by partition. */
  readonly invocations: Map<number, number>
  condition?: ConsumerCondition
}

/**
 * Health of the functions, according to reports of the trigger, the functions' logs and Kafka. Shows each problem to the user once,
 * and lists unresolved problems at the end. Time is passed as an argument.
 */
export class Health {
  readonly #known: CauseFacts
  readonly #stalls = new Stalls()
  readonly #log = new FunctionLog()
  /** Scheduled functions whose last run failed, with the reasons. */
  readonly #failedRuns = new Map<string, string>()
  readonly #progress = new ProgressWatch({ lookEveryMs: LOOK_EVERY_MS, quietMs: QUIET_MS })
  /** Consumers by function and topic. */
  readonly #consumers = new Map<string, Consumer>()
  #lags: readonly WatchedLag[] = []
  #lines: string[] = []

  constructor(known: Pick<CauseFacts, 'brokers'>) {
    this.#known = known
  }

  /** Handles a report of the trigger. */
  reported(report: Report, nowMs: number): void {
    switch (report.report) {
      case 'mapped':
        this.#mapped(report, nowMs)
        break
      case 'stalled':
        this.#stalled(report, nowMs)
        break
      case 'resumed':
        this.#resumed(report, nowMs)
        break
      case 'running':
        for (const partition of Object.keys(report.offsets))
          this.#consumer(report).invocations.set(Number(partition), nowMs - report.forMs)
        break
      case 'returned':
        for (const partition of report.partitions) this.#consumer(report).invocations.delete(partition)
        break
      case 'discarded':
        this.#discarded(report, nowMs)
        break
      case 'ended':
        this.#lost(report.function, firstLine(report.reason), '', nowMs)
        break
    }
  }

  /** Handles a line of the functions' log. */
  logged(line: LogLine, nowMs: number): void {
    if (line.is === 'run') {
      this.ran(line.function, line.error, nowMs)
      return
    }
    if (isExplanation(line)) {
      this.#explained(line, nowMs)
      return
    }
    const shown = this.#log.add(line, this.#stalls.isOpen(line.service), nowMs)
    if (shown !== undefined) this.#lines.push(shown)
  }

  /** Handles the end of a scheduled run. @param error undefined if the run succeeded */
  ran(name: string, error: string | undefined, nowMs: number): void {
    if (error === undefined) {
      this.#failedRuns.delete(name)
      this.#resume(place => place.function === name && place.obstacle === RUN, nowMs)
      return
    }
    const cause = failedRun(error)
    this.#failedRuns.set(name, firstLine(cause.reason))
    this.#begin({ function: name, obstacle: RUN }, cause, nowMs)
  }

  /** Handles a scheduled run that is still running after the timeout of its function. */
  runs(name: string, timeoutMs: number, nowMs: number): void {
    this.#begin({ function: name, obstacle: RUN }, endlessRun(name, timeoutMs), nowMs)
  }

  /** Handles an outage of a server that `npm start` itself uses. */
  away(server: 'Kafka' | 'Redis', message: string, nowMs: number): void {
    // Progress cannot be observed during the outage.
    this.#progress.forget()
    this.#begin(
      { function: undefined, obstacle: server },
      serverAway(server, message, this.#known.brokers),
      nowMs,
    )
  }

  answers(server: 'Kafka' | 'Redis', nowMs: number): void {
    // A failed run is not repeated, but the next run can succeed. Therefore the outage is considered over without waiting for that
    // run.
    const waitsForIt = (place: StalledPart, cause: Cause) =>
      place.function === undefined
        ? place.obstacle === server
        : place.obstacle === RUN && cause.server === server
    this.#resume(waitsForIt, nowMs)
  }

  /** Handles the lags of the consumers. */
  lagging(lags: readonly WatchedLag[], nowMs: number): void {
    this.#lags = lags
    for (const lag of lags) {
      const { function: name, topic, partitions } = lag
      for (const { partition, next } of partitions) this.#log.passed(name, topic, partition, next)
      const isPast = (place: StalledPart) =>
        place.function === name &&
        place.topic === topic &&
        place.partition !== undefined &&
        place.offset !== undefined &&
        place.offset < (partitions[place.partition]?.next ?? 0)
      this.#resume(isPast, nowMs)
      this.#watchProgress(lag, nowMs)
    }
  }

  /** Returns the lines that are due for output. */
  due(nowMs: number): string[] {
    const lines = [...this.#lines, ...this.#log.due(nowMs), ...this.#stalls.due(nowMs)]
    this.#lines = []
    return lines
  }

  /** Returns the stalled functions, for the console. */
  get standing(): readonly OpenStall[] {
    return this.#stalls.open
  }

  /** Returns the number of pending records of the consumer with the largest lag. */
  get pending(): number {
    return Math.max(0, ...this.#lags.map(({ pending }) => pending))
  }

  /** Returns the lags of the last sample. */
  get lags(): readonly WatchedLag[] {
    return this.#lags
  }

  /** Returns the busy consumers, largest lag first. */
  get busy(): BusyConsumer[] {
    const busy = this.#lags.flatMap(lag => {
      const { function: name } = lag
      const { condition } = this.#consumer(lag)
      return condition?.is === 'busy' && !this.#stalls.isOpen(name) ? [{ function: name, ...condition }] : []
    })
    return busy.sort((a, b) => b.lag - a.lag)
  }

  /** Handles the last sample during the drain. Returns true if the drain is over. */
  isDrained(drain: Drain, nowMs: number): boolean {
    const isOld = ({ sinceMs }: OpenStall) => nowMs - sinceMs >= OLD_MS
    const { open } = this.#stalls
    const consumers = this.#lags.map(lag => {
      return {
        lag,
        isStalled: open.some(stall => stall.functions.has(lag.function) && isOld(stall)),
        isInvoked: this.#invocationOf(lag, nowMs) !== undefined,
      }
    })
    return drain.isOver(consumers, open.every(isOld), nowMs)
  }

  /** Returns true if Kafka has been unavailable for so long that waiting for it is pointless. */
  isKafkaAway(nowMs: number): boolean {
    return this.#stalls.open.some(
      ({ cause, sinceMs }) => cause.server === 'Kafka' && nowMs - sinceMs >= OLD_MS,
    )
  }

  /**
   * Returns the unresolved problems at the end.
   *
   * @param left function that returns the number of records that a consumer has not processed
   */
  verdict(left: (lag: WatchedLag) => number = ({ pending }) => pending): string[] {
    const { open } = this.#stalls
    const pendingAt = (names: ReadonlySet<string>) =>
      Math.max(0, ...this.#lags.filter(lag => names.has(lag.function)).map(({ pending }) => pending))
    const stalled = open.map(({ cause, functions }) => {
      const stand = functions.size === 1 ? 'is stalled' : 'are stalled'
      const who = functions.size === 0 ? '' : `${listOf(functions)} ${stand}: `
      const pending = pendingAt(functions)
      return `${who}${firstLine(cause.reason)}${pending > 0 ? ` (${recordsOf(pending)} pending)` : ''}`
    })
    const behind = this.#lags
      .filter(lag => left(lag) > 0 && !this.#stalls.isOpen(lag.function))
      .map(lag => `${lag.function} is busy: ${recordsOf(left(lag))} still pending${this.#directionOf(lag)}`)
    const failedRuns = [...this.#failedRuns]
      .filter(([name]) => !this.#stalls.isOpen(name))
      .map(([name, reason]) => `the last run of ${name} failed: ${reason}`)
    return [...stalled, ...failedRuns, ...behind, ...this.#log.unresolved]
  }

  #consumer({ function: name, topic }: Pick<WatchedLag, 'function' | 'topic'>): Consumer {
    const key = `${name}|${topic}`
    const known = this.#consumers.get(key)
    if (known) return known
    const consumer = { invocations: new Map<number, number>() }
    this.#consumers.set(key, consumer)
    return consumer
  }

  #mapped(report: Of<'mapped'>, nowMs: number): void {
    const { function: name, topic, timeoutMs } = report
    const consumer = this.#consumer(report)
    consumer.timeoutMs = timeoutMs
    consumer.invocations.clear()
    // Close the stalls that the old process has reported, because a new process reports its own. Stalls of batches end only with
    // progress.
    this.#resume(
      place => place.function === name && place.topic === topic && place.offset === undefined,
      nowMs,
    )
  }

  #resumed({ function: name, topic, obstacle, partitions }: Of<'resumed'>, nowMs: number): void {
    const fits = (place: StalledPart) =>
      place.function === name &&
      place.topic === topic &&
      place.obstacle === obstacle &&
      (place.partition === undefined || partitions === undefined || partitions.includes(place.partition))
    this.#resume(fits, nowMs)
  }

  #stalled(report: Of<'stalled'>, nowMs: number): void {
    const { function: name, topic, offsets, obstacle } = report
    const { timeoutMs } = this.#consumer(report)
    const known = { ...this.#known, ...(timeoutMs !== undefined && { timeoutMs }) }
    const cause = reportedCause(report, known) ?? this.#log.reasonOf(name, nowMs)
    if (offsets === undefined) this.#begin({ function: name, topic, obstacle }, cause, nowMs)
    for (const [partition, offset] of Object.entries(offsets ?? {})) {
      const place = { function: name, topic, partition: Number(partition), offset, obstacle }
      this.#begin(place, cause, nowMs)
    }
  }

  /** Returns the longest running invocation of a consumer; undefined if none is known. */
  #invocationOf(lag: WatchedLag, nowMs: number): RunningInvocation | undefined {
    const { invocations, timeoutMs = Number.POSITIVE_INFINITY } = this.#consumer(lag)
    if (invocations.size === 0) return undefined
    return { forMs: nowMs - Math.min(...invocations.values()), limitMs: timeoutMs + TIMEOUT_MARGIN_MS }
  }

  #directionOf(lag: WatchedLag): string {
    const { condition } = this.#consumer(lag)
    return condition?.is === 'busy' ? `, lag ${condition.direction}` : ''
  }

  /**
   * Handles the log line with the reason why a function reported records as failed. The line can arrive before or after the report,
   * and is shown at most once a minute.
   */
  #explained(line: LoggedLine, nowMs: number): void {
    const { service, details } = line
    const cause = this.#log.explain(line, nowMs)
    if (!cause) return
    const unknown = reportedFailures(service).id
    const fits = (place: StalledPart, outage: { readonly cause: Cause; readonly sinceMs: number }) =>
      place.function === service &&
      place.obstacle === INVOCATION &&
      (outage.cause.id === unknown ||
        (place.topic === details.topic && place.partition === details.partition) ||
        nowMs - outage.sinceMs < SAME_ATTEMPT_MS)
    this.#stalls.explain(fits, cause, nowMs)
  }

  #discarded({ function: name, reason, records, destination }: Of<'discarded'>, nowMs: number): void {
    const what = `${recordsOf(records)} discarded: ${firstLine(reason)}`
    if (destination === null) this.#lost(name, what, '. There is no destination, so they are lost.', nowMs)
    else this.#lines.push(`! ${name}: ${what}. Sent to ${destination}.`)
  }

  #lost(name: string, what: string, further: string, nowMs: number): void {
    this.#lines.push(`✗ ${name}: ${what}${further}`)
    this.#log.addLoss(name, what, nowMs)
  }

  #watchProgress(lag: WatchedLag, nowMs: number): void {
    const { function: name, topic, pending } = lag
    const condition = this.#progress.look(lag, nowMs, this.#invocationOf(lag, nowMs))
    this.#consumer(lag).condition = condition
    if (condition.is !== 'stalled') {
      this.#resume(one => one.function === name && one.topic === topic && one.obstacle === PROGRESS, nowMs)
    } else if (!this.#stalls.isOpen(name)) {
      const { because, forMs } = condition
      const cause =
        because === 'not-ended' ? endlessInvocation(name, forMs) : noProgress(name, pending, forMs)
      this.#begin({ function: name, topic, obstacle: PROGRESS }, cause, nowMs)
    }
  }

  #begin(place: StalledPart, cause: Cause, nowMs: number): void {
    const { function: name } = place
    // The cause is known now, so the general report about missing progress is dropped.
    if (place.obstacle !== PROGRESS)
      this.#stalls.drop(one => one.function === name && one.obstacle === PROGRESS)
    this.#stalls.begin(place, cause, nowMs)
    if (name !== undefined) this.#log.stalled(name, nowMs)
  }

  #resume(fits: (place: StalledPart, cause: Cause) => boolean, nowMs: number): void {
    for (const name of this.#stalls.endAll(fits, nowMs))
      if (!this.#stalls.isOpen(name)) this.#log.resumed(name)
  }
}

const INVOCATION: Of<'stalled'>['obstacle'] = 'invocation'
const PROGRESS = 'progress'
const RUN = 'run'
