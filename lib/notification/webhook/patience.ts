/**
 * Decides whether a notification that a webhook did not accept waits in Kafka or becomes a failure. Waiting delays all other
 * webhooks of the partition. It is therefore limited by the age of each notification, and by the time for which the receiver has
 * been unavailable.
 */
import type { Message } from '../message.ts'
import { Recent } from './recent.ts'

/**
 * Maximum age at which a notification waits, and maximum time for which the sink waits for an unavailable receiver, in
 * milliseconds.
 */
const WAITS_MS = 10 * 60_000
/** Maximum number of notifications that are remembered because they were not accepted. */
const REMEMBERED = 1_000

export class Patience {
  /** Time since which the receiver has been unavailable, and time of the last failed request. */
  #down: { readonly sinceMs: number; readonly lastMs: number } | undefined
  /** Ids of notifications for which a request to the receiver has failed. */
  readonly #called = new Recent<true>(REMEMBERED)

  answered(): void {
    this.#down = undefined
  }

  failed(notificationId: string, nowMs: number): void {
    // If the last failure was long ago, this failure starts a new outage.
    const isSame = this.#down !== undefined && nowMs - this.#down.lastMs < WAITS_MS
    this.#down = { sinceMs: isSame && this.#down ? this.#down.sinceMs : nowMs, lastMs: nowMs }
    this.#called.set(notificationId, true)
  }

  /** Returns whether the notification waits in Kafka. Even an old notification waits until a request with it has failed once. */
  waits({ notification, atMs }: Message, nowMs: number): boolean {
    if (this.#down && nowMs - this.#down.sinceMs >= WAITS_MS) return false
    return nowMs - atMs < WAITS_MS || !this.#called.get(notification.notificationId)
  }
}
