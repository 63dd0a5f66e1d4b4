/** Step 4: each record of the wave, in order, gets its decision; the decisions make one change. Pure. */
import { bug, type Fault, fault } from '../domain/failure/codes.ts'
import { advance } from './clock.ts'
import type { Consumer } from './consumer.ts'
import type { Decoded } from './decode.ts'
import { emitted, failed } from './emission.ts'
import type { Change, Decision, LogClock, OutboxEntry, RememberedId, Snapshot } from './ports.ts'
import { fitsItsTopic } from './publish.ts'

export interface Applied {
  readonly decisions: readonly Decision[]
  readonly change: Change
}

type Healthy = Extract<Decoded, { fingerprint: unknown }>

/** A step as it will be stored. */
interface Outcome {
  readonly state: unknown
  readonly json: string | null
  readonly entries: readonly OutboxEntry[]
  readonly reason: string
}

/** Decides every record of the wave. All of them lie after the snapshot's mark; there is at least one. */
export function apply(consumer: Consumer, snapshot: Snapshot, wave: readonly Decoded[]): Applied {
  const working = new WorkingCopy(consumer, snapshot)
  const decisions = wave.map(decoded => working.decide(decoded))
  return { decisions, change: working.change(decisions) }
}

/** The snapshot as the wave changes it: what a record changes, the next one sees. */
class WorkingCopy {
  readonly #consumer: Consumer
  readonly #snapshot: Snapshot
  /** What the wave has changed, as it will be stored; null where the entity is forgotten. */
  readonly #changed = new Map<string, string | null>()
  /** The same, and what was only looked at, as the process knows it. */
  readonly #states = new Map<string, unknown>()
  readonly #applied = new Map<string, RememberedId>()
  readonly #outbox: OutboxEntry[] = []
  #clock: LogClock

  constructor(consumer: Consumer, snapshot: Snapshot) {
    this.#consumer = consumer
    this.#snapshot = snapshot
    this.#clock = snapshot.clock
  }

  decide(decoded: Decoded): Decision {
    this.#clock = advance(this.#clock, decoded.record.timestampMs)
    if ('fault' in decoded) return this.#fail(decoded, decoded.fault)
    if ('ignored' in decoded) {
      const { record, event, ignored } = decoded
      return { offset: record.offset, event, outcome: 'ignored', reason: ignored }
    }
    const known = this.#known(decoded.fingerprint.id)
    if (known) return this.#repeated(decoded, known)
    const step = this.#step(decoded)
    if (!('code' in step)) return this.#take(decoded, step)
    // The process may have touched the state before it gave up: the next event starts from what is stored.
    this.#states.delete(decoded.event.entity)
    return this.#fail(decoded, step)
  }

  change(decisions: readonly Decision[]): Change {
    return {
      base: this.#snapshot.version,
      mark: decisions.at(-1)?.offset ?? this.#snapshot.version.mark,
      clock: this.#clock,
      states: this.#changed,
      ids: [...this.#applied.values()],
      outbox: this.#outbox,
      tally: tally(decisions),
      idWindowMs: this.#consumer.idWindowMs,
    }
  }

  /** A record that came before, by its id. The same content is a repeat; another one shows a producer's fault. */
  #repeated(decoded: Healthy, known: RememberedId): Decision {
    const { record, event, fingerprint } = decoded
    if (known.digest === fingerprint.digest)
      return { offset: record.offset, event, outcome: 'duplicate', reason: 'id-known' }
    const [before, now] = [known.digest, fingerprint.digest].map(text =>
      Buffer.from(text, 'latin1').toString('hex'),
    )
    return this.#fail(decoded, fault('id-conflict', `content digest ${now}, but the first had ${before}`))
  }

  /** What the process makes of the event, ready to be stored; what cannot be, or is thrown, is the record's failure. */
  #step({ record, event }: Healthy): Outcome | Fault {
    try {
      const { process } = this.#consumer
      const step = process.onEvent(this.#state(event.entity), event)
      if ('rejected' in step) return fault('rejected', step.rejected)
      if (!distinct(step.emit.map(({ name }) => name)))
        return fault('unexpected-error', 'the consumer emitted the same name twice in one step')
      const entries = step.emit.map((emission, index) =>
        emitted(process.name, emission, event, record.offset, index),
      )
      const unfit = entries.find(entry => !fitsItsTopic(entry))
      if (unfit) return fault('emission-too-large', `a ${unfit.event.type} does not fit into ${unfit.to}`)
      const json = step.state === undefined ? null : JSON.stringify(step.state)
      return { state: step.state, json, entries, reason: step.reason }
    } catch (error) {
      return bug(error)
    }
  }

  #take({ record, event, fingerprint }: Healthy, { state, json, entries, reason }: Outcome): Decision {
    this.#states.set(event.entity, state)
    this.#changed.set(event.entity, json)
    this.#applied.set(fingerprint.id, { ...fingerprint, appliedAtMs: this.#clock.nowMs })
    this.#outbox.push(...entries)
    return { offset: record.offset, event, outcome: 'applied', reason }
  }

  #fail(decoded: Decoded, failure: Fault): Decision {
    const { process, failuresTo } = this.#consumer
    this.#outbox.push(failed(process.name, failuresTo, decoded.record, failure, decoded.event))
    const { offset } = decoded.record
    const event = decoded.event ? { event: decoded.event } : {}
    return { offset, ...event, outcome: 'failed', reason: failure.code, fault: failure }
  }

  #known(id: string): RememberedId | undefined {
    const known = this.#applied.get(id) ?? this.#snapshot.known.get(id)
    return known && this.#clock.nowMs - known.appliedAtMs <= this.#consumer.idWindowMs ? known : undefined
  }

  #state(entity: string): unknown {
    if (this.#states.has(entity)) return this.#states.get(entity)
    const json = this.#changed.has(entity) ? this.#changed.get(entity) : this.#snapshot.states.get(entity)
    const state = json ? JSON.parse(json) : undefined
    this.#states.set(entity, state)
    return state
  }
}

function tally(decisions: readonly Decision[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { outcome, reason } of decisions) {
    const name = `${outcome}/${reason}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function distinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length
}
