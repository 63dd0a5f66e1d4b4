/** Sink that delivers notifications to all receivers side by side. The failure of one receiver does not affect the others. */

import { confirmDelivery, type Delivered, type Delivery, reject, retry, type Sink } from '#runtime/consumer'
import { buildDigest, type NotificationMessage, OLD_MS, selectParts, toMessage } from './message.ts'
import { NOTIFICATION_TYPE, type Notification } from './notification.ts'
import { type OpenGroups, rememberOffered } from './overtaken.ts'

/** Way to one or more receivers. */
export interface Outlet {
  /** Names of its receivers. */
  readonly names: readonly string[]
  /** True if it sends the notifications of a group in order, also those that return. */
  readonly keepsOrder?: boolean
  /**
   * Delivers messages in order, and returns the outcomes in the same order.
   *
   * @param openGroups groups of which a refused notification may return, before these messages
   */
  deliver(messages: readonly NotificationMessage[], openGroups: OpenGroups): Promise<readonly Delivered[]>
  /** Releases its connection. */
  close?(): void
}

/**
 * Number of messages per call of the sink. It is the number that Lambda delivers at once, so a slow receiver does not delay the
 * messages of other receivers in the same batch.
 */
const BATCH = 100

/** Outcome of one message for some of its receivers. */
interface Outcome {
  readonly names: readonly string[]
  readonly outcome: Delivered
}

/**
 * Returns the sink.
 *
 * @param place environment, whose name is shown in messages, and families
 */
export function deliverSink(
  outlets: readonly Outlet[],
  place: Pick<NotificationMessage, 'env' | 'families'>,
): Sink<Notification, OpenGroups> {
  const knownNames = new Set(outlets.flatMap(({ names }) => names))
  const ordered = new Set(outlets.flatMap(({ names, keepsOrder }) => (keepsOrder ? names : [])))
  const toMessages = (deliveries: readonly Delivery<Notification>[]) =>
    deliveries.map(delivery => toMessage(delivery, place))
  const computeOutcome = ({ to, open }: NotificationMessage, outcomes: readonly Outcome[]) => {
    const unknown = to.filter(name => !knownNames.has(name))
    const why = `unknown receiver ${unknown.join(', ')}`
    const outcome = reject(why, why)
    return combineOutcomes(unknown.length > 0 ? [...outcomes, { names: unknown, outcome }] : outcomes, open)
  }
  return {
    name: 'deliver',
    accepts: [NOTIFICATION_TYPE],
    batchSize: BATCH,
    async deliver(deliveries, openGroups = []) {
      const messages = toMessages(deliveries)
      const outcomes = new Map(messages.map((message): [NotificationMessage, Outcome[]] => [message, []]))
      await Promise.all(
        outlets.map(async outlet => {
          for (const [message, outcome] of await offerOwn(outlet, messages, openGroups))
            outcomes.get(message)?.push(outcome)
        }),
      )
      return messages.map(message => computeOutcome(message, outcomes.get(message) ?? []))
    },
    memory: {
      initial: [],
      read: data => data as OpenGroups,
      after(openGroups, delivery, answer) {
        const message = toMessage(delivery, place)
        const open = answer.kind === 'delivered' ? [] : (answer.receivers ?? message.to)
        const receivers = message.to.filter(name => ordered.has(name))
        return rememberOffered(openGroups, message, receivers, open)
      },
    },
    digest: {
      olderThanMs: OLD_MS,
      async deliver({ deliveries, key }) {
        const messages = toMessages(deliveries)
        const outcomes = new Map<string, Delivered>()
        await Promise.all(
          outlets.map(async outlet => {
            const digests = outlet.names.flatMap(name => buildDigest(messages, name, key) ?? [])
            const each = await offerMessages(outlet, digests, [])
            for (const [index, { to }] of digests.entries())
              outcomes.set(to[0] as string, each[index] as Delivered)
          }),
        )
        const findOutcomes = (name: string): Outcome[] => {
          const outcome = outcomes.get(name)
          return outcome ? [{ names: [name], outcome }] : []
        }
        return messages.map(message => computeOutcome(message, message.to.flatMap(findOutcomes)))
      },
    },
    close() {
      for (const outlet of outlets) outlet.close?.()
    },
  }
}

/** Offers an outlet the messages for its receivers. Returns each with its outcome. */
async function offerOwn(
  outlet: Outlet,
  messages: readonly NotificationMessage[],
  openGroups: OpenGroups,
): Promise<readonly (readonly [NotificationMessage, Outcome])[]> {
  const own = messages.flatMap(message => {
    const names = message.to.filter(name => outlet.names.includes(name))
    return names.length > 0 ? [{ message, names }] : []
  })
  const offered = own.map(({ message, names }) => ({ ...message, to: names }))
  const each = await offerMessages(outlet, offered, openGroups)
  return own.map(({ message, names }, index) => [message, { names, outcome: each[index] as Delivered }])
}

/** Offers messages to an outlet. An error of the outlet must not fail the other outlets. */
async function offerMessages(
  outlet: Outlet,
  messages: readonly NotificationMessage[],
  openGroups: OpenGroups,
): Promise<readonly Delivered[]> {
  if (messages.length === 0) return []
  try {
    return await outlet.deliver(messages, openGroups)
  } catch (error) {
    const { message, name } = error as Error
    const names = outlet.names.join(', ')
    return messages.map(() => retry(`${names}: ${message}`, `${names}: ${name}, see the failure record`))
  }
}

/** Combines the outcomes of one message. It names the receivers that have not accepted it, for which alone it is offered again. */
function combineOutcomes(outcomes: readonly Outcome[], before?: readonly string[]): Delivered {
  const open = outcomes.flatMap(({ names, outcome }) =>
    outcome.kind === 'delivered' ? [] : [{ names, outcome }],
  )
  if (open.length > 0) {
    const receivers = open.flatMap(
      ({ names, outcome }) =>
        outcome.receivers ?? names.flatMap(name => (before ? selectParts(before, name) : name)),
    )
    const why = open.map(({ outcome }) => outcome.why).join('; ')
    const safe = open.flatMap(({ outcome }) => outcome.safeMessage ?? []).join('; ')
    const kind = open.every(({ outcome }) => outcome.kind === 'rejected') ? 'rejected' : 'retry'
    return { kind, why, ...(safe === '' ? {} : { safeMessage: safe }), receivers }
  }
  if (outcomes.length === 0) return confirmDelivery('no-receiver')
  const isNews = outcomes.some(
    ({ outcome }) => outcome.kind === 'delivered' && outcome.reason !== 'superseded',
  )
  return confirmDelivery(isNews ? 'delivered' : 'superseded')
}
