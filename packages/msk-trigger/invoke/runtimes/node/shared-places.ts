/**
 * Places in shared memory for invocations that wait for a thread. The thread claims an invocation, or the plugin takes it back, and
 * the other side sees the change immediately. This module has no imports, because threads load it.
 */

/** Number of places: one for the running invocation, and one for each other invocation that an event poller may have in flight. */
const COUNT = 5

const [FREE, OFFERED, TAKEN, TAKEN_BACK] = [0, 1, 2, 3]

export class SharedPlaces {
  readonly shared: SharedArrayBuffer
  readonly #states: Int32Array<SharedArrayBuffer>

  constructor(shared = new SharedArrayBuffer(COUNT * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#states = new Int32Array(shared)
  }

  get free(): number {
    let free = 0
    for (let place = 0; place < COUNT; place += 1) if (this.#is(place, FREE)) free += 1
    return free
  }

  offer(): number {
    for (let place = 0; place < COUNT; place += 1) if (this.#change(place, FREE, OFFERED)) return place
    throw new Error('the thread has no place for another invocation')
  }

  /** Returns true if the thread has claimed the invocation. */
  isTaken(place: number): boolean {
    return this.#is(place, TAKEN)
  }

  /**
   * Called by the plugin to take back an invocation. Returns true if the thread has not claimed it; the thread then cannot claim it
   * any more.
   */
  takeBack(place: number): boolean {
    return this.#change(place, OFFERED, TAKEN_BACK)
  }

  leave(place: number): void {
    Atomics.store(this.#states, place, FREE)
  }

  /**
   * Called by the thread to claim an invocation. If the plugin has taken the invocation back, releases the place and returns false.
   */
  take(place: number): boolean {
    if (this.#change(place, OFFERED, TAKEN)) return true
    this.leave(place)
    return false
  }

  #is(place: number, state: number): boolean {
    return Atomics.load(this.#states, place) === state
  }

  #change(place: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#states, place, from, to) === from
  }
}
