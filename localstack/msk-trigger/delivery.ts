import { randomUUID } from 'node:crypto'
import type { FailedBatches } from './attempts.ts'
import { delayAfter, isWorthALine } from './backoff.ts'
import { type Discards, giveUpSurely } from './discards.ts'
import { explain } from './explain.ts'
import type { Faults } from './faults.ts'
import type { Condition, LastResponse } from './invocation-record.ts'
import type { Lane, LaneRecord } from './lane.ts'
import { judgeAnswer, type Outcome, type Reading, wholeBatchAgain } from './outcome.ts'
import { describe, type Part, pick, without } from './parts.ts'
import { Progress } from './progress.ts'
import type { StallKind } from './reports.ts'
import { afterAttempt, isOverAge, type RetryPolicy, type Unit } from './retries.ts'
import type { RunningInvocations } from './running.ts'
import type { Slots } from './slots.ts'
import { pause } from './wait.ts'

export type Batch = readonly Part<LaneRecord>[]

/** What the delivery of a batch needs from the event source it belongs to. */
export interface DeliveryContext extends Discards {
  readonly mapping: RetryPolicy & Reading
  readonly slots: Pick<Slots, 'take' | 'give'>
  readonly faults: Pick<Faults, 'strikes'>
  readonly failedBatches: FailedBatches
  readonly running: Pick<RunningInvocations, 'begin'>
  /** @param answerCounts false where the answer is to come too late. */
  invoke(batch: Batch, answerCounts: boolean): Promise<unknown>
  /** A fault of a test: nothing of what is in flight may be committed. */
  crash(): void
  /** A partition is done up to there. Resolves when more of it may be done. */
  committed(lane: Lane, offset: number): Promise<void>
  /** The partition is done with this batch, and may be in the next one. */
  release(partition: number): void
}

/** A unit with its last answer, and how often it was tried, for the backoff. */
type Tried = Unit<LaneRecord> & { readonly tries: number; readonly response?: LastResponse }

/**
 * Delivers one batch until all of it is done: invoke, commit what succeeded, and after a backoff the rest again, until
 * that succeeds, or its retries or its age are used up and its destination has it (rules 21, 22, 26 to 29). It holds its
 * partitions until it is done with them (rule 19), and a slot only while the handler runs, so a batch that waits does
 * not keep others from running. The slot for the first attempt is already taken.
 */
export function deliver(batch: Batch, lanes: ReadonlyMap<number, Lane>, to: DeliveryContext): Promise<void> {
  return new Delivery(batch, lanes, to).run()
}

class Delivery {
  readonly #batch: Batch
  readonly #lanes: ReadonlyMap<number, Lane>
  readonly #to: DeliveryContext
  readonly #progress: Progress
  /** The partitions that are not released yet. */
  readonly #held: Set<number>
  #hasSlot = true

  constructor(batch: Batch, lanes: ReadonlyMap<number, Lane>, to: DeliveryContext) {
    this.#batch = batch
    this.#lanes = lanes
    this.#to = to
    this.#progress = new Progress(batch)
    this.#held = new Set(batch.map(part => part.partition))
  }

  async run(): Promise<void> {
    await this.#settle(pick(this.#batch, ({ record }) => record === undefined))
    await this.#giveUpRefused()
    const sent = pick(this.#batch, ({ record, refused }) => record !== undefined && !refused)
    // A partition that was given away and came back goes on with its backoff.
    const tries = this.#to.failedBatches.triesOf(sent)
    let units = this.#stillOurs<Tried>([{ parts: sent, failures: 0, invocations: 0, tries }])
    for (let unit = units[0]; unit && !this.#to.ending.aborted; unit = units[0]) {
      const next = await this.#attempt(unit)
      // Partitions can be given away while their batch runs or waits.
      units = this.#stillOurs([...next, ...units.slice(1)])
    }
    this.#giveSlot()
  }

  /** Sends a unit to the function once. Returns what takes its place. */
  async #attempt(unit: Tried): Promise<Tried[]> {
    const { mapping, log, name, backoff, ending } = this.#to
    const young = await this.#giveUpOverAge(unit)
    if (young.length > 0) await this.#takeSlot()
    // A slot can be long in coming, and what it was for can be somebody else's by then.
    const parts = this.#stillOurs([{ parts: young }])[0]?.parts
    if (!parts || ending.aborted) return []
    const { requestId, outcome } = await this.#invoke(parts)
    const tries = unit.tries + 1
    const invocations = unit.invocations + 1
    const response = { requestId, isFunctionError: outcome.reported === undefined }
    if (outcome.warning) log.warning(`${name}  ${outcome.warning}`)
    await this.#settle(without(parts, outcome.again))
    if (outcome.again.length === 0) {
      if (tries > 1) log.notice(`${name}  ${describe(parts)} went through at attempt ${tries}`)
      return []
    }
    const { exhausted, units } = afterAttempt({ ...unit, parts }, outcome, mapping)
    if (exhausted.length > 0) {
      const why = `after ${invocations} attempts: ${outcome.reason}`
      await this.#giveUp(exhausted, 'RetryAttemptsExhausted', why, { invocations, response })
    } else {
      const waitMs = delayAfter(tries, backoff)
      this.#failed(outcome, tries, waitMs)
      await pause(waitMs, ending)
    }
    return units.map(next => ({ ...next, response, tries: exhausted.length > 0 ? 0 : tries }))
  }

  async #invoke(parts: Batch): Promise<{ requestId: string; outcome: Outcome<LaneRecord> }> {
    const { mapping, faults } = this.#to
    const requestId = randomUUID()
    const ended = this.#to.running.begin(parts)
    try {
      if (faults.strikes('duplicate')) await this.#to.invoke(parts, true)
      const answer = await this.#to.invoke(parts, !faults.strikes('timeout'))
      if (faults.strikes('crash')) this.#to.crash()
      return { requestId, outcome: judgeAnswer(parts, answer, mapping) }
    } catch (error) {
      return { requestId, outcome: wholeBatchAgain(parts, explain(error)) }
    } finally {
      ended()
      this.#giveSlot()
    }
  }

  /** Rules 9, 15: what cannot be sent to the function goes before anything of the batch is. */
  async #giveUpRefused(): Promise<void> {
    for (const { partition, records } of pick(this.#batch, ({ refused }) => refused !== undefined)) {
      for (const record of records) {
        const { condition, why } = record.refused ?? { condition: 'DESERIALIZATION_ERROR', why: '' }
        await this.#giveUp([{ partition, records: [record] }], condition, why, { invocations: 0 })
      }
    }
  }

  /** Rule 28, before each attempt: returns what is not over age. */
  async #giveUpOverAge({ parts, invocations, response }: Tried): Promise<Batch> {
    const { mapping } = this.#to
    const nowMs = Date.now()
    const old = pick(parts, ({ record }) => isOverAge(record?.timestamp ?? nowMs, mapping, nowMs))
    if (old.length === 0) return parts
    const why = `older than ${mapping.maximumRecordAgeMs} ms`
    await this.#giveUp(old, mapping.open.overAgeCondition, why, {
      invocations,
      ...(response && { response }),
    })
    return without(parts, old)
  }

  async #giveUp(
    parts: Batch,
    condition: Condition,
    why: string,
    of: { readonly invocations: number; readonly response?: LastResponse },
  ): Promise<void> {
    // A destination can be away for long.
    this.#giveSlot()
    const isOurs = (partition: number) => this.#isOurs(partition)
    await this.#settle(await giveUpSurely({ parts, condition, ...of }, why, isOurs, this.#to))
  }

  /** Commits as far as possible, and releases the partitions of which all is done. */
  async #settle(parts: Batch): Promise<void> {
    const done = parts.filter(({ partition }) => this.#isOurs(partition))
    this.#to.failedBatches.done(done)
    const partitions = done.map(({ partition }) => partition)
    for (const obstacle of ['invocation', 'answer'] as const) this.#to.reports.resumed(obstacle, partitions)
    for (const { partition, offset } of this.#progress.settle(done)) {
      const lane = this.#lanes.get(partition)
      if (lane) await this.#to.committed(lane, offset)
    }
    for (const { partition } of done) if (this.#progress.isDone(partition)) this.#release(partition)
  }

  /** Releases what was given away meanwhile, and returns the rest. */
  #stillOurs<U extends { readonly parts: Batch }>(units: readonly U[]): U[] {
    for (const partition of this.#held) if (!this.#isOurs(partition)) this.#release(partition)
    return units
      .map(unit => ({ ...unit, parts: unit.parts.filter(({ partition }) => this.#held.has(partition)) }))
      .filter(({ parts }) => parts.length > 0)
  }

  #isOurs(partition: number): boolean {
    return this.#lanes.get(partition)?.lost === false
  }

  #release(partition: number): void {
    if (this.#held.delete(partition)) this.#to.release(partition)
  }

  async #takeSlot(): Promise<void> {
    if (!this.#hasSlot) await this.#to.slots.take()
    this.#hasSlot = true
  }

  #giveSlot(): void {
    if (this.#hasSlot) this.#to.slots.give()
    this.#hasSlot = false
  }

  #failed({ again, reported, reason = '' }: Outcome<LaneRecord>, attempt: number, waitMs: number): void {
    const { ending, log, name, failedBatches, reports } = this.#to
    failedBatches.failed(again, attempt)
    if (ending.aborted) return
    const kind = reported ? 'reported' : kindOf(reason)
    reports.stalled({ obstacle: 'invocation', kind, reason, attempt }, again)
    if (!isWorthALine(attempt)) return
    // The whole reason once; a batch that fails for hours repeats only its first line.
    const told = attempt === 1 ? reason : reason.split('\n')[0]
    const batch = describe(again)
    log.error(`${name}  ${batch} failed (attempt ${attempt}, again in ${waitMs} ms): ${told}`)
  }
}

/** By the words of `instance.ts`. */
function kindOf(reason: string): StallKind {
  return reason.startsWith('timeout: ') ? 'timeout' : 'error'
}
