import type { LoggedLine } from './log-lines.ts'

interface Told {
  readonly function: string
  readonly message: string
  readonly atMs: number
  /** What resolves it; a stall only where it belongs to one. */
  readonly end:
    | 'never'
    | 'stall'
    | { readonly topic: string; readonly partition: number; readonly offset: number }
  belongsToStall: boolean
}

/** What a function logs of an attempt comes before the attempt is known to have failed. */
const BEFORE_STALL_MS = 2_000

/** Kinds that no progress makes good: records are lost, or an entity may be in two partitions. */
const LASTING = ['records-lost', 'misrouted', 'metrics-not-written']

/**
 * The errors that functions have told, until they are resolved: one that names a range of offsets when the function has got past
 * it, one that belongs to a failed attempt when the function goes on, and any other never.
 */
export class ToldErrors {
  #told: readonly Told[] = []

  /** @param isStalled whether the function stands still at the moment */
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

  /** Something is lost that nothing brings back. */
  addLasting(name: string, message: string, nowMs: number): void {
    const told: Told = { function: name, message, atMs: nowMs, end: 'never', belongsToStall: false }
    this.#told = [...this.#told, told]
  }

  /** The function stands still: what it told just before is of the same attempt. */
  stalled(name: string, nowMs: number): void {
    for (const one of this.#told)
      if (one.function === name && nowMs - one.atMs < BEFORE_STALL_MS) one.belongsToStall = true
  }

  /** The function goes on. */
  resumed(name: string): void {
    this.#told = this.#told.filter(one => one.function !== name || one.end !== 'stall' || !one.belongsToStall)
  }

  /** The function has got through everything before this offset. */
  passed(name: string, topic: string, partition: number, nextOffset: number): void {
    const isPast = ({ function: owner, end }: Told) =>
      owner === name &&
      typeof end === 'object' &&
      end.topic === topic &&
      end.partition === partition &&
      end.offset < nextOffset
    if (this.#told.some(isPast)) this.#told = this.#told.filter(one => !isPast(one))
  }

  /** What is not resolved, in a phrase for each function and message. */
  get open(): string[] {
    const phrases = Map.groupBy(this.#told, one => `${one.function} told an error: ${one.message}`)
    return [...phrases].map(([phrase, { length }]) => (length > 1 ? `${phrase} (${length} times)` : phrase))
  }
}
