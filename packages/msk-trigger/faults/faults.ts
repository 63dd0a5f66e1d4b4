import { isObject, isWholeNumber, show } from '../support/config-values.ts'

const BATCH_FAULTS = ['duplicate', 'timeout', 'crash'] as const
type BatchFault = (typeof BATCH_FAULTS)[number]

const FAULTS = [...BATCH_FAULTS, 'rebalance', 'hold', 'release'] as const

/** A fault that a test injects into the event sources of a function. */
export interface Fault {
  /**
   * - `duplicate`: the next batch is sent to the function twice, the second time after the first response.
   * - `timeout`: the next batch times out after its handler has run. The effects of the handler remain, but its response is lost.
   * - `crash`: the poller dies after the next batch has run and before any record in flight is committed. Everything is read again
   *   from the committed offsets.
   * - `rebalance`: the group reassigns all partitions immediately. No record in flight is committed.
   * - `hold`: no batch with this partition is started until `release`. The fault is in effect once the batch in flight, if any, has
   *   ended.
   */
  readonly fault: (typeof FAULTS)[number]
  /** Key of the function in `serverless.yml`. */
  readonly function: string
  /** Name of the topic, required only if the function has several Kafka events. */
  readonly topic?: string
  /** Partition for `hold` and `release`; absent for all partitions. */
  readonly partition?: number
  /** Number of consecutive batches for `duplicate`, `timeout` and `crash`; 1 by default. */
  readonly times?: number
}

export class Faults {
  readonly #armed = new Map<BatchFault, number>()
  readonly #held = new Set<number | 'all'>()

  arm({ fault, times = 1, partition }: Omit<Fault, 'function'>): void {
    if (isBatchFault(fault)) this.#armed.set(fault, (this.#armed.get(fault) ?? 0) + times)
    if (fault === 'hold') this.#held.add(partition ?? 'all')
    if (fault === 'release' && partition === undefined) this.#held.clear()
    else if (fault === 'release') this.#held.delete(partition as number)
  }

  /** Returns true if a fault applies now, and decrements its remaining count. */
  fires(fault: BatchFault): boolean {
    const left = this.#armed.get(fault) ?? 0
    if (left > 0) this.#armed.set(fault, left - 1)
    return left > 0
  }

  isHeld(partition: number): boolean {
    return this.#held.has(partition) || this.#held.has('all')
  }
}

/** Parses a request for a fault, which is JSON. @throws Error with the reason if the request is invalid or contains unknown keys */
export function readFault(text: string): Fault {
  const request = parseRequest(text)
  const { fault, function: functionKey, topic, partition, times } = request
  for (const key of Object.keys(request)) {
    if (!['fault', 'function', 'topic', 'partition', 'times'].includes(key))
      throw new Error(`${key} is not a property of a fault`)
  }
  if (!(FAULTS as readonly unknown[]).includes(fault)) {
    throw new Error(`fault must be one of ${FAULTS.join(', ')}, not ${show(fault)}`)
  }
  if (typeof functionKey !== 'string') throw new Error(`function must be a string, not ${show(functionKey)}`)
  if (topic !== undefined && typeof topic !== 'string')
    throw new Error(`topic must be a string, not ${show(topic)}`)
  if (partition !== undefined && !isWholeNumber(partition, 0, Number.MAX_SAFE_INTEGER)) {
    throw new Error(`partition must be a non-negative integer, not ${show(partition)}`)
  }
  if (times !== undefined && !isWholeNumber(times, 1, Number.MAX_SAFE_INTEGER)) {
    throw new Error(`times must be a positive integer, not ${show(times)}`)
  }
  return request as unknown as Fault
}

function parseRequest(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  if (isObject(value)) return value
  throw new Error(`a fault must be an object, not ${show(value)}`)
}

function isBatchFault(fault: string): fault is BatchFault {
  return (BATCH_FAULTS as readonly string[]).includes(fault)
}
