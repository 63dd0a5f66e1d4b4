/**
 * Delivers messages to one webhook, those of a partition one after the other, and bounds how long it can hold up the others. All
 * partitions of an invocation share it, and can call the webhook at the same time. It remembers, for as long as the function lives,
 * what was delivered, and whether the receiver answers at all.
 */
import { type Delivered, delivered, retry } from '../../../packages/runtime/consumer/sink.ts'
import { digestOf, forDigest, type Message } from '../message.ts'
import { SECRET_WITHIN_MS, TIMEOUT_MS, type WebhookReceiver } from '../receiver.ts'
import { attempt, type WebhookPorts } from './attempt.ts'
import { Patience } from './patience.ts'
import { Recent } from './recent.ts'
import { LastTold } from './told.ts'

/** After so many time-outs in a row the receiver is not called for a while; then each further one is enough. */
const TIMEOUTS = 2
const SKIP_MS = 60_000
/** A receiver that asks for a pause gets it, up to the first here. A longer one is not waited for, and the second is the most. */
const MAX_WAIT_MS = 10_000
const MAX_SKIP_MS = 5 * 60_000
/** No attempt begins later than this after its batch has begun. */
const BATCH_MS = 20_000
/** How many deliveries are remembered. */
const REMEMBERED = 1_000

/** The longest that a batch can take: its last attempt has begun just in time, and takes as long as it may. */
export const MAX_BATCH_MS = BATCH_MS + SECRET_WITHIN_MS + TIMEOUT_MS.most

export class Lane {
  readonly #receiver: WebhookReceiver
  readonly #ports: WebhookPorts
  /** Notifications that the receiver has, oldest first: only those that others have not taken are offered again. */
  readonly #delivered = new Recent<Delivered>(REMEMBERED)
  readonly #patience = new Patience()
  readonly #told = new LastTold()
  #timeouts = 0
  #notBeforeMs = 0
  #why = ''

  constructor(receiver: WebhookReceiver, ports: WebhookPorts) {
    this.#receiver = receiver
    this.#ports = ports
  }

  /** The outcomes, in the order of the messages. */
  async deliver(messages: readonly Message[]): Promise<readonly Delivered[]> {
    const untilMs = this.#ports.nowMs() + BATCH_MS
    const heldUp = new Set<string>()
    const outcomes: Delivered[] = []
    for (const message of messages) {
      const { group } = message.notification
      // A resolve must not overtake the fire that is about to be offered again.
      const outcome = heldUp.has(group)
        ? retry(`${this.#receiver.name}: waits for an earlier notification of its group`)
        : await this.#one(message, untilMs)
      if (outcome.kind === 'retry') heldUp.add(group)
      outcomes.push(outcome)
    }
    return outcomes
  }

  /**
   * Delivers one digest of the messages that the receiver has not had, and that are still news. Undefined without any.
   *
   * @param key the same for the same messages
   */
  async deliverDigest(messages: readonly Message[], key: string): Promise<Delivered | undefined> {
    const { name } = this.#receiver
    const own = forDigest(messages, name)
    if (own.length === 0) return undefined
    const news = own.flatMap(message => {
      return this.#delivered.get(message.notification.notificationId)
        ? []
        : (this.#told.newsOf(message) ?? [])
    })
    const digest = digestOf(news, name, key)
    if (digest === undefined) return delivered('superseded')
    const [outcome] = await this.deliver([digest])
    if (outcome?.kind === 'delivered') for (const message of news) this.#remember(message, outcome)
    return outcome
  }

  /** Whether a message with the outcome `retry` waits, instead of being offered until it fails. */
  waits(message: Message): boolean {
    return this.#patience.waits(message, this.#ports.nowMs())
  }

  async #one(message: Message, untilMs: number): Promise<Delivered> {
    const { notificationId } = message.notification
    const before = this.#delivered.get(notificationId)
    if (before) return before
    const news = this.#told.newsOf(message)
    if (news === undefined) return delivered('superseded')
    const { nowMs, pause } = this.#ports
    const waitMs = this.#notBeforeMs - nowMs()
    if (waitMs > MAX_WAIT_MS || nowMs() + Math.max(0, waitMs) > untilMs)
      return retry(`${this.#receiver.name}: not called, because it ${this.#why || 'has been slow'}`)
    if (waitMs > 0) await pause(waitMs)
    const { outcome, timedOut, retryAfterMs } = await attempt(this.#receiver, news, this.#ports)
    this.#timeouts = timedOut ? this.#timeouts + 1 : 0
    if (this.#timeouts >= TIMEOUTS)
      this.#rest(SKIP_MS, `could not be called ${this.#timeouts} times in a row`)
    else if (retryAfterMs !== undefined) this.#rest(retryAfterMs, 'has asked for a pause')
    if (outcome.kind === 'retry') this.#patience.failed(notificationId, nowMs())
    else this.#patience.answered()
    if (outcome.kind === 'delivered') this.#remember(news, outcome)
    return outcome
  }

  #remember(message: Message, outcome: Delivered): void {
    this.#delivered.set(message.notification.notificationId, outcome)
    this.#told.remember(message)
  }

  #rest(ms: number, why: string): void {
    this.#notBeforeMs = this.#ports.nowMs() + Math.min(ms, MAX_SKIP_MS)
    this.#why = why
  }
}
