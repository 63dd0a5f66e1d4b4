import type { LoggedLine } from './log-lines.ts'

interface Told {
  readonly function: string
  readonly message: string
  readonly atMs: number
  /** What resolves it. The end of a stall counts only if the error belongs to that stall. */
  readonly end:
    | 'never'
    | 'stall'
    | { readonly topic: string; readonly partition: number; readonly offset: number }
  belongsToStall: boolean
}

/** A function logs the errors of an attempt before the attempt is known to have failed. */
const BEFORE_STALL_MS = 2_000

/** Kinds that no progress resolves: records are lost, or an entity may be in two partitions. */
const LASTING = ['records-lost', 'misrouted', 'timed-by-producers', 'metrics-not-written']

/**
 * The errors that functions have logged, until they are resolved. An error with a range of offsets is resolved when the
 * function has passed the range; an error of a failed attempt when the function continues; any other error never.
 */
export class ToldErrors {
  #told: readonly Told[] = []

  /** @param isStalled whether the function is currently stalled */
  add({ service, message, details }: LoggedLine, isStalled: boolean, nowMs: number): void {
    const { kind, topic, partition, toOffset } = details
    const isPlace = typeof topic === 'string' && typeof partition === 'number' && typeof toOffset === 'number'
    const end = LASTING.includes(String(kind))
      ? 'never'
      : isPlace
        ? { topic, partition, offset: toOffset }
        : 'stall'
    const told: Told = { function: service, message, atMs: nowMs, end, belongsToStall: isStalled }
    this.#told = [...this.#told, told]
  }

  /** Adds a permanent loss. */
  addLasting(name: string, message: string, nowMs: number): void {
    const told: Told = { function: name, message, atMs: nowMs, end: 'never', belongsToStall: false }
    this.#told = [...this.#told, told]
  }

  /** The function is stalled: errors that it logged just before belong to the same attempt. */
  stalled(name: string, nowMs: number): void {
    for (const one of this.#told)
      if (one.function === name && nowMs - one.atMs < BEFORE_STALL_MS) one.belongsToStall = true
  }

  /** The function continues. */
  resumed(name: string): void {
    this.#told = this.#told.filter(one => one.function !== name || one.end !== 'stall' || !one.belongsToStall)
  }

  /** The function has processed everything before this offset. */
  passed(name: string, topic: string, partition: number, nextOffset: number): void {
    const isPast = ({ function: owner, end }: Told) =>
      owner === name &&
      typeof end === 'object' &&
      end.topic === topic &&
      end.partition === partition &&
      end.offset < nextOffset
    if (this.#told.some(isPast)) this.#told = this.#told.filter(one => !isPast(one))
  }

  /** The unresolved errors, one phrase per function and message. */
  get open(): string[] {
    const phrases = Map.groupBy(this.#told, one => `${one.function} logged an error: ${one.message}`)
    return [...phrases].map(([phrase, { length }]) => (length > 1 ? `${phrase} (${length} times)` : phrase))
  }
}
