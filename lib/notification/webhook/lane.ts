/**
 * Delivers messages to one webhook, those of a partition in order, and limits how long the webhook can delay
 * others. All partitions of an invocation share a lane, and can call the webhook at the same time. While the
 * function lives, the lane remembers which messages were delivered, and whether the receiver responds.
 */
import { type Delivered, delivered, retry } from '../../../packages/runtime/consumer/sink.ts'
import { digestOf, forDigest, type Message } from '../message.ts'
import { SECRET_WITHIN_MS, TIMEOUT_MS, type WebhookReceiver } from '../receiver.ts'
import { attempt, type WebhookPorts } from './attempt.ts'
import { Patience } from './patience.ts'
import { Recent } from './recent.ts'
import { LastTold } from './told.ts'

/**
 * Number of consecutive timeouts after which the receiver is not called for `SKIP_MS`. From then on, a single
 * timeout has the same effect.
 */
const TIMEOUTS = 2
const SKIP_MS = 60_000
/**
 * Maximum pause that is waited for, in milliseconds, if a receiver requests one. For a longer pause, the
 * receiver is skipped, for at most `MAX_SKIP_MS`.
 */
const MAX_WAIT_MS = 10_000
const MAX_SKIP_MS = 5 * 60_000
/** Time since the start of a batch, in milliseconds, after which no further attempt is started. */
const BATCH_MS = 20_000
/** Maximum number of remembered deliveries. */
const REMEMBERED = 1_000

/**
 * Maximum duration of a batch, in milliseconds: its last attempt is started just before `BATCH_MS`, and takes as long as allowed.
 */
export const MAX_BATCH_MS = BATCH_MS + SECRET_WITHIN_MS + TIMEOUT_MS.most

export class Lane {
  readonly #receiver: WebhookReceiver
  readonly #ports: WebhookPorts
  /** Delivered notifications, oldest first. After a retry of the batch, only undelivered ones are sent again. */
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

  /** Delivers messages, and returns the outcomes in the same order. */
  async deliver(messages: readonly Message[]): Promise<readonly Delivered[]> {
    const untilMs = this.#ports.nowMs() + BATCH_MS
    const heldUp = new Set<string>()
    const outcomes: Delivered[] = []
    for (const message of messages) {
      const { group } = message.notification
      // A resolution must not overtake the firing that is about to be retried.
      const outcome = heldUp.has(group)
        ? retry(`${this.#receiver.name}: waits for an earlier notification of its group`)
        : await this.#one(message, untilMs)
      if (outcome.kind === 'retry') heldUp.add(group)
      outcomes.push(outcome)
    }
    return outcomes
  }

  /**
   * Delivers one digest of the messages that were not delivered yet and are still relevant. Returns undefined without any.
   *
   * @param key key that is the same for the same messages
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

  /** Returns whether a message with the outcome `retry` waits in Kafka, instead of being retried until it fails. */
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
