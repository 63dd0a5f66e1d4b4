/** Receivers that share the SNS topic of the environment. */
import { confirmDelivery, type Delivered, RetryableError, reject, retry } from '#runtime/consumer'
import type { Outlet } from '../deliver.ts'
import type { NotificationMessage } from '../message.ts'
import { SNS_BATCH, SNS_BYTES, type SnsMessage, snsBytes, snsMessage } from './sns-message.ts'

/** Message that SNS has not accepted, and the reason. */
export interface NotPublished {
  readonly why: string
  /** True if SNS may accept the message later. */
  readonly isTemporary?: boolean
}

export interface AlertsTopic {
  /**
   * Publishes messages in one request. There must be at most `SNS_BATCH` messages, with a total size of at most `SNS_BYTES`.
   *
   * @returns one element for each message: undefined if it was published, otherwise the reason
   * @throws RetryableError if SNS is unavailable; another error if it refuses the request
   */
  publish(messages: readonly SnsMessage[]): Promise<readonly (NotPublished | undefined)[]>
  close?(): void
}

const WAITS = 'sns: waits for an earlier notification of its group'
const HELD_UP = retry(WAITS, WAITS)

export class SnsReceivers implements Outlet {
  readonly names: readonly string[]
  readonly #topic: AlertsTopic

  /** @param names names of all receivers that use the topic */
  constructor(names: readonly string[], topic: AlertsTopic) {
    this.names = names
    this.#topic = topic
  }

  async deliver(messages: readonly NotificationMessage[]): Promise<readonly Delivered[]> {
    const outcomes = new Map<NotificationMessage, Delivered>()
    const heldUp = new Set<string>()
    for (const call of splitIntoCalls(messages)) {
      // A resolution must not be published before its firing alert, which is about to be offered again.
      const now = call.filter(({ message }) => !heldUp.has(getGroup(message)))
      const results = now.length === 0 ? [] : await this.#publish(now.map(({ toSend }) => toSend))
      for (const [index, { message }] of now.entries()) {
        const outcome = results[index] as Delivered
        outcomes.set(message, outcome)
        if (outcome.kind === 'retry') heldUp.add(getGroup(message))
      }
    }
    return messages.map(message => outcomes.get(message) ?? HELD_UP)
  }

  close(): void {
    this.#topic.close?.()
  }

  /** Publishes messages. If SNS refuses the whole request, each message is published separately: one may have caused it. */
  async #publish(messages: readonly SnsMessage[]): Promise<readonly Delivered[]> {
    try {
      return (await this.#topic.publish(messages)).map(toOutcome)
    } catch (error) {
      const isUnavailable = error instanceof RetryableError
      const { message, name } = error as Error
      if (messages.length === 1 || isUnavailable)
        return messages.map(() => retry(`sns: ${message}`, `sns: ${isUnavailable ? message : name}`))
      const each: Delivered[] = []
      for (const message of messages) each.push(...(await this.#publish([message])))
      return each
    }
  }
}

function toOutcome(refusal: NotPublished | undefined): Delivered {
  if (refusal === undefined) return confirmDelivery('delivered')
  const why = `sns: ${refusal.why}`
  return (refusal.isTemporary ? retry : reject)(why, why)
}

interface Built {
  readonly message: NotificationMessage
  readonly toSend: SnsMessage
}

/**
 * Splits messages into as few requests as the limits allow, in order. Messages of the same group are never sent in the same
 * request. SNS could accept the second message and reject the first, so that a resolution would be delivered before its firing
 * alert.
 */
function splitIntoCalls(messages: readonly NotificationMessage[]): Built[][] {
  const all: Built[][] = []
  let bytes = 0
  for (const message of messages) {
    const one = { message, toSend: snsMessage(message) }
    const own = snsBytes(one.toSend)
    const call = all.at(-1)
    const hasRoom = call && call.length < SNS_BATCH && bytes + own <= SNS_BYTES
    if (hasRoom && call.every(other => getGroup(other.message) !== getGroup(message))) call.push(one)
    else {
      all.push([one])
      bytes = 0
    }
    bytes += own
  }
  return all
}

function getGroup({ notification }: NotificationMessage): string {
  return notification.group
}
