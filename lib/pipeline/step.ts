/** Runs one step of a process, and makes of its answer what can be stored; what cannot, is a fault. Pure. */
import { attributeFault } from '../cloudevents/attributes.ts'
import { attributesOf } from '../cloudevents/event.ts'
import { traceOf } from '../cloudevents/trace.ts'
import { bug, type Fault, fault } from '../domain/failure/codes.ts'
import type { Decided, KeyedProcess, Step, TimerChange } from '../domain/process.ts'
import type { Cause } from './cause.ts'
import { emitted, type Place } from './emission.ts'
import type { OutboxEntry, StoredTimer } from './ports.ts'
import { fitsItsTopic } from './publish.ts'

/** A step as it will be stored. */
export interface Stored {
  readonly reason: string
  /** The state as JSON; null forgets the entity. */
  readonly json: string | null
  readonly entries: readonly OutboxEntry[]
  readonly set: readonly StoredTimer[]
  /** Names. */
  readonly cancelled: readonly string[]
}

/** @param call asks the process */
export function runStep(
  process: KeyedProcess<unknown>,
  cause: Cause,
  at: Place,
  call: () => Step<unknown>,
): Stored | Fault {
  try {
    const step = call()
    if (step instanceof Promise) {
      // What it rejects with later would end the invocation, and each one after it that meets the record.
      step.catch(() => {})
      return fault('unexpected-error', 'the consumer is asynchronous')
    }
    if ('rejected' in step) return fault('rejected', step.rejected)
    const wrong = mistake(step, cause, process.onTimer !== undefined)
    if (wrong) return fault('unexpected-error', `the consumer ${wrong}`)
    const entries = step.emit.map((emission, index) =>
      emitted(process.name, emission, cause, { ...at, index: at.index + index }),
    )
    const unreadable = entries.flatMap(({ event }) => attributeFault(attributesOf(event)) ?? [])[0]
    if (unreadable) return fault('unexpected-error', `the consumer emitted no CloudEvent: ${unreadable}`)
    const unfit = entries.find(entry => !fitsItsTopic(entry))
    if (unfit) return fault('emission-too-large', `a ${unfit.event.type} does not fit into ${unfit.to}`)
    const json = step.state === undefined ? null : JSON.stringify(step.state)
    if (json === undefined)
      return fault('unexpected-error', 'the consumer returned a state that JSON does not know')
    return {
      reason: step.reason,
      json,
      entries,
      set: step.timers.flatMap(change => stored(process.name, change, cause)),
      cancelled: step.timers.flatMap(({ name, dueMs }) => (dueMs === undefined ? [name] : [])),
    }
  } catch (error) {
    return bug(error)
  }
}

/** What a process must not do, and no type can keep it from. */
function mistake(
  { state, emit, timers }: Decided<unknown>,
  { timeMs }: Cause,
  hasOnTimer: boolean,
): string | undefined {
  if (!distinct(emit)) return 'emitted the same name twice in one step'
  // From the outbox of a store, they would come back as something else.
  if (emit.some(({ data }) => Buffer.isBuffer(data))) return 'emitted bytes, and JSON knows none'
  if (!distinct(timers)) return 'changed the same timer twice in one step'
  const set = timers.filter(({ dueMs }) => dueMs !== undefined) as Required<TimerChange>[]
  if (set.length > 0 && !hasOnTimer) return 'set a timer, but has no onTimer'
  if (set.length > 0 && state === undefined) return 'set a timer of an entity that it forgets'
  // Written so that NaN is caught as well. A timer that is due at once could go on setting itself for ever.
  const early = set.find(({ dueMs }) => !(dueMs > timeMs && Number.isSafeInteger(dueMs)))
  return early && `set the timer ${early.name} for ${early.dueMs}, which is not after ${timeMs}`
}

function stored(consumer: string, { name, dueMs }: TimerChange, cause: Cause): StoredTimer[] {
  if (dueMs === undefined) return []
  const thresholdMs = cause.thresholdMs(dueMs)
  const id = cause.timerId(consumer, name, dueMs)
  return [{ name, dueMs, thresholdMs, id, trace: traceOf(cause) }]
}

function distinct(named: readonly { readonly name: string }[]): boolean {
  return new Set(named.map(({ name }) => name)).size === named.length
}
