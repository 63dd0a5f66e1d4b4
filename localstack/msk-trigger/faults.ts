import { isObject, isWholeNumber, show } from './values.ts'

/** What strikes a batch. */
const STRIKES = ['duplicate', 'timeout', 'crash'] as const
type Strike = (typeof STRIKES)[number]

const FAULTS = [...STRIKES, 'rebalance', 'hold', 'release'] as const

/** A fault that a test asks for, at the event sources of a function. */
export interface Fault {
  /**
   * - `duplicate`: the next batch is sent to the function twice, the second time when the first was answered.
   * - `timeout`: the next batch times out, after its handler has run: its effects are there, its answer is not.
   * - `crash`: the poller dies after the next batch has run and before anything of it is committed. All that was read
   *   is read again from the committed offsets, and what else is in flight is not committed either.
   * - `rebalance`: the group gives all partitions out anew, at once: what is in flight is not committed.
   * - `hold`: no batch with this partition is begun, until `release`.
   */
  readonly fault: (typeof FAULTS)[number]
  /** The function, as `serverless.yml` names it. */
  readonly function: string
  /** Needed only where the function has several Kafka events. */
  readonly topic?: string
  /** For `hold` and `release`; all partitions where it is absent. */
  readonly partition?: number
  /** For `duplicate`, `timeout` and `crash`: so many batches, one after another. */
  readonly times?: number
}

/** The faults of one event source that are still to come. */
export class Faults {
  readonly #armed = new Map<Strike, number>()
  readonly #held = new Set<number | 'all'>()

  arm({ fault, times = 1, partition }: Omit<Fault, 'function'>): void {
    if (isStrike(fault)) this.#armed.set(fault, (this.#armed.get(fault) ?? 0) + times)
    if (fault === 'hold') this.#held.add(partition ?? 'all')
    if (fault === 'release' && partition === undefined) this.#held.clear()
    else if (fault === 'release') this.#held.delete(partition as number)
  }

  /** Whether a fault strikes now. It is one less then. */
  strikes(fault: Strike): boolean {
    const left = this.#armed.get(fault) ?? 0
    if (left > 0) this.#armed.set(fault, left - 1)
    return left > 0
  }

  isHeld(partition: number): boolean {
    return this.#held.has(partition) || this.#held.has('all')
  }
}

/**
 * Reads what was asked for.
 *
 * @throws Error that says what is wrong with it; unknown keys are refused.
 */
export function readFault(text: string): Fault {
  const given = parsed(text)
  const { fault, function: functionKey, topic, partition, times } = given
  for (const key of Object.keys(given)) {
    if (!['fault', 'function', 'topic', 'partition', 'times'].includes(key))
      throw new Error(`${key} is not known`)
  }
  if (!(FAULTS as readonly unknown[]).includes(fault)) {
    throw new Error(`fault must be one of ${FAULTS.join(', ')}, not ${show(fault)}`)
  }
  if (typeof functionKey !== 'string') throw new Error(`function must be a text, not ${show(functionKey)}`)
  if (topic !== undefined && typeof topic !== 'string')
    throw new Error(`topic must be a text, not ${show(topic)}`)
  if (partition !== undefined && !isWholeNumber(partition, 0, Number.MAX_SAFE_INTEGER)) {
    throw new Error(`partition must be a number of one, not ${show(partition)}`)
  }
  if (times !== undefined && !isWholeNumber(times, 1, Number.MAX_SAFE_INTEGER)) {
    throw new Error(`times must be a whole number from 1 on, not ${show(times)}`)
  }
  return given as unknown as Fault
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  const given: unknown = JSON.parse(text)
  if (isObject(given)) return given
  throw new Error(`a fault is an object, not ${show(given)}`)
}

function isStrike(fault: string): fault is Strike {
  return (STRIKES as readonly string[]).includes(fault)
}
