/**
 * Decides whether a notification that a webhook did not accept waits in Kafka or becomes a failure. Waiting
 * delays the other webhooks of the partition, so it is limited: by the age of each notification, and by the
 * time for which the receiver has been unavailable.
 */
import type { Message } from '../message.ts'
import { Recent } from './recent.ts'

/** Maximum time in milliseconds that a notification waits, and for which an unavailable receiver is waited for. */
const WAITS_MS = 10 * 60_000
/** Maximum number of remembered refused notifications. */
const REMEMBERED = 1_000

export class Patience {
  /** Time since which the receiver has been unavailable, and the time of its last failure. */
  #down: { readonly sinceMs: number; readonly lastMs: number } | undefined
  /** Ids of notifications for which a call of the receiver has failed. */
  readonly #called = new Recent<true>(REMEMBERED)

  answered(): void {
    this.#down = undefined
  }

  failed(notificationId: string, nowMs: number): void {
    // A failure long ago does not count as part of the same outage.
    const isSame = this.#down !== undefined && nowMs - this.#down.lastMs < WAITS_MS
    this.#down = { sinceMs: isSame && this.#down ? this.#down.sinceMs : nowMs, lastMs: nowMs }
    this.#called.set(notificationId, true)
  }

  /** Returns whether the notification waits. Even an old one waits until the receiver has been called with it once. */
  waits({ notification, atMs }: Message, nowMs: number): boolean {
    if (this.#down && nowMs - this.#down.sinceMs >= WAITS_MS) return false
    return nowMs - atMs < WAITS_MS || !this.#called.get(notification.notificationId)
  }
}
