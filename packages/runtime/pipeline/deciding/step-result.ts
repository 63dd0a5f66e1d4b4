/** Converts the result of a step to the data to store, or to a failure with a reason. Pure. */

import { eventViolation } from '../../cloudevents/attributes.ts'
import { copyPlain, toJsonText } from '../../cloudevents/json-text.ts'
import { extractTrace } from '../../cloudevents/trace.ts'
import { type Application, requireTopicSettings } from '../../consumer/application.ts'
import { type Failure, failure, rejection, unexpectedFailure } from '../../consumer/failure-codes.ts'
import type { CompletedStep, Emission, StepResult, TimerChange } from '../../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import type { Cause } from '../model/cause.ts'
import { MAX_STEP_BYTES } from '../model/limits.ts'
import type { OutboxEntry, StoredTimer } from '../model/partition-state.ts'
import { type EntityState, formatState, getVersion, StepState } from '../model/stored-state.ts'
import { createEmissionEntry } from '../outbox/entries.ts'
import { measureEntry, measureWrittenEntry } from '../outbox/outgoing-record.ts'
import type { EmissionPosition } from '../outbox/position.ts'

export interface StepChanges {
  readonly kind: 'stored'
  readonly reason: string
  /** Null if the entity is forgotten. */
  readonly state: EntityState | null
  readonly entries: readonly OutboxEntry[]
  /** Approximate size of the outbox entries, in bytes. */
  readonly emittedBytes: number
  readonly set: readonly StoredTimer[]
  readonly cancelled: readonly string[]
  /** JSON of the new data of the partition's context; undefined if it does not change. */
  readonly context: string | undefined
}

export interface StepFailure extends Failure {
  /** Set if the process has forgotten the entity but its emissions cannot be written. */
  readonly forgets?: true
}

type StepConsumer = Pick<Consumer<AnyKeyedProcess>, 'application' | 'process' | 'contentMode' | 'dataWriter'>

export function evaluateStep(
  consumer: StepConsumer,
  cause: Cause,
  at: EmissionPosition,
  call: () => StepResult<unknown>,
): StepChanges | StepFailure {
  const { process, application } = consumer
  try {
    const step = call()
    if (step instanceof Promise) return refusePromise(step)
    if (step.kind === 'rejected') return rejection(step)
    const wrong = findRuleViolation(step, cause, process.onTimer !== undefined, application)
    if (wrong) return invalidStep(wrong)
    const state = step.state === undefined ? null : toEntityState(process, step.state)
    if (state !== null && typeof state === 'object' && 'kind' in state) return state
    const context = step.context === undefined ? undefined : serialize(step.context, 'context')
    if (typeof context === 'object') return context
    const entries: OutboxEntry[] = []
    let emittedBytes = 0
    for (const emission of step.emit) {
      const place = { ...at, index: at.index + entries.length }
      const entry = createEmissionEntry(process.name, emission, cause, place)
      const bytes = measureEmission(entry, emission, consumer, emittedBytes)
      if (typeof bytes === 'object') return state === null ? { ...bytes, forgets: true } : bytes
      emittedBytes += bytes
      entries.push(entry)
    }
    return {
      kind: 'stored',
      reason: step.reason,
      state,
      entries,
      emittedBytes,
      set: step.timers.flatMap(change => toStoredTimers(process.name, change, cause)),
      cancelled: step.timers.flatMap(({ name, dueMs }) => (dueMs === undefined ? [name] : [])),
      context,
    }
  } catch (error) {
    return unexpectedFailure(error)
  }
}

/** Returns the failure for an error in the consumer's code. The message must be understandable without a stack trace. */
function invalidStep(what: string, further = ''): Failure {
  const safeMessage = `the consumer ${what}`
  return { ...failure('unexpected-error', `${safeMessage}${further}`), safeMessage }
}

/** Returns the failure of an async handler. A process can have one only by bypassing the types. */
function refusePromise(step: Promise<unknown>): Failure {
  // An unhandled rejection would end this invocation and every later one that processes the record.
  step.catch(() => {})
  return invalidStep('returned a promise: a process is not async')
}

function toEntityState(process: AnyKeyedProcess, value: unknown): EntityState | Failure {
  const copy = process.neverChangesState ? copyPlain(value) : undefined
  if (copy) return new StepState(copy.value, getVersion(process), copy.length)
  const json = serialize(value, 'state')
  return typeof json === 'string' ? formatState(json, getVersion(process)) : json
}

function serialize(value: unknown, name: 'state' | 'context'): string | Failure {
  try {
    return toJsonText(value, name)
  } catch (error) {
    return invalidStep(`returned a ${name} that JSON cannot represent`, formatCause(error))
  }
}

/** @param before number of bytes that the step has emitted so far */
function measureEmission(
  entry: OutboxEntry,
  emission: Emission,
  { application, contentMode, dataWriter }: StepConsumer,
  before: number,
): number | Failure {
  // Without an event that is passed on, the engine has created all extensions itself.
  const unreadable = eventViolation(entry.event, emission.passesOn ? entry.event.extensions : {})
  if (unreadable)
    return invalidStep(`emitted "${emission.name}", which is not a CloudEvent`, `: ${unreadable}`)
  try {
    const bytes = measureEntry(entry, contentMode)
    const written = dataWriter ? measureWrittenEntry(entry, contentMode, dataWriter) : bytes
    if (written > requireTopicSettings(application, entry.to).maxMessageBytes)
      return failure('emission-too-large', `a ${emission.type} does not fit into ${emission.to}`)
    if (before + bytes <= MAX_STEP_BYTES) return bytes
  } catch (error) {
    return invalidStep(`emitted "${emission.name}" that cannot be written`, formatCause(error))
  }
  return failure(
    'emission-too-large',
    `a step may emit at most ${MAX_STEP_BYTES} bytes, but this one emits more`,
  )
}

/**
 * Returns the error's message for operators. It is kept out of `safeMessage`, because messages of libraries may contain payload
 * data.
 */
function formatCause(error: unknown): string {
  return `: ${(error as Error).message}`
}

/** Checks the rules for results that the type system cannot express. */
function findRuleViolation(
  { state, emit, timers }: CompletedStep<unknown>,
  { timeMs }: Cause,
  hasOnTimer: boolean,
  { topics }: Application,
): string | undefined {
  if (emit.length === 0 && timers.length === 0) return undefined
  const again = findRepeatedName(emit)
  if (again !== undefined)
    return `emitted "${again}" twice in one step: use different names, because ids are derived from them`
  const bytes = emit.find(({ data }) => Buffer.isBuffer(data))
  // The store keeps the outbox as JSON, which does not preserve bytes.
  if (bytes) return `emitted "${bytes.name}" with bytes for data, which JSON cannot represent`
  const moved = findRepeatedName(timers)
  if (moved !== undefined) return `changed the timer "${moved}" twice in one step`
  const unknown = emit.find(({ to }) => !Object.hasOwn(topics, to))
  if (unknown)
    return `emitted "${unknown.name}" to "${unknown.to}", which is not one of ${Object.keys(topics).join(', ')}`
  const odd = emit.find(({ partition }) => partition !== undefined && !isPartition(partition))
  if (odd) return `emitted "${odd.name}" to the partition ${odd.partition}: must be a non-negative integer`
  const twice = emit.find(({ partition, everyPartition }) => everyPartition && partition !== undefined)
  if (twice) return `emitted "${twice.name}" both to every partition and to one`
  const set = timers.filter(({ dueMs }) => dueMs !== undefined) as Required<TimerChange>[]
  if (!set[0]) return undefined
  if (!hasOnTimer) return `set the timer "${set[0].name}", but has no onTimer`
  if (state === undefined) return `set the timer "${set[0].name}" of an entity that it forgets with this step`
  const fraction = set.find(({ dueMs }) => !Number.isSafeInteger(dueMs))
  if (fraction)
    return `set the timer "${fraction.name}" for ${fraction.dueMs}, which is not an integer number of milliseconds`
  // A timer that is due immediately could set itself again forever.
  const early = set.find(({ dueMs }) => dueMs <= timeMs)
  return (
    early &&
    `set the timer "${early.name}" for ${instant(early.dueMs)}, which is not later than its cause, at ${instant(timeMs)}`
  )
}

function isPartition(number: unknown): boolean {
  return Number.isSafeInteger(number) && (number as number) >= 0
}

function instant(timeMs: number): string {
  const time = new Date(timeMs)
  return Number.isNaN(time.getTime()) ? `${timeMs} ms` : time.toISOString()
}

function toStoredTimers(consumer: string, { name, dueMs }: TimerChange, cause: Cause): StoredTimer[] {
  if (dueMs === undefined) return []
  const thresholdMs = cause.thresholdMs(dueMs)
  const id = cause.timerId(consumer, name, dueMs)
  return [{ name, dueMs, thresholdMs, id, trace: extractTrace(cause) }]
}

function findRepeatedName(named: readonly { readonly name: string }[]): string | undefined {
  if (named.length < 2) return undefined
  const names = new Set<string>()
  return named.find(({ name }) => names.size === names.add(name).size)?.name
}
