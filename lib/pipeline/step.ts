/** Runs one step of a process, and makes of its answer what can be stored; what cannot, is a fault. Pure. */
import { attributeFault } from '../cloudevents/attributes.ts'
import { attributesOf } from '../cloudevents/event.ts'
import { traceOf } from '../cloudevents/trace.ts'
import type { ContentMode } from '../cloudevents/writer.ts'
import { bug, type Fault, fault } from '../domain/failure/codes.ts'
import type { Decided, Emission, KeyedProcess, Step, TimerChange } from '../domain/process.ts'
import { SIGNALS, TOPICS } from '../domain/topics.ts'
import type { Cause } from './cause.ts'
import type { Consumer } from './consumer.ts'
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

/** Why a step cannot be stored. */
export interface StepFault extends Fault {
  /** Whether the process wanted to forget the entity, and only what it emitted with that cannot be written. */
  readonly forgets?: true
}

/** @param call asks the process */
export function runStep(
  { process, contentMode }: Pick<Consumer<KeyedProcess<unknown>>, 'process' | 'contentMode'>,
  cause: Cause,
  at: Place,
  call: () => Step<unknown>,
): Stored | StepFault {
  try {
    const step = call()
    const none = noStep(step)
    if (none) return misstep(none)
    if ('rejected' in step) return fault('rejected', step.rejected)
    const wrong = mistake(step, cause, process.onTimer !== undefined)
    if (wrong) return misstep(wrong)
    const json = step.state === undefined ? null : jsonOf(step.state)
    if (typeof json === 'object' && json) return json
    const entries: OutboxEntry[] = []
    for (const emission of step.emit) {
      const place = { ...at, index: at.index + entries.length }
      const entry = entryOf(emitted(process.name, emission, cause, place), emission, contentMode)
      if ('code' in entry) return json === null ? { ...entry, forgets: true } : entry
      entries.push(entry)
    }
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

/** A bug of the consumer that needs no place in the code to be found. */
function misstep(what: string, further = ''): Fault {
  const mistake = `the consumer ${what}`
  return { ...fault('unexpected-error', `${mistake}${further}`), mistake }
}

/** What a process can return only past its types. */
function noStep(step: unknown): string | undefined {
  if (step instanceof Promise) {
    // What it rejects with later would end the invocation, and each one after it that meets the record.
    step.catch(() => {})
    return 'returned a promise: a process is not async'
  }
  const isStep = typeof step === 'object' && step !== null && ('rejected' in step || 'emit' in step)
  return isStep ? undefined : 'returned no step: decided() and rejected() make one'
}

function jsonOf(state: unknown): string | Fault {
  const cannot = 'returned a state that JSON does not know'
  try {
    return JSON.stringify(state) ?? misstep(cannot, `: a ${typeof state}`)
  } catch (error) {
    return misstep(cannot, because(error))
  }
}

function entryOf(entry: OutboxEntry, emission: Emission, mode: ContentMode): OutboxEntry | Fault {
  const unreadable = attributeFault(attributesOf(entry.event))
  if (unreadable) return misstep(`emitted "${emission.name}", which is no CloudEvent`, `: ${unreadable}`)
  try {
    if (fitsItsTopic(entry, mode)) return entry
  } catch (error) {
    return misstep(`emitted "${emission.name}" that cannot be written`, because(error))
  }
  return fault('emission-too-large', `a ${emission.type} does not fit into ${emission.to}`)
}

/** What is no word of ours may quote data. */
function because(error: unknown): string {
  return `: ${(error as Error).message}`
}

/** What a process must not do, and no type can keep it from. */
function mistake(
  { state, emit, timers }: Decided<unknown>,
  { timeMs }: Cause,
  hasOnTimer: boolean,
): string | undefined {
  const again = repeated(emit)
  if (again !== undefined)
    return `emitted "${again}" twice in one step: by their names emissions get their ids`
  const bytes = emit.find(({ data }) => Buffer.isBuffer(data))
  // From the outbox of a store, they would come back as something else.
  if (bytes) return `emitted "${bytes.name}" with bytes for data, which JSON does not know`
  const moved = repeated(timers)
  if (moved !== undefined) return `changed the timer "${moved}" twice in one step`
  const stray = emit.find(({ to }) => !Object.hasOwn(TOPICS, to))
  if (stray) return `emitted "${stray.name}" to "${stray.to}", which is none of ${SIGNALS.join(', ')}`
  const set = timers.filter(({ dueMs }) => dueMs !== undefined) as Required<TimerChange>[]
  if (!set[0]) return undefined
  if (!hasOnTimer) return `set the timer "${set[0].name}", but has no onTimer`
  if (state === undefined) return `set the timer "${set[0].name}" of an entity that it forgets with this step`
  const odd = set.find(({ dueMs }) => !Number.isSafeInteger(dueMs))
  if (odd) return `set the timer "${odd.name}" for ${odd.dueMs}, which is no whole number of milliseconds`
  // One that is due at once could go on setting itself for ever.
  const early = set.find(({ dueMs }) => dueMs <= timeMs)
  return (
    early &&
    `set the timer "${early.name}" for ${instant(early.dueMs)}, which is not later than what it follows from, at ${instant(timeMs)}`
  )
}

function instant(timeMs: number): string {
  const time = new Date(timeMs)
  return Number.isNaN(time.getTime()) ? `${timeMs} ms` : time.toISOString()
}

function stored(consumer: string, { name, dueMs }: TimerChange, cause: Cause): StoredTimer[] {
  if (dueMs === undefined) return []
  const thresholdMs = cause.thresholdMs(dueMs)
  const id = cause.timerId(consumer, name, dueMs)
  return [{ name, dueMs, thresholdMs, id, trace: traceOf(cause) }]
}

function repeated(named: readonly { readonly name: string }[]): string | undefined {
  const names = new Set<string>()
  return named.find(({ name }) => names.size === names.add(name).size)?.name
}
