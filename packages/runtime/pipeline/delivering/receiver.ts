/**
 * Offers events to the receiver of a sink in batches. Events that the receiver did not accept are offered
 * again; if a batch throws, its events are offered one by one.
 */

import { PermanentError, RetryableError } from '../../consumer/author-errors.ts'
import { derivedId } from '../../consumer/derived-id.ts'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { type Delivered, type Delivery, retry, type Sink } from '../../consumer/sink.ts'
import type { Task } from '../deciding/task.ts'
import type { Deferred } from '../model/decision.ts'
import { computeWaitMs, type FailedTry, TRIES, type TriesAllowed } from '../model/tries.ts'

interface Thrown {
  readonly kind: 'thrown'
  readonly error: unknown
  /** True if another try would get the same answer. */
  readonly isFinal: boolean
}

export type ReceiverAnswer = Delivered | Thrown

interface OffersAllowed extends Pick<TriesAllowed, 'pause' | 'reportTry'> {
  /** Returns the time in which a call may still begin, in milliseconds; negative if it is too late. */
  readonly leftMs: () => number
  /** True as long as the invocation has not decided any record of the partition. It must decide at least one. */
  readonly isFirst: boolean
}

export class Receiver {
  readonly #sink: Sink
  readonly #allowed: OffersAllowed
  readonly #pace: OfferBudget
  readonly #answers = new Map<number, ReceiverAnswer>()
  /** Receivers that have not accepted an event, by the offset of its record. */
  readonly #left = new Map<number, readonly string[]>()
  readonly #memory: unknown
  readonly #offered: Task[] = []
  #deferred: Deferred | undefined

  /** @param memory what the sink remembers after the records before the chunk */
  constructor(sink: Sink, allowed: OffersAllowed, memory: unknown) {
    this.#sink = sink
    this.#allowed = allowed
    this.#memory = memory
    this.#pace = new OfferBudget(allowed.leftMs)
  }

  /** Reason why delivery has stopped; undefined while it continues. */
  get deferred(): Deferred | undefined {
    return this.#deferred
  }

  getAnswer({ record }: Task): ReceiverAnswer | undefined {
    return this.#answers.get(record.offset)
  }

  /** Returns the receivers that have not accepted the event; undefined if the sink has named none. */
  getReceiversLeft({ record }: Task): readonly string[] | undefined {
    return this.#left.get(record.offset)
  }

  /** Returns what the sink remembers after a task; the same if it has no answer yet. */
  remember(memory: unknown, task: Task): unknown {
    const answer = this.getAnswer(task)
    if (!answer || !this.#sink.memory) return memory
    const left = omitUndefined({ receivers: this.getReceiversLeft(task) })
    const delivered =
      answer.kind === 'thrown' ? { ...retry('threw an error'), ...left } : { ...left, ...answer }
    return this.#sink.memory.after(memory, this.#describe(task, task.redriveTarget?.receivers), delivered)
  }

  /** Offers the tasks. Afterwards every task has an answer, unless the receiver cannot be reached or too little time is left. */
  async offer(tasks: readonly Task[], nowMs: number): Promise<void> {
    const { digest } = this.#sink
    const isOld = ({ event }: Task) => digest !== undefined && nowMs - event.timeMs > digest.olderThanMs
    const head = this.#allowed.isFirst && this.#answers.size === 0 ? tasks[0] : undefined
    const asDigest = {
      batchSize: Number.POSITIVE_INFINITY,
      call: (old: readonly Task[]) => this.#digest(old),
      head,
    }
    await this.#offerWithTries(tasks.filter(isOld), asDigest)
    const { batchSize = 1 } = this.#sink
    const call = (batch: readonly Task[]) => {
      // A try again may follow deliveries of later events.
      const memory = this.#sink.memory
        ? this.#offered.reduce<unknown>((before, task) => this.remember(before, task), this.#memory)
        : undefined
      return this.#sink.deliver(batch.map(this.#delivery), memory)
    }
    this.#offered.push(...tasks)
    await this.#offerWithTries(
      tasks.filter(task => !isOld(task)),
      { batchSize, call, head },
    )
  }

  /** Offers the tasks in batches. After a pause, offers the tasks again that the receiver has not accepted. */
  async #offerWithTries(tasks: readonly Task[], { batchSize, call, head }: OfferSettings): Promise<void> {
    let open = tasks
    for (let attempt = 1; open.length > 0 && attempt <= TRIES && !this.#deferred; attempt += 1) {
      if (attempt > 1 && !(await this.#waitForTry(computeWaitMs(attempt - 1)))) break
      this.#pace.begin()
      for (let at = 0; at < open.length; at += batchSize)
        await this.#call(open.slice(at, at + batchSize), call, attempt === 1)
      open = open.filter(task => explainOpen(this.getAnswer(task)) !== undefined)
      if (this.deferred?.reason !== 'receiver-unavailable') this.#report(attempt, open)
    }
    // If time runs out before an event has had all its tries, the event has not failed; it waits for the next invocation. The first
    // events of an invocation are an exception: the next invocation would have no more time for them, so their tries so far decide.
    const mustDo = this.#deferred?.reason === 'out-of-time' && open[0] === head
    if (this.#deferred && !mustDo) for (const { record } of open) this.#answers.delete(record.offset)
    if (tasks.some(task => !this.getAnswer(task))) this.#deferred ??= { reason: 'out-of-time' }
  }

  /**
   * Waits if enough time remains for another round of offers; otherwise the records stay in Kafka.
   *
   * @returns true if there was enough time
   */
  async #waitForTry(ms: number): Promise<boolean> {
    if (this.#pace.fitsAgain(ms)) await this.#allowed.pause(ms)
    else this.#deferred = { reason: 'out-of-time' }
    return !this.#deferred
  }

  #report(attempt: number, open: readonly Task[]): void {
    const [first] = open
    const why = first && explainOpen(this.getAnswer(first))
    if (first === undefined || why === undefined) return
    const { offset } = first.record
    this.#allowed.reportTry({ attempt, of: TRIES, records: open.length, offset, cause: why })
  }

  /** @param isFirst true for a first offer. It is skipped if the remaining time is needed for retries. */
  async #call(batch: readonly Task[], call: Call, isFirst: boolean): Promise<void> {
    if (this.#deferred || (isFirst && !this.#pace.fitsAnother)) return
    if (this.#allowed.leftMs() < 0) {
      this.#deferred = { reason: 'out-of-time' }
      return
    }
    const { thrown, ms } = await this.#callWithTries(batch, call)
    const isUnavailable = thrown?.error instanceof RetryableError
    if (thrown && !isUnavailable && batch.length === 1)
      this.#answers.set((batch[0] as Task).record.offset, thrown)
    const hasFailed = batch.some(task => explainOpen(this.getAnswer(task)) !== undefined)
    const result = thrown && batch.length > 1 ? 'to-divide' : hasFailed ? 'failed' : 'taken'
    this.#pace.addOffer(ms, result)
    if (isUnavailable) this.#deferred = { reason: 'receiver-unavailable', error: thrown?.error }
    // A single event may have failed the whole batch, so offer each event separately.
    else if (result === 'to-divide') for (const task of batch) await this.#call([task], call, isFirst)
  }

  /**
   * Calls the receiver, with further tries while it cannot be reached.
   *
   * @returns the duration of the last call and the error that it has thrown
   */
  async #callWithTries(
    batch: readonly Task[],
    call: Call,
  ): Promise<{ thrown: Thrown | undefined; ms: number }> {
    const { pause, reportTry, leftMs } = this.#allowed
    for (let attempt = 1; ; attempt += 1) {
      const fromMs = leftMs()
      const thrown = await this.#callReceiver(batch, call)
      const ms = fromMs - leftMs()
      if (!(thrown?.error instanceof RetryableError)) return { thrown, ms }
      const { offset } = (batch[0] as Task).record
      reportTry({ attempt, of: TRIES, records: batch.length, offset, cause: { error: thrown.error } })
      const waitMs = computeWaitMs(attempt)
      if (attempt === TRIES || leftMs() < waitMs + ms) return { thrown, ms }
      await pause(waitMs)
    }
  }

  /** Calls the receiver and stores its answers. @returns the error if the call has thrown one */
  async #callReceiver(batch: readonly Task[], call: Call): Promise<Thrown | undefined> {
    try {
      const result: unknown = await call(batch)
      const answers = Array.isArray(result) ? result : []
      const answered = answers.filter(isAnswer).length
      if (answers.length !== batch.length || answered !== batch.length)
        return {
          kind: 'thrown',
          error: new Error(`the sink returned ${answered} answers for ${batch.length} events`),
          isFinal: true,
        }
      for (const [index, { record }] of batch.entries()) {
        const answer = answers[index] as Delivered
        this.#answers.set(record.offset, answer)
        if (answer.kind === 'retry' && answer.receivers) this.#left.set(record.offset, answer.receivers)
      }
      return undefined
    } catch (error) {
      return { kind: 'thrown', error, isFinal: error instanceof PermanentError }
    }
  }

  async #digest(tasks: readonly Task[]): Promise<readonly Delivered[]> {
    const ids = tasks.flatMap(({ event: { source, id } }) => [source, id])
    const key = derivedId('digest', this.#sink.name, ...ids)
    return (await this.#sink.digest?.deliver({ deliveries: tasks.map(this.#delivery), key })) ?? []
  }

  readonly #delivery = (task: Task): Delivery =>
    this.#describe(task, this.getReceiversLeft(task) ?? task.redriveTarget?.receivers)

  #describe({ event, record, redriveTarget }: Task, receivers: readonly string[] | undefined): Delivery {
    return {
      event,
      key: derivedId('delivery', this.#sink.name, event.source, event.id),
      topic: record.topic,
      partition: redriveTarget?.place?.partition ?? record.partition,
      offset: redriveTarget?.place?.offset ?? record.offset,
      ...omitUndefined({ receivers }),
    }
  }
}

/** Returns the reason why the receiver has not accepted an event; undefined if it has accepted the event or finally rejected it. */
function explainOpen(answer: ReceiverAnswer | undefined): FailedTry['cause'] | undefined {
  if (answer?.kind === 'retry') return { safeMessage: answer.safeMessage }
  if (answer?.kind !== 'thrown' || answer.isFinal) return undefined
  return { error: answer.error }
}

const KINDS: readonly unknown[] = ['delivered', 'retry', 'rejected'] satisfies Delivered['kind'][]

/**
 * Returns true for a valid answer. A sink can bypass the type and return another value. An event without a valid answer would be
 * offered forever.
 */
function isAnswer(answer: unknown): boolean {
  return KINDS.includes((answer as Partial<Delivered> | null | undefined)?.kind)
}

type Call = (batch: readonly Task[]) => Promise<readonly Delivered[]>

interface OfferSettings {
  readonly batchSize: number
  readonly call: Call
  /** First event of the partition in this invocation; undefined if this round does not contain the event. */
  readonly head: Task | undefined
}

const WAITS_MS = [...Array(TRIES - 1).keys()].reduce((sum, index) => sum + computeWaitMs(index + 1), 0)

/** Divides the remaining time of an invocation between first offers and retries. */
class OfferBudget {
  readonly #leftMs: () => number
  /** Total duration of the failed offers of this round, in milliseconds. */
  #failedMs = 0
  #hasFailed = false
  #longestMs = 0

  /** @param leftMs returns the remaining time in which an offer may begin, in milliseconds */
  constructor(leftMs: () => number) {
    this.#leftMs = leftMs
  }

  begin(): void {
    this.#failedMs = 0
    this.#hasFailed = false
  }

  /** Records the duration of an offer. For a batch that must be divided, the result is not known for each record yet. */
  addOffer(ms: number, result: 'taken' | 'failed' | 'to-divide'): void {
    this.#longestMs = Math.max(this.#longestMs, ms)
    if (result !== 'taken') this.#failedMs += ms
    if (result === 'failed') this.#hasFailed = true
  }

  /** Returns true if enough time remains to wait and then offer the failed events of this round again, with the same duration. */
  fitsAgain(waitMs: number): boolean {
    return this.#leftMs() >= waitMs + this.#failedMs
  }

  /** True if enough time remains to offer another record and, should it fail, still make all tries for all failed records. */
  get fitsAnother(): boolean {
    if (!this.#hasFailed) return true
    return this.#leftMs() >= (TRIES - 1) * this.#failedMs + TRIES * this.#longestMs + WAITS_MS
  }
}
