/**
 * Decides whether a notification that a webhook did not take waits in Kafka, or becomes a failure. Waiting holds up the other
 * webhooks of the partition, so it ends: for each notification by its age, and for a receiver that stays down by the time that it
 * has been down.
 */
import type { Message } from '../message.ts'
import { Recent } from './recent.ts'

/** How long a notification waits, and for how long a receiver that takes nothing is waited for. */
const WAITS_MS = 10 * 60_000
/** Maximum number of remembered refused notifications. */
const REMEMBERED = 1_000

export class Patience {
  /** Notifications with a recent attempt. */
  #down: { readonly sinceMs: number; readonly lastMs: number } | undefined
  /** Notifications with failed calls of the receiver. */
  readonly #called = new Recent<true>(REMEMBERED)

  answered(): void {
    this.#down = undefined
  }

  failed(notificationId: string, nowMs: number): void {
    // A failure long ago says nothing about now.
    const isSame = this.#down !== undefined && nowMs - this.#down.lastMs < WAITS_MS
    this.#down = { sinceMs: isSame && this.#down ? this.#down.sinceMs : nowMs, lastMs: nowMs }
    this.#called.set(notificationId, true)
  }

  /** An old notification waits as well until the receiver has been called with it once. */
  waits({ notification, atMs }: Message, nowMs: number): boolean {
    if (this.#down && nowMs - this.#down.sinceMs >= WAITS_MS) return false
    return nowMs - atMs < WAITS_MS || !this.#called.get(notification.notificationId)
  }
}
