import { Repeats } from '../../../packages/runtime/adapters/lambda/repeats.ts'
import { durationText } from '../../duration.ts'
import { listOf } from './words.ts'

/** Reason for a stall, with advice for the user. */
export interface Cause {
  /** Id of the cause. All stalls with the same cause have the same id. */
  readonly id: string
  /** Reason without a full stop. Further lines are separated by line breaks. */
  readonly reason: string
  /** Advice in whole sentences. */
  readonly advice: string
  /** Unavailable server. Functions that need it stall at slightly different times, and one line reports them all. */
  readonly server?: 'Kafka' | 'Redis' | 'AWS'
}

/** Stalled part: a whole function, or one partition of its topic. */
export interface StalledPart {
  /** Name of the function; undefined if `npm start` itself cannot reach a server. */
  readonly function: string | undefined
  readonly topic?: string
  readonly partition?: number
  /** Offset at which the function has stopped. */
  readonly offset?: number
  /** Step that fails. A partition has at most one cause per step at a time. */
  readonly obstacle: string
}

/** Ongoing stall, with the functions that it affects. */
export interface OpenStall {
  readonly cause: Cause
  /** Start of the stall, in milliseconds since the epoch. */
  readonly sinceMs: number
  /** Stalled functions; empty if `npm start` itself cannot reach a server. */
  readonly functions: ReadonlySet<string>
}

/** Properties of an outage that filters may use. */
interface OutageSummary {
  readonly cause: Cause
  readonly sinceMs: number
}

/** Outage: all stalls that have the same cause. */
interface Outage {
  cause: Cause
  readonly sinceMs: number
  readonly places: Map<string, StalledPart>
  /** All functions that have stalled since the outage began. */
  readonly functions: Set<string>
  /** Functions that have already been reported. */
  readonly told: Set<string>
  isTold: boolean
  /** Start of the oldest stall that has not been reported yet. */
  untoldSinceMs: number
  /** Time at which the last stall of the outage ended; undefined while any stall continues. */
  overAtMs: number | undefined
}

/**
 * Time in milliseconds before an outage is reported. Functions that stall within this time are reported together. A shorter outage
 * is reported by a single line when it is over.
 */
const SETTLE_MS = 1_000
/** Time in milliseconds within which a recurring outage is considered the same outage. */
const QUIET_MS = 2_000

/** Tracks stalls. Each outage is reported once when it begins, and once when it is over. */
export class Stalls {
  readonly #outages = new Map<string, Outage>()
  /** Cause ids by stalled part. */
  readonly #causes = new Map<string, string>()
  #nowMs = 0
  readonly #hiccups = new Repeats(undefined, () => this.#nowMs)

  begin(place: StalledPart, cause: Cause, nowMs: number): void {
    const key = keyOf(place)
    const before = this.#causes.get(key)
    if (before !== undefined && before !== cause.id) this.#leave(key, before)
    this.#causes.set(key, cause.id)
    const outage = this.#outages.get(cause.id) ?? newOutage(cause, nowMs)
    this.#outages.set(cause.id, outage)
    outage.cause = cause
    outage.places.set(key, place)
    outage.overAtMs = undefined
    const name = place.function
    if (name === undefined || outage.functions.has(name)) return
    if (outage.functions.size === outage.told.size) outage.untoldSinceMs = nowMs
    outage.functions.add(name)
  }

  /** Ends the matching stalls, and returns their functions. */
  endAll(fits: (place: StalledPart, cause: Cause) => boolean, nowMs: number): ReadonlySet<string> {
    const functions = new Set<string>()
    for (const { cause, places } of [...this.#outages.values()])
      for (const [key, place] of [...places]) {
        if (!fits(place, cause)) continue
        this.#end(key, nowMs)
        if (place.function !== undefined) functions.add(place.function)
      }
    return functions
  }

  /** Removes the matching stalls without reporting their end, because another cause includes them. */
  drop(fits: (place: StalledPart) => boolean): void {
    for (const { cause, places } of [...this.#outages.values()])
      for (const [key, place] of [...places]) {
        if (!fits(place)) continue
        this.#causes.delete(key)
        this.#leave(key, cause.id)
      }
  }

  /** Assigns a more specific cause to the matching stalls. */
  explain(fits: (place: StalledPart, outage: OutageSummary) => boolean, cause: Cause, nowMs: number): void {
    for (const outage of [...this.#outages.values()])
      for (const place of [...outage.places.values()])
        if (fits(place, outage)) this.begin(place, cause, nowMs)
  }

  causeOf(place: StalledPart): Cause | undefined {
    const id = this.#causes.get(keyOf(place))
    return id === undefined ? undefined : this.#outages.get(id)?.cause
  }

  /** Ongoing outages, with their stalled functions. */
  get open(): OpenStall[] {
    return [...this.#outages.values()]
      .filter(({ places }) => places.size > 0)
      .map(({ cause, sinceMs, places }) => ({
        cause,
        sinceMs,
        functions: new Set([...places.values()].flatMap(place => place.function ?? [])),
      }))
  }

  isOpen(name: string): boolean {
    return this.open.some(({ functions }) => functions.has(name))
  }

  /** Returns the lines to show now. */
  due(nowMs: number): string[] {
    this.#nowMs = nowMs
    return [...this.#outages].flatMap(([id, outage]) =>
      outage.overAtMs === undefined
        ? this.#begun(outage, nowMs)
        : this.#over(id, outage, outage.overAtMs, nowMs),
    )
  }

  #begun(outage: Outage, nowMs: number): string[] {
    const { cause, functions, told, isTold, untoldSinceMs } = outage
    const untold = [...functions].filter(name => !told.has(name))
    if (isTold && untold.length === 0) return []
    if (nowMs - untoldSinceMs < SETTLE_MS) return []
    outage.isTold = true
    for (const name of untold) told.add(name)
    return isTold && cause.server !== undefined ? [] : [stallLine(untold, cause)]
  }

  #over(
    id: string,
    { cause, sinceMs, functions, isTold }: Outage,
    overAtMs: number,
    nowMs: number,
  ): string[] {
    if (nowMs - overAtMs < QUIET_MS) return []
    this.#outages.delete(id)
    const took = durationText(overAtMs - sinceMs)
    const goOn = functions.size === 1 ? 'continues' : 'continue'
    const isOver = functions.size > 0 ? `${listOf(functions)} ${goOn}` : `${cause.server} answers again`
    if (isTold) return [`✓ ${isOver} (after ${took})`]
    const unsaid = functions.size === 0 ? undefined : this.#hiccups.due(id)
    if (unsaid === undefined) return []
    const more = unsaid > 0 ? ` (and ${unsaid} more times since the last message)` : ''
    return [`! ${listOf(functions)} stalled for ${took}${more}: ${firstLine(cause.reason)}`]
  }

  #end(key: string, nowMs: number): void {
    const id = this.#causes.get(key)
    const outage = id === undefined ? undefined : this.#outages.get(id)
    this.#causes.delete(key)
    if (outage?.places.delete(key) && outage.places.size === 0) outage.overAtMs = nowMs
  }

  /** Removes a stall that continues with another cause. Its end is not reported. */
  #leave(key: string, id: string): void {
    const outage = this.#outages.get(id)
    outage?.places.delete(key)
    if (outage?.places.size === 0) this.#outages.delete(id)
  }
}

function newOutage(cause: Cause, nowMs: number): Outage {
  return {
    cause,
    sinceMs: nowMs,
    places: new Map(),
    functions: new Set(),
    told: new Set(),
    isTold: false,
    untoldSinceMs: nowMs,
    overAtMs: undefined,
  }
}

function keyOf({ function: name = '', topic = '', partition, obstacle }: StalledPart): string {
  return [name, topic, partition ?? '', obstacle].join('|')
}

function stallLine(names: readonly string[], { reason, advice }: Cause): string {
  const [first = '', ...further] = reason.split('\n')
  const stand = names.length === 1 ? 'is stalled' : 'are stalled'
  const what = names.length === 0 ? `✗ ${first}` : `✗ ${listOf(names)} ${stand}: ${first}`
  if (further.length === 0) return `${what}. ${advice}`
  return [what, ...[...further, advice].map(line => `    ${line.trim()}`)].join('\n')
}

/** Returns the first line of a reason, without a colon at its end. Used for summaries. */
export function firstLine(reason: string): string {
  return (reason.split('\n')[0] ?? '').replace(/:$/, '')
}
