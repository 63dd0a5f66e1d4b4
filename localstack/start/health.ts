import type { Report } from '../msk-trigger/reports.ts'
import { causeOf, endlessRun, failedRun, type Known, noProgress, serverAway } from './causes.ts'
import type { ConsumerLag } from './consumer-lag.ts'
import type { LoggedLine, LogLine } from './log-lines.ts'
import { Notices } from './notices.ts'
import { ProgressWatch } from './progress-watch.ts'
import { isExplanation, Reasons } from './reasons.ts'
import { type Cause, firstLine, type Place, Stalls } from './stalls.ts'
import { ToldErrors } from './told-errors.ts'
import { listOf, recordsOf } from './words.ts'

/** A reason that comes this soon after a report is of the same attempt. */
const SAME_ATTEMPT_MS = 2_000
/** A stall of this age will not end by itself within the seconds that the end can wait. */
const OLD_MS = 10_000

type Of<Kind extends Report['report']> = Extract<Report, { report: Kind }>

/**
 * How the functions are: takes what the trigger, their log and Kafka tell of them, and says what a person should see, once, and
 * what is not well in the end. It reads no clock.
 */
export class Health {
  readonly #known: Known
  readonly #stalls = new Stalls()
  readonly #errors = new ToldErrors()
  readonly #notices = new Notices()
  /** By function: its timeout. */
  readonly #timeouts = new Map<string, number>()
  /** Scheduled functions whose last run failed, and why. */
  readonly #failedRuns = new Map<string, string>()
  readonly #progress = new ProgressWatch()
  readonly #reasons = new Reasons()
  #lags: readonly ConsumerLag[] = []
  #lines: string[] = []

  constructor(known: Pick<Known, 'brokers'>) {
    this.#known = known
  }

  /** The trigger tells of a mapping. */
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

  /** A line of the functions' log. */
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

  /** @param error undefined where the run has succeeded */
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

  /** A run that takes very long. */
  runs(name: string, nowMs: number): void {
    this.#begin({ function: name, obstacle: RUN }, endlessRun(name), nowMs)
  }

  /** A server does not answer `npm start` itself. */
  away(server: 'Kafka' | 'Redis', message: string, nowMs: number): void {
    // Nobody can be seen to make progress meanwhile.
    this.#progress.forget()
    this.#begin({ function: undefined, obstacle: server }, serverAway(server, message, this.#known), nowMs)
  }

  answers(server: 'Kafka' | 'Redis', nowMs: number): void {
    // The failed run is not repeated. But the next one can succeed, so the outage is over without waiting for it.
    const waitsForIt = (place: Place, cause: Cause) =>
      place.function === undefined
        ? place.obstacle === server
        : place.obstacle === RUN && cause.server === server
    this.#resume(waitsForIt, nowMs)
  }

  /** How far the consumers are. */
  lagging(lags: readonly ConsumerLag[], nowMs: number): void {
    this.#lags = lags
    for (const lag of lags) {
      const { function: name, topic, next } = lag
      next.forEach((offset, partition) => {
        this.#errors.passed(name, topic, partition, offset)
      })
      const isPast = (place: Place) =>
        place.function === name &&
        place.topic === topic &&
        place.partition !== undefined &&
        place.offset !== undefined &&
        place.offset < (next[place.partition] ?? 0)
      this.#resume(isPast, nowMs)
      this.#watchProgress(lag, nowMs)
    }
  }

  /** The lines that are due by now. */
  due(nowMs: number): string[] {
    const lines = [...this.#lines, ...this.#notices.due(nowMs), ...this.#stalls.due(nowMs)]
    this.#lines = []
    return lines
  }

  /** Records that the consumer which is farthest behind has not decided yet. */
  get pending(): number {
    return Math.max(0, ...this.#lags.map(({ pending }) => pending))
  }

  /** Whether it is of no use to wait any longer for what is pending. */
  isSettled(nowMs: number): boolean {
    const { open } = this.#stalls
    const isOld = (name: string) =>
      open.some(({ functions, sinceMs }) => functions.has(name) && nowMs - sinceMs >= OLD_MS)
    const isDone = this.#lags.every(({ function: name, pending }) => pending === 0 || isOld(name))
    return isDone && open.every(({ sinceMs }) => nowMs - sinceMs >= OLD_MS)
  }

  /** What is not well at the end. */
  get verdict(): string[] {
    const { open } = this.#stalls
    const pendingAt = (names: ReadonlySet<string>) =>
      Math.max(0, ...this.#lags.filter(lag => names.has(lag.function)).map(({ pending }) => pending))
    const stalled = open.map(({ cause, functions }) => {
      const stand = functions.size === 1 ? 'stands still' : 'stand still'
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
    // A new process knows nothing of what the one before it could not do. Of batches, progress tells.
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
      // That an attempt takes long says less than why the one before it failed.
      if (report.obstacle !== 'answer' || !this.#stalls.causeOf(place)) this.#begin(place, cause, nowMs)
    }
  }

  /** A function says why it reports records: before the report, after it, or not again for a minute. */
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
    if (destination !== null) this.#lines.push(`! ${name}: ${what}. ${destination} has them.`)
    else {
      this.#lines.push(`✗ ${name}: ${what}. There is no destination, so they are lost to it.`)
      this.#errors.addLasting(name, what, nowMs)
    }
  }

  #watchProgress(lag: ConsumerLag, nowMs: number): void {
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
    // Now it is known why.
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

/** An attempt that failed, and one that takes long, are of the same batch. */
const DELIVERY = 'delivery'
const PROGRESS = 'progress'
const RUN = 'run'

function obstacleOf(obstacle: Of<'stalled'>['obstacle']): string {
  return obstacle === 'invocation' || obstacle === 'answer' ? DELIVERY : obstacle
}
