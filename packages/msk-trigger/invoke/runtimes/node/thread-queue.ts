import type { Worker } from 'node:worker_threads'
import type { EventContent } from '../../event-content.ts'
import { type HandedOver, type Invocation, NotBegun } from '../runtime.ts'
import { SharedPlaces } from './shared-places.ts'
import type { Request } from './thread-messages.ts'

/** Minimum size of a shared memory, in bytes. It is sufficient for a batch of a hundred small records. */
const LEAST_MEMORY_BYTES = 128 * 1024

type Pending = PromiseWithResolvers<unknown>

/** Invocations of a thread: the running invocation, and the invocations that wait for it. */
export class ThreadQueue {
  readonly places = new SharedPlaces()
  readonly #pending = new Map<number, Pending>()
  /**
   * Memory shared with the thread. Messages with records would copy the records twice more, and burden the garbage collector with
   * the copies.
   */
  readonly #memories: Uint8Array<SharedArrayBuffer>[] = []

  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  handOver(thread: Pick<Worker, 'postMessage'>, { event, ...about }: Invocation): HandedOver {
    const place = this.places.offer()
    const pending: Pending = Promise.withResolvers()
    try {
      thread.postMessage({
        place,
        atMs: Date.now(),
        ...about,
        ...this.#writeEvent(event, place),
      } satisfies Request)
    } catch (error) {
      // The thread has not received this memory.
      delete this.#memories[place]
      this.places.leave(place)
      throw error
    }
    this.#pending.set(place, pending)
    return {
      answer: pending.promise,
      hasBegun: () => this.#pending.get(place) !== pending || this.places.isTaken(place),
      takeBack: () => this.#pending.get(place) === pending && this.#takeBack(place, pending),
    }
  }

  takePending(place: number): Pending | undefined {
    const pending = this.#pending.get(place)
    this.#pending.delete(place)
    this.places.leave(place)
    return pending
  }

  takeBackAll(): void {
    for (const [place, pending] of this.#pending) this.#takeBack(place, pending)
  }

  #takeBack(place: number, pending: Pending): boolean {
    if (!this.places.takeBack(place)) return false
    this.#pending.delete(place)
    pending.reject(new NotBegun('the invocation was taken back before it began'))
    return true
  }

  /**
   * Writes the records of an event to the shared memory. The memory can be overwritten, because the invocation that used it before
   * is over.
   */
  #writeEvent(event: EventContent, place: number): Pick<Request, 'event' | 'memory'> {
    const { packedEvent } = event
    if (!packedEvent) return { event: event.json() }
    const { head, length } = packedEvent
    const existingMemory = this.#memories[place]
    const fits = existingMemory !== undefined && existingMemory.length >= length
    const memory = fits ? existingMemory : new Uint8Array(new SharedArrayBuffer(computeMemorySize(length)))
    this.#memories[place] = memory
    packedEvent.copyTo(memory)
    return fits ? { event: head } : { event: head, memory: memory.buffer }
  }
}

/** Returns the size of the memory for an event. It doubles each time, so that growing events rarely need new memory. */
function computeMemorySize(bytes: number): number {
  let size = LEAST_MEMORY_BYTES
  while (size < bytes) size *= 2
  return size
}
