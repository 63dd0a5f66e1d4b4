/** Detects stalls in any environment, from facts that Kafka and Redis report. Pure. */
import { defined } from '../../../packages/runtime/consumer/defined.ts'
import { away, deferredCause, noProgress, noReaders } from './causes.ts'
import { ProgressWatch, type WatchedLag } from './progress-watch.ts'
import { type Cause, type OpenStall, type StalledPart, Stalls } from './stalls.ts'

/** Functions that have stalled for the same cause. */
export interface StalledFunctions {
  readonly functions: readonly string[]
  /** Reason without a full stop. */
  readonly reason: string
  /** Advice in whole sentences. */
  readonly advice: string
  /** Server that is the cause; absent for other causes. */
  readonly server?: NonNullable<Cause['server']>
  /** Start of the stall, in milliseconds since the epoch. */
  readonly sinceMs: number
}

/** Facts gathered by one observation. */
export interface StallFacts {
  /** Error message of each server that did not answer; null if the server answered. */
  readonly servers: { readonly kafka: string | null; readonly redis: string | null }
  /** Lag of each consumer; undefined if Kafka did not answer. */
  readonly lags: readonly WatchedLag[] | undefined
  /** Number of members by consumer group. */
  readonly members: ReadonlyMap<string, number>
  /** Consumers whose circuit breaker is open; undefined if Redis did not answer. */
  readonly broken: readonly string[] | undefined
  /**
   * Stalls reported by the program that runs the functions. Such reports are earlier and more precise than observations from
   * outside. Undefined without such a program.
   */
  readonly known: readonly OpenStall[] | undefined
}

/**
 * Time without members, in milliseconds, after which a consumer group is considered dead. A group has no members for a moment while
 * a consumer restarts.
 */
const DEAD_AFTER_MS = 10_000
/**
 * Idle time, in milliseconds, after which a consumer is considered stalled. Running invocations cannot be observed here, and nearly
 * all functions have a timeout of one minute.
 */
const QUIET_MS = 90_000

export class StandingStill {
  readonly #stalls = new Stalls()
  readonly #progress: ProgressWatch
  /** Start of the period without members, and the progress at that time, by consumer. */
  readonly #unread = new Map<string, { readonly sinceMs: number; readonly reached: number }>()

  /** @param lookEveryMs interval between two observations, in milliseconds */
  constructor(lookEveryMs: number) {
    this.#progress = new ProgressWatch({ lookEveryMs, quietMs: QUIET_MS })
  }

  /** Processes an observation, and returns the stalls, longest first. */
  next(seen: StallFacts, nowMs: number): StalledFunctions[] {
    this.#server('Kafka', seen.servers.kafka, nowMs)
    this.#server('Redis', seen.servers.redis, nowMs)
    if (seen.broken) this.#breakers(seen.broken, nowMs)
    if (seen.lags) for (const lag of seen.lags) this.#consumer(lag, seen, nowMs)
    // Progress cannot be observed until Kafka answers.
    else this.#progress.forget()
    // Discards the messages about ended stalls, which only a terminal shows.
    this.#stalls.due(nowMs)
    const { known = [] } = seen
    const own = this.#stalls.open.filter(stall => !known.some(one => explains(one, stall)))
    return stalledFunctions([...known, ...own])
  }

  #server(server: 'Kafka' | 'Redis', problem: string | null, nowMs: number): void {
    this.#set(
      { function: undefined, obstacle: server },
      problem === null ? undefined : away(server, problem),
      nowMs,
    )
  }

  #breakers(broken: readonly string[], nowMs: number): void {
    const isClosed = ({ function: name = '', obstacle }: StalledPart) =>
      obstacle === BREAKER && !broken.includes(name)
    this.#stalls.endAll(isClosed, nowMs)
    for (const name of broken)
      this.#stalls.begin(
        { function: name, obstacle: BREAKER },
        deferredCause(name, { reason: 'breaker-open' }),
        nowMs,
      )
  }

  #consumer(lag: WatchedLag, { members, known }: StallFacts, nowMs: number): void {
    const { function: name, topic, pending, group } = lag
    const place = { function: name, topic, obstacle: PROGRESS }
    const condition = this.#progress.look(lag, nowMs)
    const forMs = condition.is === 'stalled' && known === undefined ? condition.forMs : 0
    const unreadMs = pending > 0 && members.get(group) === 0 ? this.#unreadFor(lag, nowMs) : this.#read(lag)
    const isBroken = this.#stalls.causeOf({ function: name, obstacle: BREAKER }) !== undefined
    if (isBroken) this.#set(place, undefined, nowMs)
    else if (unreadMs >= DEAD_AFTER_MS) this.#set(place, noReaders(group, pending), nowMs)
    else this.#set(place, forMs > 0 ? noProgress(name, pending, forMs) : undefined, nowMs)
  }

  /**
   * Returns for how long the group has had no members, in milliseconds. A group that makes progress does not count, because some
   * readers assign partitions to themselves.
   */
  #unreadFor({ function: name, topic, partitions }: WatchedLag, nowMs: number): number {
    const key = `${name}|${topic}`
    const reached = partitions.reduce((sum, { next }) => sum + next, 0)
    const before = this.#unread.get(key)
    if (before?.reached === reached) return nowMs - before.sinceMs
    this.#unread.set(key, { sinceMs: nowMs, reached })
    return 0
  }

  #read({ function: name, topic }: WatchedLag): 0 {
    this.#unread.delete(`${name}|${topic}`)
    return 0
  }

  /** Begins a stall with the cause, or ends the stall if there is no cause. */
  #set(place: StalledPart, cause: Cause | undefined, nowMs: number): void {
    if (cause) this.#stalls.begin(place, cause, nowMs)
    else
      this.#stalls.endAll(
        one =>
          one.function === place.function && one.topic === place.topic && one.obstacle === place.obstacle,
        nowMs,
      )
  }
}

/** Returns the stalled functions of stalls, longest first. */
export function stalledFunctions(stalls: readonly OpenStall[]): StalledFunctions[] {
  return stalls
    .map(({ cause: { reason, advice, server }, sinceMs, functions }) => {
      return { functions: [...functions].sort(), reason, advice, ...defined({ server }), sinceMs }
    })
    .sort((a, b) => a.sinceMs - b.sinceMs)
}

/** Returns whether a known stall has the same cause, or already includes all affected functions. */
function explains(known: OpenStall, { cause, functions }: OpenStall): boolean {
  if (known.cause.id === cause.id) return true
  return functions.size > 0 && [...functions].every(name => known.functions.has(name))
}

const PROGRESS = 'progress'
const BREAKER = 'breaker'
