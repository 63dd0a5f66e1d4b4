import { endlessRun, failedRun, noProgress, serverAway } from '../../lib/queries/health/causes.ts'
import { ProgressWatch, type WatchedLag } from '../../lib/queries/health/progress-watch.ts'
import { type Cause, firstLine, type OpenStall, type Place, Stalls } from '../../lib/queries/health/stalls.ts'
import { listOf, recordsOf } from '../../lib/queries/health/words.ts'
import type { Report } from '../msk-trigger/report/reports.ts'
import type { LoggedLine, LogLine } from './log-lines.ts'
import { Notices } from './notices.ts'
import { isExplanation, Reasons } from './reasons.ts'
import { ToldErrors } from './told-errors.ts'
import { causeOf, type Known } from './trigger-causes.ts'

/** A reason that arrives this soon after a report belongs to the same attempt. */
const SAME_ATTEMPT_MS = 2_000
/** A stall of this age will not end within the seconds that the shutdown can wait. */
const OLD_MS = 10_000

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
  readonly #progress = new ProgressWatch()
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

  /** Handles a run that takes very long. */
  runs(name: string, nowMs: number): void {
    this.#begin({ function: name, obstacle: RUN }, endlessRun(name), nowMs)
  }

  /** Handles a server that does not answer `npm start` itself. */
  away(server: 'Kafka' | 'Redis', message: string, nowMs: number): void {
    // Progress cannot be observed meanwhile.
    this.#progress.forget()
    this.#begin({ function: undefined, obstacle: server }, serverAway(server, message, this.#known), nowMs)
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

  /** What stands still now, for the console. */
  get standing(): readonly OpenStall[] {
    return this.#stalls.open
  }

  /** The pending records of the consumer with the largest lag. */
  get pending(): number {
    return Math.max(0, ...this.#lags.map(({ pending }) => pending))
  }

  /** Whether waiting longer for pending records is pointless. */
  isSettled(nowMs: number): boolean {
    const { open } = this.#stalls
    const isOld = (name: string) =>
      open.some(({ functions, sinceMs }) => functions.has(name) && nowMs - sinceMs >= OLD_MS)
    const isDone = this.#lags.every(({ function: name, pending }) => pending === 0 || isOld(name))
    return isDone && open.every(({ sinceMs }) => nowMs - sinceMs >= OLD_MS)
  }

  /** The unresolved problems at the end. */
  get verdict(): string[] {
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
      .filter(({ function: name, pending }) => pending > 0 && !this.#stalls.isOpen(name))
      .map(({ function: name, pending }) => `${recordsOf(pending)} still pending at ${name}`)
    const failedRuns = [...this.#failedRuns]
      .filter(([name]) => !this.#stalls.isOpen(name))
      .map(([name, reason]) => `the last run of ${name} failed: ${reason}`)
    return [...stalled, ...failedRuns, ...behind, ...this.#errors.open]
  }

  #mapped({ function: name, topic, timeoutMs }: Of<'mapped'>, nowMs: number): void {
    this.#timeouts.set(name, timeoutMs)
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
      place.obstacle === obstacleOf(obstacle) &&
      (place.partition === undefined || partitions === undefined || partitions.includes(place.partition))
    this.#resume(fits, nowMs)
  }

  #stalled(report: Of<'stalled'>, nowMs: number): void {
    const { function: name, topic, offsets } = report
    const timeoutMs = this.#timeouts.get(name)
    const known = { ...this.#known, ...(timeoutMs !== undefined && { timeoutMs }) }
    const cause = causeOf(report, known) ?? this.#reasons.of(name, nowMs)
    const obstacle = obstacleOf(report.obstacle)
    if (offsets === undefined) this.#begin({ function: name, topic, obstacle }, cause, nowMs)
    for (const [partition, offset] of Object.entries(offsets ?? {})) {
      const place = { function: name, topic, partition: Number(partition), offset, obstacle }
      // A slow attempt says less than the reason why the previous one failed.
      if (report.obstacle !== 'answer' || !this.#stalls.causeOf(place)) this.#begin(place, cause, nowMs)
    }
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
      place.obstacle === DELIVERY &&
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
    const forMs = this.#progress.standsStillFor(lag, nowMs)
    if (forMs === 0) {
      this.#resume(one => one.function === name && one.topic === topic && one.obstacle === PROGRESS, nowMs)
    } else if (forMs !== undefined && !this.#stalls.isOpen(name)) {
      const place = { function: name, topic, obstacle: PROGRESS }
      this.#begin(place, noProgress(name, pending, forMs), nowMs)
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

/** A failed attempt and a slow one concern the same batch. */
const DELIVERY = 'delivery'
const PROGRESS = 'progress'
const RUN = 'run'

function obstacleOf(obstacle: Of<'stalled'>['obstacle']): string {
  return obstacle === 'invocation' || obstacle === 'answer' ? DELIVERY : obstacle
}
