/**
 * Remembers the last message to a webhook for each group. A notification that arrives behind a later one of its group (after a
 * failure, or redriven) must not bring back what is over.
 */
import type { Message } from '../message.ts'
import { Recent } from './recent.ts'

/** How many groups are remembered. */
const REMEMBERED = 1_000

interface LastMessage {
  readonly order: string
  readonly status: 'firing' | 'resolved'
  /** Fingerprints of the alerts that fire. */
  readonly firing: ReadonlySet<string>
  /** How many alerts fire, also those without room. */
  readonly count: number
}

export class LastTold {
  readonly #groups = new Recent<LastMessage>(REMEMBERED)

  /** Remembers a message that the webhook has taken. */
  remember({ notification, order }: Message): void {
    const { group, status, alerts, omitted } = notification
    if (order < (this.#groups.get(group)?.order ?? order)) return
    const firing = new Set(
      alerts.filter(one => one.status === 'firing').map(({ fingerprint }) => fingerprint),
    )
    this.#groups.set(group, { order, status, firing, count: firing.size + omitted })
  }

  /**
   * The message as far as it is still news: behind a later one of its group only the alerts that have resolved, and have not fired
   * again since, with the status of the later one. A digest is news as a whole.
   *
   * @returns undefined if nothing is left
   */
  newsOf(message: Message): Message | undefined {
    const { notification, order, digest } = message
    const later = this.#groups.get(notification.group)
    if (digest || later === undefined || later.order <= order) return message
    const alerts = notification.alerts.filter(
      ({ status, fingerprint }) => status === 'resolved' && !later.firing.has(fingerprint),
    )
    if (alerts.length === 0) return undefined
    const fires = later.status === 'firing'
    const facts = {
      status: later.status,
      reason: fires ? 'changed' : 'resolved',
      omitted: fires ? later.count : 0,
    } as const
    return { ...message, notification: { ...notification, ...facts, alerts } }
  }
}
