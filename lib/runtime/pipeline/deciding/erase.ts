/** Erases the entity of an event of the application's `erasureType`. Pure: it changes only the working copy. */
import { decided, type Emission } from '../../consumer/process.ts'
import type { Decision } from '../model.ts'
import type { ErasureReason } from '../reasons.ts'
import { fail, processed, type Task } from './admission.ts'
import { eventCause } from './cause.ts'
import { runStep, type StepFailure, type Stored } from './step.ts'
import { readState } from './stored-state.ts'
import type { KeyedWork } from './working-copy.ts'

/**
 * Removes the state of the entity and cancels its timers, those included that would have fired before an event. Its remembered
 * ids stay: they are hashes, and without them an event from before the erasure could be applied once more.
 *
 * @param wasHeld whether events of it were parked, or could have been: then there was something to erase
 *
 * If `onErase` throws, or what it emits cannot be written, the record fails, and the entity is erased all the same.
 */
export function erase(work: KeyedWork, task: Task, wasHeld: boolean): Decision {
  const { copy } = work
  const { entity } = task.event
  const stored = copy.states.stored(entity)
  if (stored === undefined && !wasHeld)
    return processed(work, task, 'nothing-to-erase' satisfies ErasureReason)
  const last = stored === undefined ? undefined : lastStep(work, task, stored)
  copy.forget(entity)
  if (last?.kind === 'failure') return fail(work, task, last)
  if (last) copy.send(last.entries, last.emittedBytes)
  return processed(work, task, 'erased' satisfies ErasureReason)
}

function lastStep(
  { consumer, copy }: KeyedWork,
  { record, event, clock }: Task,
  stored: string,
): Stored | StepFailure | undefined {
  const { process } = consumer
  if (!process.onErase) return undefined
  const cause = eventCause(event, clock.nowMs, process.allowedLatenessMs ?? 0)
  return runStep(consumer, cause, copy.placeAt(record.offset), () => {
    const emit = process.onErase?.(readState(process, stored), event, copy.context.value)
    // The type can be bypassed: what is not a list is reported as any other result that is not a step.
    return Array.isArray(emit) ? decided('erased', undefined, emit as Emission[]) : (emit as never)
  })
}
