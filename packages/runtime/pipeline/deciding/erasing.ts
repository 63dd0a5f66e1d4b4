/** Erases an entity at the request of an event. Pure. */
import { completeStep, type Emission } from '../../consumer/process.ts'
import { eventCause } from '../model/cause.ts'
import type { Decision } from '../model/decision.ts'
import type { ErasureReason } from '../model/reasons.ts'
import { eraseHold } from './parking.ts'
import { forgetEntity, readEntityState } from './run-step.ts'
import { evaluateStep, type StepChanges, type StepFailure } from './step-result.ts'
import { completeTask, fail, findPublishedFailure, type Task } from './task.ts'
import type { KeyedWork } from './working-copy.ts'

/**
 * Removes the state of the entity, its hold, and all its timers, even if they are overdue. The ids of its events remain known,
 * because otherwise an event from before the erasure could be applied again. If `onErase` throws or its emissions cannot be
 * written, the record fails, but the entity is erased anyway.
 */
export function eraseEntity(work: KeyedWork, task: Task): Decision {
  const { copy } = work
  const { entity } = task.event
  const hold = copy.states.getHold(entity)
  if (hold) eraseHold(work, entity, hold, task.clock)
  const stored = copy.states.get(entity)
  if (stored === undefined && !hold)
    return completeTask(work, task, 'nothing-to-erase' satisfies ErasureReason)
  const last = stored === undefined ? undefined : runEraseStep(work, task)
  forgetEntity(copy, entity)
  const failed = findPublishedFailure(work, task)?.failure ?? (last?.kind === 'failure' ? last : undefined)
  if (!failed && last?.kind === 'stored') copy.emitted.send(last.entries, last.emittedBytes)
  const decision = failed
    ? fail(work, task, failed)
    : completeTask(work, task, 'erased' satisfies ErasureReason)
  return hold?.waitsFor ? { ...decision, hold: 'erased' } : decision
}

function runEraseStep(
  work: KeyedWork,
  { record, event, clock }: Task,
): StepChanges | StepFailure | undefined {
  const { consumer, copy } = work
  const { process } = consumer
  if (!process.onErase) return undefined
  const cause = eventCause(event, clock.nowMs, process.allowedLatenessMs ?? 0)
  return evaluateStep(consumer, cause, copy.emitted.placeAt(record.offset), () => {
    const emit = process.onErase?.(readEntityState(work, event.entity), event, copy.context.value)
    // A process can bypass the type. A result that is not an array is passed on and then reported as an invalid step.
    return Array.isArray(emit) ? completeStep('erased', undefined, emit as Emission[]) : (emit as never)
  })
}
