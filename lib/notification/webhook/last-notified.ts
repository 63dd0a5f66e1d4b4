/**
 * Stores the last message of each group that one webhook has accepted. A notification can arrive after a later one of its group,
 * because it failed or was redriven. It must then not report alerts as firing that have already resolved.
 */
import type { Message } from '../message.ts'

/** Maximum number of groups that are remembered. */
const REMEMBERED = 1_000

interface LastMessage {
  readonly order: string
  readonly status: 'firing' | 'resolved'
  /** Fingerprints of the firing alerts. */
  readonly firing: ReadonlySet<string>
  /** Number of firing alerts. Alerts that the message omits are included. */
  readonly count: number
}

export class LastNotified {
  /** The last message of each group, the most recent group last. */
  readonly #groups = new Map<string, LastMessage>()

  /** Stores a message that the webhook has accepted. */
  remember({ notification, order }: Message): void {
    const { group, status, alerts, omitted } = notification
    if (order < (this.#groups.get(group)?.order ?? order)) return
    const firing = new Set(
      alerts.filter(alert => alert.status === 'firing').map(({ fingerprint }) => fingerprint),
    )
    // Delete the group first, so that the groups are ordered by their latest message.
    this.#groups.delete(group)
    this.#groups.set(group, { order, status, firing, count: firing.size + omitted })
    const [oldest] = this.#groups.keys()
    if (this.#groups.size > REMEMBERED && oldest !== undefined) this.#groups.delete(oldest)
  }

  /**
   * Returns the part of a message that is still relevant. If a later message of the group has been delivered, only resolved alerts
   * that have not fired again are relevant. The status of the later message is then used. A digest is always relevant.
   *
   * @returns undefined if no part is relevant
   */
  selectNews(message: Message): Message | undefined {
    const { notification, order, isDigest } = message
    const later = this.#groups.get(notification.group)
    if (isDigest || later === undefined || later.order <= order) return message
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
