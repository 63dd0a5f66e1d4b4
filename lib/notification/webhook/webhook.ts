/**
 * Delivers messages to one webhook, in order, and limits how long it can delay the batch. All partitions of an invocation share it.
 * During the lifetime of the function, it remembers whether the webhook responds.
 */
import { confirmDelivery, type Delivered, retry } from '#runtime/consumer'
import type { Outlet } from '../deliver.ts'
import type { NotificationMessage } from '../message.ts'
import { type OpenGroups, rememberOffered, selectNews } from '../overtaken.ts'
import { SECRET_WITHIN_MS, TIMEOUT_MS, type WebhookReceiver } from '../receiver.ts'
import { attempt, type WebhookPorts } from './attempt.ts'

/**
 * Number of consecutive attempts without an answer after which the webhook is not called for `SKIP_MS`. It is more than the tries of
 * one notification, so that a retry soon after a repair reaches the webhook.
 */
const SILENT_ATTEMPTS = 4
const SKIP_MS = 60_000
/** Longest pause that a webhook can request while its batch waits, and longest pause in total, in milliseconds. */
const MAX_WAIT_MS = 10_000
const MAX_SKIP_MS = 5 * 60_000
/** Time after the start of a batch, in milliseconds, at which the last attempt may start. */
const BATCH_MS = 20_000

/**
 * Maximum duration of a batch, in milliseconds. The last attempt can start just before `BATCH_MS`, and then take its maximum time.
 */
export const MAX_BATCH_MS = BATCH_MS + SECRET_WITHIN_MS + TIMEOUT_MS.most

type Result = { readonly outcome: Delivered; readonly noAnswer?: string | undefined }

export class Webhook implements Outlet {
  readonly names: readonly [string]
  readonly keepsOrder = true
  readonly #receiver: WebhookReceiver
  readonly #ports: WebhookPorts
  #silentAttempts = 0
  #pause = { endMs: 0, why: '' }

  constructor(receiver: WebhookReceiver, ports: WebhookPorts) {
    this.names = [receiver.name]
    this.#receiver = receiver
    this.#ports = ports
  }

  async deliver(
    messages: readonly NotificationMessage[],
    openGroups: OpenGroups,
  ): Promise<readonly Delivered[]> {
    const untilMs = this.#ports.nowMs() + BATCH_MS
    const heldUp = new Set<string>()
    const outcomes: Delivered[] = []
    const { name, format } = this.#receiver
    let known = openGroups
    let noAnswer: string | undefined
    for (const message of messages) {
      const { group } = message.notification
      const result: Result = noAnswer
        ? { outcome: this.#skip(`not called again after this failure: ${noAnswer}`), noAnswer }
        : // A resolution must not be delivered before its firing alert, which is about to be offered again.
          heldUp.has(group)
          ? { outcome: this.#skip('waits for an earlier notification of its group') }
          : await this.#deliverOne(selectNews(known, message, name, format === 'pagerduty'), untilMs)
      const { outcome } = result
      const left = outcome.kind === 'delivered' ? [] : (outcome.receivers ?? [name])
      known = rememberOffered(known, message, [name], left)
      noAnswer = result.noAnswer
      if (outcome.kind === 'retry') heldUp.add(group)
      outcomes.push(outcome)
    }
    return outcomes
  }

  async #deliverOne(news: NotificationMessage | undefined, untilMs: number): Promise<Result> {
    if (news === undefined) return { outcome: confirmDelivery('superseded') }
    const { nowMs, pause } = this.#ports
    const waitMs = this.#pause.endMs - nowMs()
    if (waitMs > MAX_WAIT_MS || nowMs() + Math.max(0, waitMs) > untilMs)
      return { outcome: this.#skip(waitMs > 0 ? this.#pause.why : 'not called: its batch took too long') }
    // Another partition may learn of a longer pause meanwhile.
    if (waitMs > 0) return pause(waitMs).then(() => this.#deliverOne(news, untilMs))
    const { outcome, noAnswer, retryAfterMs } = await attempt(this.#receiver, news, this.#ports, untilMs)
    this.#silentAttempts = noAnswer ? this.#silentAttempts + 1 : 0
    if (this.#silentAttempts >= SILENT_ATTEMPTS)
      this.#pauseFor(SKIP_MS, `not called for a minute after ${this.#silentAttempts} failures: ${noAnswer}`)
    else if (retryAfterMs !== undefined)
      this.#pauseFor(retryAfterMs, 'not called, because it requested a pause')
    return { outcome, noAnswer }
  }

  #skip(why: string): Delivered {
    const description = `${this.#receiver.name}: ${why}`
    return retry(description, description)
  }

  /** Starts a pause, unless a longer one is under way. */
  #pauseFor(ms: number, why: string): void {
    const endMs = this.#ports.nowMs() + Math.min(ms, MAX_SKIP_MS)
    if (endMs > this.#pause.endMs) this.#pause = { endMs, why }
  }
}
