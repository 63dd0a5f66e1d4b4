import {
  endlessInvocation,
  endlessRun,
  failedRun,
  type Known,
  noProgress,
  reportedCause,
  serverAway,
} from '../../lib/diagnosis/stalls/causes.ts'
import type {
  BusyConsumer,
  ConsumerCondition,
  RunningInvocation,
} from '../../lib/diagnosis/stalls/condition.ts'
import { ProgressWatch, type WatchedLag } from '../../lib/diagnosis/stalls/progress-watch.ts'
import {
  type Cause,
  firstLine,
  type OpenStall,
  type Place,
  Stalls,
} from '../../lib/diagnosis/stalls/stalls.ts'
import { listOf, recordsOf } from '../../lib/diagnosis/stalls/words.ts'
import type { Report } from '../../packages/msk-trigger/report/reports.ts'
import type { Drain } from './drain.ts'
import type { LoggedLine, LogLine } from './log-lines.ts'
import { Notices } from './notices.ts'
import { isExplanation, Reasons } from './reasons.ts'
import { ToldErrors } from './told-errors.ts'

/** A reason that arrives this soon after a report belongs to the same attempt. */
const SAME_ATTEMPT_MS = 2_000
/** At the end, a stall of this age is not waited for. */
const OLD_MS = 10_000
/** The time between two looks at the lags. */
export const LOOK_EVERY_MS = 1_000
/** A consumer that has no invocation needs less than this for anything else, such as a rebalance of its group. */
const QUIET_MS = 30_000
/** An invocation ends this long after the timeout of its function at the latest: loading the handler does not count. */
const TIMEOUT_MARGIN_MS = 60_000

type Of<Kind extends Report['report']> = Extract<Report, { report: Kind }>

/**
 * The health of the functions. It receives what the trigger, the functions' log and Kafka report, shows the user each
 * problem once, and lists what is unresolved in the end. It reads no clock.
 */
export class Health {
  readonly #known: Known
  readonly #stalls = new Stalls()
  readonly #errors = new ToldErrors()
  readonly #notices = new Notices()
  /** Timeouts by function. */
  readonly #timeouts = new Map<string, number>()
  /** Scheduled functions whose last run failed, and why. */
  readonly #failedRuns = new Map<string, string>()
  readonly #progress = new ProgressWatch({ lookEveryMs: LOOK_EVERY_MS, quietMs: QUIET_MS })
  /** Start of each long invocation, by function and topic, and by partition. */
  readonly #invocations = new Map<string, Map<number, number>>()
  /** By function and topic. */
  readonly #conditions = new Map<string, ConsumerCondition>()
  readonly #reasons = new Reasons()
  #lags: readonly WatchedLag[] = []
  #lines: string[] = []

  constructor(known: Pick<Known, 'brokers'>) {
    this.#known = known
  }

  /** Handles a report of the trigger. */
  reported(report: Report, nowMs: number): void {
    if (report.report === 'mapped') this.#mapped(report, nowMs)
    else if (report.report === 'stalled') this.#stalled(report, nowMs)
    else if (report.report === 'resumed') this.#resumed(report, nowMs)
    else if (report.report === 'running') this.#running(report, nowMs)
    else if (report.report === 'returned') this.#returned(report)
    else if (report.report === 'discarded') this.#discarded(report, nowMs)
    else {
      const reason = firstLine(report.reason)
      this.#lines.push(`✗ ${report.function}: ${reason}`)
      this.#errors.addLasting(report.function, reason, nowMs)
    }
  }

  /** Handles a line of the functions' log. */
  logged(line: LogLine, nowMs: number): void {
    if (line.is === 'run') {
      this.ran(line.function, line.error, nowMs)
      return
    }
    const { level, service } = line
    if (isExplanation(line)) {
      this.#explained(line, nowMs)
      return
    }
    if (level !== 'WARN') this.#errors.add(line, this.#stalls.isOpen(service), nowMs)
    const shown = this.#notices.add(line, nowMs)
    if (shown !== undefined) this.#lines.push(shown)
  }

  /** @param error undefined if the run has succeeded */
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

  /** Handles a run that was not ended at the timeout of its function. */
  runs(name: string, timeoutMs: number, nowMs: number): void {
    this.#begin({ function: name, obstacle: RUN }, endlessRun(name, timeoutMs), nowMs)
  }

  /** Handles a server that does not answer `npm start` itself. */
  away(server: 'Kafka' | 'Redis', message: string, nowMs: number): void {
    // Progress cannot be observed meanwhile.
    this.#progress.forget()
    this.#begin(
      { function: undefined, obstacle: server },
      serverAway(server, message, this.#known.brokers),
      nowMs,
    )
  }

  answers(server: 'Kafka' | 'Redis', nowMs: number): void {
    // A failed run is not repeated, but the next one can succeed, so the outage is over without waiting for it.
    const waitsForIt = (place: Place, cause: Cause) =>
      place.function === undefined
        ? place.obstacle === server
        : place.obstacle === RUN && cause.server === server
    this.#resume(waitsForIt, nowMs)
  }

  /** How far the consumers are. */
  lagging(lags: readonly WatchedLag[], nowMs: number): void {
    this.#lags = lags
    for (const lag of lags) {
      const { function: name, topic, partitions } = lag
      for (const { partition, next } of partitions) this.#errors.passed(name, topic, partition, next)
      const isPast = (place: Place) =>
        place.function === name &&
        place.topic === topic &&
        place.partition !== undefined &&
        place.offset !== undefined &&
        place.offset < (partitions[place.partition]?.next ?? 0)
      this.#resume(isPast, nowMs)
      this.#watchProgress(lag, nowMs)
    }
  }

  /** Returns the lines that are due. */
  due(nowMs: number): string[] {
    const lines = [...this.#lines, ...this.#notices.due(nowMs), ...this.#stalls.due(nowMs)]
    this.#lines = []
    return lines
  }

  /** Stalled functions, for the console. */
  get standing(): readonly OpenStall[] {
    return this.#stalls.open
  }

  /** The pending records of the consumer with the largest lag. */
  get pending(): number {
    return Math.max(0, ...this.#lags.map(({ pending }) => pending))
  }

  /** The lags of the last look. */
  get lags(): readonly WatchedLag[] {
    return this.#lags
  }

  /** The consumers that are busy, largest lag first. */
  get busy(): BusyConsumer[] {
    const busy = this.#lags.flatMap(({ function: name, topic }) => {
      const condition = this.#conditions.get(keyOf(name, topic))
      return condition?.is === 'busy' && !this.#stalls.isOpen(name) ? [{ function: name, ...condition }] : []
    })
    return busy.sort((a, b) => b.lag - a.lag)
  }

  /** Handles the last look during the drain. Returns whether the drain is over. */
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

  /** Whether Kafka has not answered for so long that waiting for it is pointless. */
  isKafkaAway(nowMs: number): boolean {
    return this.#stalls.open.some(
      ({ cause, sinceMs }) => cause.server === 'Kafka' && nowMs - sinceMs >= OLD_MS,
    )
  }

  /**
   * The unresolved problems at the end.
   *
   * @param left the records that each consumer should have processed
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
    return [...stalled, ...failedRuns, ...behind, ...this.#errors.open]
  }

  #mapped({ function: name, topic, timeoutMs }: Of<'mapped'>, nowMs: number): void {
    this.#timeouts.set(name, timeoutMs)
    this.#invocations.delete(keyOf(name, topic))
    // A new process does not repeat the obstacles of the old one. Stalls of batches end by progress only.
    this.#resume(
      place => place.function === name && place.topic === topic && place.offset === undefined,
      nowMs,
    )
  }

  #resumed({ function: name, topic, obstacle, partitions }: Of<'resumed'>, nowMs: number): void {
    const fits = (place: Place) =>
      place.function === name &&
      place.topic === topic &&
      place.obstacle === obstacle &&
      (place.partition === undefined || partitions === undefined || partitions.includes(place.partition))
    this.#resume(fits, nowMs)
  }

  #stalled(report: Of<'stalled'>, nowMs: number): void {
    const { function: name, topic, offsets, obstacle } = report
    const timeoutMs = this.#timeouts.get(name)
    const known = { ...this.#known, ...(timeoutMs !== undefined && { timeoutMs }) }
    const cause = reportedCause(report, known) ?? this.#reasons.of(name, nowMs)
    if (offsets === undefined) this.#begin({ function: name, topic, obstacle }, cause, nowMs)
    for (const [partition, offset] of Object.entries(offsets ?? {})) {
      const place = { function: name, topic, partition: Number(partition), offset, obstacle }
      this.#begin(place, cause, nowMs)
    }
  }

  #running({ function: name, topic, forMs, offsets }: Of<'running'>, nowMs: number): void {
    const key = keyOf(name, topic)
    const since = this.#invocations.get(key) ?? new Map<number, number>()
    for (const partition of Object.keys(offsets)) since.set(Number(partition), nowMs - forMs)
    this.#invocations.set(key, since)
  }

  #returned({ function: name, topic, partitions }: Of<'returned'>): void {
    for (const partition of partitions) this.#invocations.get(keyOf(name, topic))?.delete(partition)
  }

  /** The longest invocation of a consumer that is known to run. */
  #invocationOf({ function: name, topic }: WatchedLag, nowMs: number): RunningInvocation | undefined {
    const since = [...(this.#invocations.get(keyOf(name, topic))?.values() ?? [])]
    if (since.length === 0) return undefined
    const timeoutMs = this.#timeouts.get(name) ?? Number.POSITIVE_INFINITY
    return { forMs: nowMs - Math.min(...since), limitMs: timeoutMs + TIMEOUT_MARGIN_MS }
  }

  #directionOf({ function: name, topic }: WatchedLag): string {
    const condition = this.#conditions.get(keyOf(name, topic))
    return condition?.is === 'busy' ? `, lag ${condition.direction}` : ''
  }

  /**
   * Handles a function's reason for reporting records. It can arrive before the report or after it, and is logged at
   * most once a minute.
   */
  #explained(line: LoggedLine, nowMs: number): void {
    const { service, details } = line
    const cause = this.#reasons.learn(line, nowMs)
    if (!cause) return
    const unknown = this.#reasons.unknown(service).id
    const fits = (place: Place, outage: { readonly cause: Cause; readonly sinceMs: number }) =>
      place.function === service &&
      place.obstacle === INVOCATION &&
      (outage.cause.id === unknown ||
        (place.topic === details.topic && place.partition === details.partition) ||
        nowMs - outage.sinceMs < SAME_ATTEMPT_MS)
    this.#stalls.explain(fits, cause, nowMs)
  }

  #discarded({ function: name, reason, records, destination }: Of<'discarded'>, nowMs: number): void {
    const what = `${recordsOf(records)} discarded: ${firstLine(reason)}`
    if (destination !== null) this.#lines.push(`! ${name}: ${what}. Sent to ${destination}.`)
    else {
      this.#lines.push(`✗ ${name}: ${what}. There is no destination, so they are lost.`)
      this.#errors.addLasting(name, what, nowMs)
    }
  }

  #watchProgress(lag: WatchedLag, nowMs: number): void {
    const { function: name, topic, pending } = lag
    const condition = this.#progress.look(lag, nowMs, this.#invocationOf(lag, nowMs))
    this.#conditions.set(keyOf(name, topic), condition)
    if (condition.is !== 'stalled') {
      this.#resume(one => one.function === name && one.topic === topic && one.obstacle === PROGRESS, nowMs)
    } else if (!this.#stalls.isOpen(name)) {
      const { because, forMs } = condition
      const cause =
        because === 'not-ended' ? endlessInvocation(name, forMs) : noProgress(name, pending, forMs)
      this.#begin({ function: name, topic, obstacle: PROGRESS }, cause, nowMs)
    }
  }

  #begin(place: Place, cause: Cause, nowMs: number): void {
    const { function: name } = place
    // The cause is known now.
    if (place.obstacle !== PROGRESS)
      this.#stalls.drop(one => one.function === name && one.obstacle === PROGRESS)
    this.#stalls.begin(place, cause, nowMs)
    if (name !== undefined) this.#errors.stalled(name, nowMs)
  }

  #resume(fits: (place: Place, cause: Cause) => boolean, nowMs: number): void {
    for (const name of this.#stalls.endAll(fits, nowMs))
      if (!this.#stalls.isOpen(name)) this.#errors.resumed(name)
  }
}

const INVOCATION: Of<'stalled'>['obstacle'] = 'invocation'
const PROGRESS = 'progress'
const RUN = 'run'

function keyOf(name: string, topic: string): string {
  return `${name}|${topic}`
}
