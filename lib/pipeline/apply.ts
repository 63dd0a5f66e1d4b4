/** Step 4: each record of the wave, in order, gets its decision, after the timers that it lets pass. Pure. */
import type { LogRecord } from '../cloudevents/record.ts'
import type { Aim } from '../cloudevents/redrive.ts'
import { partsOfEntity } from '../domain/event.ts'
import { type Fault, fault } from '../domain/failure/codes.ts'
import type { KeyedProcess, Timer } from '../domain/process.ts'
import { eventCause, timerCause } from './cause.ts'
import { advance, blindMs } from './clock.ts'
import type { Consumer } from './consumer.ts'
import type { Decoded, Healthy } from './decode.ts'
import { digestOf, failureOf, recordLetter, timerFault, timerLetter } from './letter.ts'
import type { Change, Decision, LogClock, RememberedFailure, RememberedId, Snapshot } from './ports.ts'
import { runStep } from './step.ts'
import type { EntityTimer } from './timers.ts'
import { WorkingCopy } from './working-copy.ts'

export interface Applied {
  readonly decisions: readonly Decision[]
  readonly change: Change
  /** How many records of the wave are decided: fewer where more timers fire than one commit takes. */
  readonly count: number
  /** Stretches that the log's clock did not count, each with the offset behind it. */
  readonly blind: readonly { readonly beforeOffset: number; readonly ms: number }[]
}

/**
 * Decides the wave, as far as one commit reaches. All records lie after the snapshot's mark; there is at least one. How
 * the log is cut into waves changes nothing of what is decided.
 */
export function apply(consumer: Consumer, snapshot: Snapshot, wave: readonly Decoded[]): Applied {
  const front = new Wave(consumer, new WorkingCopy(consumer, snapshot))
  const blind: { beforeOffset: number; ms: number }[] = []
  let count = 0
  for (const decoded of wave) {
    const { offset, timestampMs } = decoded.record
    const ms = blindMs(front.copy.clock, timestampMs)
    if (!front.decide(decoded)) break
    if (ms > 0) blind.push({ beforeOffset: offset, ms })
    count += 1
  }
  return { decisions: front.copy.decisions, change: front.copy.change, count, blind }
}

class Wave {
  readonly copy: WorkingCopy
  readonly #consumer: Consumer
  #timersLeft: number

  constructor(consumer: Consumer, copy: WorkingCopy) {
    this.#consumer = consumer
    this.copy = copy
    this.#timersLeft = consumer.limits.timers
  }

  /** False where the wave is full of timers before the record is decided. */
  decide(decoded: Decoded): boolean {
    const { record } = decoded
    const clock = advance(this.copy.clock, record.timestampMs)
    const nextPassed = () => this.copy.agenda.passed(clock.nowMs)
    for (let next = nextPassed(); next; next = nextPassed())
      if (next === 'not-loaded' || !this.#fire(next, record)) return false
    const aimed = this.#judgeAim(decoded)
    if (aimed && 'outcome' in aimed) return this.#end(record, aimed)
    if ('ignored' in decoded) {
      const { event, ignored } = decoded
      return this.#end(record, {
        offset: record.offset,
        ...(event ? { event } : {}),
        outcome: 'ignored',
        reason: ignored,
      })
    }
    if ('fault' in decoded) return this.#end(record, this.#fail(decoded, decoded.fault, clock, aimed))
    const known = this.copy.known(decoded.fingerprint.id, clock.nowMs)
    if (known) return this.#end(record, this.#repeated(decoded, known, clock, aimed))
    const { entity, timeMs } = decoded.event
    const nextOwn = () => this.copy.agenda.dueBefore(entity, timeMs)
    for (let next = nextOwn(); next; next = nextOwn()) if (!this.#fire(next, record)) return false
    return this.#end(record, this.#step(decoded, clock, aimed))
  }

  #end({ timestampMs }: LogRecord, decision: Decision): true {
    this.copy.decided(timestampMs, decision)
    return true
  }

  /** False where the wave has no room for another timer. */
  #fire(due: EntityTimer, record: LogRecord): boolean {
    if (this.#timersLeft === 0) return false
    this.#timersLeft -= 1
    const { entity, timer } = due
    const { process, failuresTo } = this.#consumer
    const { offset } = record
    const at = { offset, index: this.copy.emitted }
    this.copy.agenda.cancel(entity, timer.name)
    const fires: Timer = { name: timer.name, dueMs: timer.dueMs, entity, ...partsOfEntity(entity) }
    const step = runStep(this.#consumer, timerCause(due), at, () =>
      onTimer(process, this.copy.state(entity), fires),
    )
    if ('code' in step) {
      this.copy.restore(entity)
      const failed = timerFault(due, step)
      this.copy.send([timerLetter({ consumer: process.name, to: failuresTo }, due, record, failed, at)])
      this.copy.fired({ offset, outcome: 'timer', reason: failed.code, fault: failed })
      return true
    }
    this.copy.take(entity, step)
    this.copy.fired({ offset, outcome: 'timer', reason: step.reason })
    return true
  }

  /** What the process makes of the event; what cannot be stored, or is thrown, is the record's failure. */
  #step(decoded: Healthy, clock: LogClock, aimed: RememberedFailure | undefined): Decision {
    const { record, event, fingerprint } = decoded
    const { process } = this.#consumer
    const cause = eventCause(event, clock.nowMs, process.allowedLatenessMs ?? 0)
    const at = { offset: record.offset, index: this.copy.emitted }
    const step = runStep(this.#consumer, cause, at, () =>
      process.onEvent(this.copy.state(event.entity), event),
    )
    if ('code' in step) {
      this.copy.restore(event.entity)
      return this.#fail(decoded, step, clock, aimed)
    }
    this.copy.take(event.entity, step)
    this.copy.remember({ ...fingerprint, appliedAtMs: clock.nowMs })
    this.#close(aimed)
    return { offset: record.offset, event, outcome: 'applied', reason: step.reason }
  }

  /** A record that came before, by its id. The same content is a repeat; another one shows a producer's fault. */
  #repeated(
    decoded: Healthy,
    known: RememberedId,
    clock: LogClock,
    aimed: RememberedFailure | undefined,
  ): Decision {
    const { record, event, fingerprint } = decoded
    if (known.digest === fingerprint.digest) {
      this.#close(aimed)
      return { offset: record.offset, event, outcome: 'duplicate', reason: 'id-known' }
    }
    const [before, now] = [known.digest, fingerprint.digest].map(text =>
      Buffer.from(text, 'latin1').toString('hex'),
    )
    const conflict = fault('id-conflict', `content digest ${now}, but the first had ${before}`)
    return this.#fail(decoded, conflict, clock, aimed)
  }

  /**
   * A redriven record is taken only as the next attempt at a failure that is open. Returns that failure; the decision where
   * the record is something else; undefined for a record that nobody redrives.
   */
  #judgeAim(decoded: Decoded): RememberedFailure | Decision | undefined {
    const { aim, record } = decoded
    if (!aim || aim.consumer !== this.#consumer.process.name) return undefined
    const failure = this.copy.failure(aim.failure)
    const why = whyNotTaken(aim, failure, record)
    if (why === undefined) return failure
    if (why !== 'attempt-known')
      return this.#fail(decoded, fault('unknown-failure', why), advance(this.copy.clock, record.timestampMs))
    const event = decoded.event ? { event: decoded.event } : {}
    return { offset: record.offset, ...event, outcome: 'duplicate', reason: why }
  }

  #fail(decoded: Decoded, failed: Fault, clock: LogClock, earlier?: RememberedFailure): Decision {
    const { process, failuresTo } = this.#consumer
    const { record, event } = decoded
    const failure = failureOf(process.name, record, earlier, clock.nowMs)
    this.copy.rememberFailure(failure)
    const sender = { consumer: process.name, to: failuresTo }
    const at = { offset: record.offset, index: this.copy.emitted }
    this.copy.send([recordLetter(sender, record, failed, failure, event, at)])
    const { offset } = record
    return { offset, ...(event ? { event } : {}), outcome: 'failed', reason: failed.code, fault: failed }
  }

  #close(failure: RememberedFailure | undefined): void {
    if (failure) this.copy.rememberFailure({ ...failure, attempt: failure.attempt + 1, isOpen: false })
  }
}

function onTimer(process: KeyedProcess<unknown>, state: unknown, timer: Timer) {
  if (!process.onTimer) throw new Error(`has no onTimer any more, but a timer ${timer.name}`)
  return process.onTimer(state, timer)
}

/** Undefined where the record is the next attempt; `attempt-known` where it was made before; else what is wrong. */
function whyNotTaken(
  aim: Aim,
  failure: RememberedFailure | undefined,
  record: LogRecord,
): string | undefined {
  if (!failure) return 'no failure of this id is remembered'
  if (failure.digest !== digestOf(record)) return 'the bytes are not those that failed'
  if (aim.attempt <= failure.attempt) return 'attempt-known'
  if (!failure.isOpen) return 'attempt-known'
  if (aim.attempt === failure.attempt + 1) return undefined
  return `attempt ${aim.attempt} does not follow attempt ${failure.attempt}`
}
