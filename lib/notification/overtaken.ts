/**
 * The order of notifications for webhooks. One that was refused is retried or redriven later, and must not report alerts as firing that
 * have resolved since. The notifications that a webhook has accepted meanwhile are stored with the position of the partition, for all
 * instances. Pure.
 */
import { type NotificationMessage, OLD_MS, selectParts } from './message.ts'

/** A group and one of its receivers. They are remembered only while a notification of the group may return to the receiver. */
interface OpenGroup {
  readonly group: string
  readonly receiver: string
  /** Notifications that the receiver has not accepted: their orders and times. */
  readonly failed: readonly (readonly [order: string, atMs: number])[]
  /** Last notification of which the receiver has accepted at least a part since; absent if there is none. */
  readonly last?: LastMessage
}

interface LastMessage {
  readonly order: string
  readonly status: 'firing' | 'resolved'
  /** Fingerprints of the firing alerts. */
  readonly firing: readonly string[]
  /** Number of firing alerts. Alerts that the message omits are included. */
  readonly count: number
}

/** The entry that has changed last comes last. */
export type OpenGroups = readonly OpenGroup[]

/** Maximum number of entries in a partition. The oldest go first. */
const MAX_ENTRIES = 500

/**
 * Returns what is remembered after a message was offered to receivers; the same object if nothing changes.
 *
 * @param left receivers that have not accepted it, and parts such as `pager/<alertId>` of receivers that have accepted the others
 */
export function rememberOffered(
  all: OpenGroups,
  message: NotificationMessage,
  receivers: readonly string[],
  left: readonly string[],
): OpenGroups {
  return receivers.reduce((openGroups, receiver) => {
    const before = findOpenGroup(openGroups, message, receiver)
    const hasFailed = selectParts(left, receiver).length > 0
    if (!before && !hasFailed) return openGroups
    const others = openGroups.filter(one => one !== before && mayReturn(one, message))
    const after = afterOffer(before ?? { group: message.notification.group, receiver, failed: [] }, message, {
      hasFailed,
      isTaken: !left.includes(receiver),
    })
    return [...others, ...(mayReturn(after, message) ? [after] : [])].slice(-MAX_ENTRIES)
  }, all)
}

/**
 * Returns the part of a message that is still relevant for a receiver. If it has accepted a later message of the group, only resolved
 * alerts that have not fired again are relevant. The status of the later message is then used. A digest is always relevant.
 *
 * @param hasIds true if the receiver keeps alerts by their ids: an alert that has fired again is another one there
 * @returns undefined if no part is relevant
 */
export function selectNews(
  all: OpenGroups,
  message: NotificationMessage,
  receiver: string,
  hasIds: boolean,
): NotificationMessage | undefined {
  const { notification, order, isDigest } = message
  const later = findOpenGroup(all, message, receiver)?.last
  if (isDigest || later === undefined || later.order <= order) return message
  const alerts = notification.alerts.filter(
    ({ status, fingerprint }) => status === 'resolved' && (hasIds || !later.firing.includes(fingerprint)),
  )
  if (alerts.length === 0) return undefined
  const fires = later.status === 'firing'
  const facts = {
    status: later.status,
    reason: fires ? 'changed' : 'resolved',
    omitted: fires ? later.count : 0,
  } as const
  return { ...message, isOvertaken: true, notification: { ...notification, ...facts, alerts } }
}

function findOpenGroup(
  all: OpenGroups,
  { notification }: NotificationMessage,
  receiver: string,
): OpenGroup | undefined {
  return all.find(one => one.group === notification.group && one.receiver === receiver)
}

function mayReturn({ failed }: OpenGroup, message: NotificationMessage): boolean {
  return failed.some(one => isRecent(one, message))
}

/** A notification that is older is not sent any more, but counted in a digest. */
function isRecent([, failedMs]: OpenGroup['failed'][number], { atMs }: NotificationMessage): boolean {
  return failedMs > atMs - OLD_MS
}

/**
 * A later notification overtakes the earlier ones if one part of it was accepted: the other parts return, and with them all that
 * still fires.
 */
function afterOffer(
  before: OpenGroup,
  message: NotificationMessage,
  offer: { hasFailed: boolean; isTaken: boolean },
): OpenGroup {
  const { order, atMs, notification } = message
  const others = before.failed.filter(one => one[0] !== order && isRecent(one, message))
  const failed = offer.hasFailed ? [...others, [order, atMs] as const] : others
  if (!offer.isTaken || order <= (before.last?.order ?? '')) return { ...before, failed }
  const { status, alerts, omitted } = notification
  const firing = alerts.flatMap(alert => (alert.status === 'firing' ? [alert.fingerprint] : []))
  return { ...before, failed, last: { order, status, firing, count: firing.length + omitted } }
}
