/** What becomes of a record before anybody processes it, and what of one that cannot be. Pure: it changes the working copy alone. */
import type { LogRecord } from '../cloudevents/record.ts'
import type { Aim } from '../cloudevents/redrive.ts'
import { type Fault, fault } from '../domain/failure/codes.ts'
import type { Decoded, Healthy } from './decode.ts'
import { digestOf, failureOf, recordLetter, type Sender } from './letter.ts'
import type { Decision, LogClock, RememberedFailure, RememberedId } from './ports.ts'
import type { WorkingCopy } from './working-copy.ts'

/** A record that the consumer is to process. */
export interface Task extends Healthy {
  /** The log's clock at the record. */
  readonly clock: LogClock
  /** The failure that this is the next attempt at, where it is one. */
  readonly attemptAt: RememberedFailure | undefined
}

export class Judge {
  readonly #consumer: Sender
  readonly #copy: WorkingCopy

  constructor(consumer: Sender, copy: WorkingCopy) {
    this.#consumer = consumer
    this.#copy = copy
  }

  /**
   * The decision, where there is nothing to process.
   *
   * @param clock the log's at the record
   */
  judge(decoded: Decoded, clock: LogClock): Decision | Task {
    const aimed = this.#judgeAim(decoded, clock)
    if (aimed && 'outcome' in aimed) return aimed
    if ('ignored' in decoded) return decision(decoded, 'ignored', decoded.ignored)
    if ('fault' in decoded) return this.fail({ ...decoded, clock, attemptAt: aimed }, decoded.fault)
    const task = { ...decoded, clock, attemptAt: aimed }
    const known = this.#copy.known(decoded.fingerprint.id, clock.nowMs)
    return known ? this.#repeated(task, known) : task
  }

  /** The record is processed: it is remembered, and a failure that it was an attempt at is closed. */
  processed(task: Task, reason: string): Decision {
    this.#copy.remember({ ...task.fingerprint, appliedAtMs: task.clock.nowMs })
    this.#close(task)
    return decision(task, 'applied', reason)
  }

  /** The record leaves as a failure, or as the next attempt at one. */
  fail(
    failing: Pick<Decoded, 'record' | 'event'> & Pick<Task, 'clock' | 'attemptAt'>,
    failed: Fault,
  ): Decision {
    const { process } = this.#consumer
    const { record, event, clock, attemptAt } = failing
    const failure = failureOf(process.name, record, attemptAt, clock.nowMs)
    this.#copy.rememberFailure(failure)
    const at = { offset: record.offset, index: this.#copy.emitted }
    this.#copy.send([recordLetter(this.#consumer, record, failed, failure, event, at)])
    return { ...decision(failing, 'failed', failed.code), fault: failed }
  }

  /** A record that came before, by its id. The same content is a repeat; another one shows a producer's fault. */
  #repeated(task: Task, known: RememberedId): Decision {
    if (known.digest === task.fingerprint.digest) {
      this.#close(task)
      return decision(task, 'duplicate', 'id-known')
    }
    const [before, now] = [known.digest, task.fingerprint.digest].map(text =>
      Buffer.from(text, 'latin1').toString('hex'),
    )
    return this.fail(task, fault('id-conflict', `content digest ${now}, but the first had ${before}`))
  }

  /**
   * A redriven record is taken only as the next attempt at a failure that is open. Returns that failure; the decision where
   * the record is something else; undefined for a record that nobody redrives.
   */
  #judgeAim(decoded: Decoded, clock: LogClock): RememberedFailure | Decision | undefined {
    const { aim, record } = decoded
    if (!aim || aim.consumer !== this.#consumer.process.name) return undefined
    const failure = this.#copy.failure(aim.failure, clock.nowMs)
    const why = whyNotTaken(aim, failure, record)
    if (why === undefined) return failure
    if (why === 'attempt-known') return decision(decoded, 'duplicate', why)
    return this.fail({ ...decoded, clock, attemptAt: undefined }, fault('unknown-failure', why))
  }

  #close({ attemptAt }: Task): void {
    if (attemptAt) this.#copy.rememberFailure({ ...attemptAt, attempt: attemptAt.attempt + 1, isOpen: false })
  }
}

function decision(
  { record, event }: Pick<Decoded, 'record' | 'event'>,
  outcome: Decision['outcome'],
  reason: string,
): Decision {
  const { offset, timestampMs: appendMs } = record
  return { offset, appendMs, ...(event ? { event } : {}), outcome, reason }
}

/** Undefined where the record is the next attempt; `attempt-known` where it was made before; else what is wrong. */
function whyNotTaken(
  aim: Aim,
  failure: RememberedFailure | undefined,
  record: LogRecord,
): string | undefined {
  if (!failure) return 'no failure of this id is remembered'
  if (failure.digest !== digestOf(record)) return 'the bytes are not those that failed'
  if (!failure.isOpen || aim.attempt <= failure.attempt) return 'attempt-known'
  if (aim.attempt === failure.attempt + 1) return undefined
  return `attempt ${aim.attempt} does not follow attempt ${failure.attempt}`
}
