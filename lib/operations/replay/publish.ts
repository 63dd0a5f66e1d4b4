/** Publishes recorded items in large requests at the times when they are due. */
import { type OutgoingRecord, sizeOf } from '../../../packages/runtime/cloudevents/record.ts'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'

/** Record to publish. */
export interface Departure {
  readonly line: number
  readonly paceMs: number | undefined
  /** Time of the event in the record, in milliseconds since the epoch. */
  readonly eventMs: number | undefined
  readonly record: OutgoingRecord
}

/** Maximum size of a request. Kafka applies the topic's limit of 1 MiB to all records of a partition in a request. */
export const REQUEST_LIMITS = { records: 500, bytes: 512 * 1024 } as const

/** Clock that counts milliseconds since the start of the replay. Its wait rejects when the replay is stopped. */
export interface Stopwatch {
  elapsedMs(): number
  wait(ms: number): Promise<void>
}

/**
 * Yields requests in order, each at the time when its records are due. Records that are due at the same time are combined in a
 * request.
 *
 * @param dueMs returns the due time in milliseconds after the start, see `pace.ts`
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

/** Progress of a replay. It is updated during the replay. */
export interface ReplayCounts {
  attempted: number
  acknowledged: number
  /** Line number at which an interrupted replay can continue: the line after the last acknowledged one. */
  nextLine: number
  /** Number of events that were published so early that consumers reject them. */
  ahead: number
}

/** Maximum number of requests in flight. Further requests are prepared while the broker writes. */
const MAX_ON_THE_WAY = 4

/**
 * Publishes requests in order, with several in flight. The publisher preserves the order within each partition. Rejects with the
 * error of the first request that could not be prepared or was not acknowledged. Later requests in flight may have been written,
 * but are not counted.
 *
 * @param futureToleranceMs maximum time, in milliseconds, by which consumers accept an event early
 * @param onAcknowledged called after each acknowledged request, when the counts are up to date. The promise is awaited.
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

/** Tracks requests in flight. The callback of a request runs after all earlier requests are complete. */
class InOrder {
  #last: Promise<void> = Promise.resolve()
  #count = 0
  readonly #failure = Promise.withResolvers<never>()
  #hasRoom = Promise.withResolvers<void>()

  constructor() {
    // The rejection is handled where the promise is used.
    this.#failure.promise.catch(() => {})
  }

  /** Adds a request. Resolves when another request can be added. */
  async add(one: Promise<unknown>, then: () => Promise<void>): Promise<void> {
    this.#count++
    this.#last = Promise.all([this.#last, one])
      .then(then)
      .finally(() => this.#leave())
    this.#last.catch(error => this.#failure.reject(error))
    while (this.#count >= MAX_ON_THE_WAY) await this.orFailure(this.#hasRoom.promise)
  }

  /** Resolves like the given promise, but rejects if a request fails first. */
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
