/** Collects the calls that a function makes on a step, without the engine's rules for steps. */
import assert from 'node:assert/strict'
import { defineProcess, type Step } from '#runtime/consumer'
import type { CompletedStep, Emission } from '#runtime/test/support/inside'

/** Returns the emissions, timer changes and reason of a step at the epoch. */
export function collectStep(call: (step: Step) => void): CompletedStep<undefined> {
  const process = defineProcess<undefined>('test', {
    accepts: ['test'],
    onEvent(_, __, step) {
      call(step)
      return undefined
    },
  })
  const event = { id: '1', source: '/test', type: 'test', entity: '/test ', timeMs: 0 }
  const step = process.onEvent(undefined, event)
  assert(step.kind === 'decided')
  return step as CompletedStep<undefined>
}

/** Returns the only emission of a step. */
export function collectEmission(call: (step: Step) => void): Emission {
  const { emit } = collectStep(call)
  assert.equal(emit.length, 1)
  return emit[0] as Emission
}
