/**
 * Delivers messages to one webhook, and limits how long the webhook can delay others. Messages of the same partition are delivered
 * in order. All partitions of an invocation share the lane of a webhook, and can call the webhook concurrently. During the lifetime
 * of the function, the lane remembers which messages were delivered, and whether the receiver responds.
 */
import { type Delivered, delivered, retry } from '../../../packages/runtime/consumer/sink.ts'
import { digestOf, forDigest, type Message } from '../message.ts'
import { SECRET_WITHIN_MS, TIMEOUT_MS, type WebhookReceiver } from '../receiver.ts'
import { attempt, type WebhookPorts } from './attempt.ts'
import { Patience } from './patience.ts'
import { Recent } from './recent.ts'
import { LastNotified } from './told.ts'

/**
 * Number of consecutive timeouts after which the receiver is not called for `SKIP_MS`. After this pause, a single further timeout
 * starts another pause.
 */
const TIMEOUTS = 2
const SKIP_MS = 60_000
/**
 * Maximum pause that a receiver can request without being skipped, in milliseconds. If it requests a longer pause, it is skipped
 * for that time, but for at most `MAX_SKIP_MS`.
 */
const MAX_WAIT_MS = 10_000
const MAX_SKIP_MS = 5 * 60_000
/** Time after the start of a batch, in milliseconds, at which the last attempt may start. */
const BATCH_MS = 20_000
/** Maximum number of deliveries that are remembered. */
const REMEMBERED = 1_000

/**
 * Maximum duration of a batch, in milliseconds. The last attempt can start just before `BATCH_MS`, and then take its maximum time.
 */
export const MAX_BATCH_MS = BATCH_MS + SECRET_WITHIN_MS + TIMEOUT_MS.most

export class Lane {
  readonly #receiver: WebhookReceiver
  readonly #ports: WebhookPorts
  /** Delivered notifications, oldest first. If a batch is retried, only notifications that are not in this map are sent again. */
  readonly #delivered = new Recent<Delivered>(REMEMBERED)
  readonly #patience = new Patience()
  readonly #told = new LastNotified()
  #timeouts = 0
  #notBeforeMs = 0
  #why = ''

  constructor(receiver: WebhookReceiver, ports: WebhookPorts) {
    this.#receiver = receiver
    this.#ports = ports
  }

  /** Delivers messages, and returns the outcomes in the same order. */
  async deliver(messages: readonly Message[]): Promise<readonly Delivered[]> {
    const untilMs = this.#ports.nowMs() + BATCH_MS
    const heldUp = new Set<string>()
    const outcomes: Delivered[] = []
    for (const message of messages) {
      const { group } = message.notification
      // A resolution must not be delivered before its firing alert, which is about to be retried.
      const outcome = heldUp.has(group)
        ? retry(`${this.#receiver.name}: waits for an earlier notification of its group`)
        : await this.#one(message, untilMs)
      if (outcome.kind === 'retry') heldUp.add(group)
      outcomes.push(outcome)
    }
    return outcomes
  }

  /**
   * Delivers one digest of the messages that have not been delivered yet and are still relevant. Returns undefined if no message is
   * for this receiver.
   *
   * @param key key from which the id of the digest is derived; the same messages must have the same key
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

  /** Returns whether a message with the outcome `retry` waits in Kafka. If not, the message becomes a failure. */
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
      return retry(`${this.#receiver.name}: not called, because it ${this.#why || 'was slow'}`)
    if (waitMs > 0) await pause(waitMs)
    const { outcome, timedOut, retryAfterMs } = await attempt(this.#receiver, news, this.#ports)
    this.#timeouts = timedOut ? this.#timeouts + 1 : 0
    if (this.#timeouts >= TIMEOUTS)
      this.#rest(SKIP_MS, `could not be called ${this.#timeouts} times in a row`)
    else if (retryAfterMs !== undefined) this.#rest(retryAfterMs, 'requested a pause')
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
