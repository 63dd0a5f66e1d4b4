/** Step 4: each record of the wave, in order, gets its decision; the decisions make one change. Pure. */
import { type Fault, fault } from '../domain/failure/codes.ts'
import type { Step } from '../domain/process.ts'
import { TICK_TYPE } from '../domain/telemetry/tick.ts'
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
  readonly #states = new Map<string, { state: unknown; changed: boolean }>()
  readonly #applied = new Map<string, RememberedId>()
  readonly #outbox: OutboxEntry[] = []
  #clock: LogClock

  constructor(consumer: Consumer, snapshot: Snapshot) {
    this.#consumer = consumer
    this.#snapshot = snapshot
    this.#clock = snapshot.clock
  }

  decide(decoded: Decoded): Decision {
    const { offset, timestampMs } = decoded.record
    this.#clock = advance(this.#clock, timestampMs)
    if ('fault' in decoded) return this.#fail(decoded, decoded.fault)
    const { event, fingerprint } = decoded
    if (event.type === TICK_TYPE) return { offset, event, outcome: 'ignored', reason: 'tick' }
    if (!this.#consumer.process.accepts.includes(event.type))
      return { offset, event, outcome: 'ignored', reason: 'not-mine' }
    const known = this.#known(fingerprint.id)
    if (known) return this.#repeated(decoded, known)
    return this.#step(decoded)
  }

  change(decisions: readonly Decision[]): Change {
    const changed = [...this.#states].filter(([, { changed }]) => changed)
    return {
      base: this.#snapshot.version,
      mark: decisions.at(-1)?.offset ?? this.#snapshot.version.mark,
      clock: { nowMs: this.#clock.nowMs, appendedAtMs: this.#clock.appendedAtMs ?? 0 },
      states: new Map(
        changed.map(([entity, { state }]) => [entity, state === undefined ? null : JSON.stringify(state)]),
      ),
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

  #step(decoded: Healthy): Decision {
    const { record, event, fingerprint } = decoded
    const step = this.#run(decoded)
    if ('code' in step) return this.#fail(decoded, step)
    if ('rejected' in step) return this.#fail(decoded, fault('rejected', step.rejected))
    const entries = step.emit.map((emission, index) =>
      emitted(this.#consumer.process.name, emission, event, record.offset, index),
    )
    const unfit = entries.find(entry => !fitsItsTopic(entry))
    if (unfit)
      return this.#fail(
        decoded,
        fault('emission-too-large', `a ${unfit.event.type} does not fit into ${unfit.to}`),
      )
    this.#states.set(event.entity, { state: step.state, changed: true })
    this.#applied.set(fingerprint.id, { ...fingerprint, appliedAtMs: this.#clock.nowMs })
    this.#outbox.push(...entries)
    return { offset: record.offset, event, outcome: 'applied', reason: step.reason }
  }

  /** What the process makes of the event; what it throws is its bug, and the record's failure. */
  #run({ event }: Healthy): Step<unknown> | Fault {
    try {
      const step = this.#consumer.process.onEvent(this.#state(event.entity), event)
      if ('rejected' in step || distinct(step.emit.map(({ name }) => name))) return step
      return fault('unexpected-error', 'the consumer emitted the same name twice in one step')
    } catch (error) {
      return bug(error)
    }
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
    const working = this.#states.get(entity)
    if (working) return working.state
    const json = this.#snapshot.states.get(entity)
    const state = json === undefined ? undefined : JSON.parse(json)
    this.#states.set(entity, { state, changed: false })
    return state
  }
}

function bug(error: unknown): Fault {
  if (!(error instanceof Error)) return fault('unexpected-error', 'threw something that is no Error')
  const place = error.stack
    ?.split('\n')
    .find(line => line.trimStart().startsWith('at '))
    ?.trim()
  return { ...fault('unexpected-error', `${error.name}: ${error.message}`), ...(place ? { place } : {}) }
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
