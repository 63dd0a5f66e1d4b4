/** The reference of the consumer `failing`: which attempts at a task fail, which one is applied, and which is a copy. */
import type { KafkaRecord } from '../kafka/records.ts'
import { createId, type LedgerEvent, MAPPED } from './event.ts'
import { isForeign } from './input.ts'
import { Intake } from './intake.ts'
import { type Redrive, readRedrive, withoutRedrive } from './redrive.ts'
import type { FailureRecord } from './reference.ts'

interface TaskState {
  readonly count: number
  readonly numbers: readonly number[]
}

/** A failure as its consumer remembers it. */
interface Remembered {
  readonly attempt: number
  readonly isOpen: boolean
  /** Where the record was when it failed first. */
  readonly partition: number
  readonly offset: number
}

/** The reference for one partition of the readings. */
export class Tasks {
  readonly states = new Map<string, TaskState>()
  readonly timers = new Map<string, []>()
  readonly intake = new Intake(type => type === 'ledger.task.v1', MAPPED)
  readonly #failures = new Map<string, Remembered>()
  readonly #topic: string
  readonly #send: (failure: FailureRecord) => void
  foreign = 0

  constructor(topic: string, send: (failure: FailureRecord) => void) {
    this.#topic = topic
    this.#send = send
  }

  get tally(): ReadonlyMap<string, number> {
    return this.intake.tally
  }

  apply(record: KafkaRecord): void {
    this.intake.advance(record)
    if (isForeign(record)) {
      this.foreign += 1
      this.#fail(record, undefined, undefined)
      return
    }
    const named = readRedrive(record)
    const redrive = named?.consumer === 'failing' ? named : undefined
    const earlier = redrive && this.#failures.get(redrive.failure)
    const original = redrive ? withoutRedrive(record) : record
    const ending = (redrive && whyNotTaken(redrive, earlier)) ?? this.#decide(original, redrive?.attempt ?? 1)
    this.intake.ended(ending)
    const [outcome, reason] = ending.split('/')
    if (outcome === 'failed') this.#fail(record, reason, reason === 'unknown-failure' ? undefined : earlier)
    else if (redrive && earlier && reason !== 'attempt-known' && reason !== 'failure-not-open')
      this.#failures.set(redrive.failure, { ...earlier, attempt: redrive.attempt, isOpen: false })
  }

  #decide(record: KafkaRecord, attempt: number): string {
    const event = this.intake.take(record)
    if (typeof event === 'string') return event
    return attempt <= event.data.fails ? 'failed/rejected' : this.#done(event)
  }

  #done(event: LedgerEvent): string {
    this.intake.applied(event)
    const numbers = [...(this.states.get(event.entity)?.numbers ?? []), event.data.number]
    this.states.set(event.entity, { count: numbers.length, numbers })
    return 'applied/done'
  }

  #fail(record: KafkaRecord, code: string | undefined, earlier: Remembered | undefined): void {
    const { partition, offset } = earlier ?? record
    const attempt = (earlier?.attempt ?? 0) + 1
    const failure = createId('failure', 'failing', this.#topic, partition, offset)
    this.#failures.set(failure, { attempt, isOpen: true, partition, offset })
    const id =
      attempt === 1 ? failure : createId('failure', 'failing', this.#topic, partition, offset, attempt)
    const sequence = ['0', String(record.offset).padStart(16, '0'), '00000000'].join('.')
    this.#send({ id, code, sequence, record: { ...withoutRedrive(record), partition, offset } })
  }
}

/** The outcome of a redriven record that is not the next attempt; undefined for what is to be processed. */
function whyNotTaken({ attempt }: Redrive, earlier: Remembered | undefined): string | undefined {
  if (earlier === undefined) return 'failed/unknown-failure'
  if (attempt <= earlier.attempt) return 'duplicate/attempt-known'
  if (!earlier.isOpen) return 'duplicate/failure-not-open'
  return attempt === earlier.attempt + 1 ? undefined : 'failed/unknown-failure'
}
