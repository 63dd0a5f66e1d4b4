/** Publishes recorded items when they are due, in large requests. */
import { type OutgoingRecord, sizeOf } from '../../../packages/runtime/cloudevents/record.ts'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'

/** One record on its way. */
export interface Departure {
  readonly line: number
  readonly paceMs: number | undefined
  /** Time of its event, as published; milliseconds since the epoch. */
  readonly eventMs: number | undefined
  readonly record: OutgoingRecord
}

/** Maximum bytes of one request. Kafka applies the topic's limit of 1 MiB to all records of a partition in a request. */
export const REQUEST_LIMITS = { records: 500, bytes: 512 * 1024 } as const

/** Milliseconds since the start, and a wait that ends early with an error when it is stopped. */
export interface Stopwatch {
  elapsedMs(): number
  wait(ms: number): Promise<void>
}

/**
 * The departures in order, each no sooner than it is due, those due together as one request.
 *
 * @param dueMs milliseconds after the start, see `pace.ts`
 */
export async function* requests(
  groups: AsyncIterable<readonly Departure[]>,
  dueMs: (recordedMs: number | undefined) => number,
  stopwatch: Stopwatch,
): AsyncGenerator<readonly Departure[]> {
  for await (const group of groups) {
    let request: Departure[] = []
    let bytes = 0
    for (const departure of group) {
      const due = dueMs(departure.paceMs)
      const size = sizeOf(departure.record)
      const isFull = request.length >= REQUEST_LIMITS.records || bytes + size > REQUEST_LIMITS.bytes
      if (request.length > 0 && (isFull || due > stopwatch.elapsedMs())) {
        yield request
        request = []
        bytes = 0
      }
      const early = due - stopwatch.elapsedMs()
      if (early > 0) await stopwatch.wait(early)
      request.push(departure)
      bytes += size
    }
    if (request.length > 0) yield request
  }
}

/** How far a replay has come; counted up while it runs. */
export interface ReplayCounts {
  attempted: number
  acknowledged: number
  /** Where to continue: the line after the last acknowledged one. */
  nextLine: number
  /** Events sent so early that consumers refuse them as being from the future. */
  ahead: number
}

/** Requests that are on their way together: the next one is made while the broker writes. */
const MAX_ON_THE_WAY = 4

/**
 * Publishes the requests in order, some of them on their way together: the publisher keeps the order in each partition. Rejects
 * with the error of the first request that could not be made or was not acknowledged. Those behind it that were on their way may
 * have been written; they are not counted.
 *
 * @param futureToleranceMs how far before its time consumers take an event
 * @param onAcknowledged is awaited after each request, with the counts up to date
 */
export async function publishAll(
  all: AsyncIterable<readonly Departure[]>,
  publisher: Publisher,
  counts: ReplayCounts,
  {
    futureToleranceMs,
    nowMs,
    onAcknowledged,
  }: {
    readonly futureToleranceMs: number
    readonly nowMs: () => number
    readonly onAcknowledged?: () => Promise<void>
  },
): Promise<void> {
  const count = async (request: readonly Departure[]) => {
    counts.acknowledged += request.length
    counts.nextLine = (request.at(-1) as Departure).line + 1
    await onAcknowledged?.()
  }
  const onTheWay = new InOrder()
  const requests = all[Symbol.asyncIterator]()
  try {
    while (true) {
      const { done, value: request } = await onTheWay.orFailure(requests.next())
      if (done) break
      const latestMs = nowMs() + futureToleranceMs
      counts.ahead += request.filter(({ eventMs }) => eventMs !== undefined && eventMs > latestMs).length
      counts.attempted += request.length
      await onTheWay.add(publisher.publish(request.map(({ record }) => record)), () => count(request))
    }
  } finally {
    await onTheWay.settled()
  }
  await onTheWay.orFailure(Promise.resolve())
}

/** Work in flight; each item's own step follows once everything before it is done. */
class InOrder {
  #last: Promise<void> = Promise.resolve()
  #count = 0
  readonly #failure = Promise.withResolvers<never>()
  #hasRoom = Promise.withResolvers<void>()

  constructor() {
    // The rejection is handled by its callers.
    this.#failure.promise.catch(() => {})
  }

  /** Resolves when there is room for another one. */
  async add(one: Promise<unknown>, then: () => Promise<void>): Promise<void> {
    this.#count++
    this.#last = Promise.all([this.#last, one])
      .then(then)
      .finally(() => this.#leave())
    this.#last.catch(error => this.#failure.reject(error))
    while (this.#count >= MAX_ON_THE_WAY) await this.orFailure(this.#hasRoom.promise)
  }

  /** Resolves as another promise does, unless something fails first. */
  orFailure<T>(other: Promise<T>): Promise<T> {
    return Promise.race([this.#failure.promise, other])
  }

  async settled(): Promise<void> {
    await this.#last.catch(() => {})
  }

  #leave(): void {
    this.#count--
    this.#hasRoom.resolve()
    this.#hasRoom = Promise.withResolvers()
  }
}
