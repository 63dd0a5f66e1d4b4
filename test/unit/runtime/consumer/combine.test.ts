import assert from 'node:assert/strict'
import { it } from 'node:test'
import { combine } from '#runtime/consumer/combine.ts'
import { defineProcess, type Step } from '#runtime/consumer/define-process.ts'
import type { StepResult } from '#runtime/consumer/process.ts'

const say = (word: string) => (_: unknown, __: unknown, step: Step) => step.reason(word)
const orders = { on: { placed: say('order') }, onTimer: { remind: say('reminder') } }
const customers = { on: { joined: say('customer'), left: say('farewell') } }
const getReason = (step: StepResult<unknown> | undefined) => step?.kind === 'decided' && step.reason

it('given two parts, then each event and each timer has the handler of its own part', () => {
  const process = defineProcess<unknown>('shop', combine<unknown, void>(orders, customers))
  assert.deepEqual(process.accepts, ['placed', 'joined', 'left'])
  const steps = process.accepts.map(type => process.onEvent(undefined, { type } as never))
  assert.deepEqual(steps.map(getReason), ['order', 'customer', 'farewell'])
  assert.equal(getReason(process.onTimer?.({}, { name: 'remind' } as never)), 'reminder')
  assert.throws(
    () => process.onTimer?.({}, { name: 'renamed' } as never),
    /no handler for the timer "renamed"/,
  )
})

it('given two parts with handlers of the same name, then the process is refused', () => {
  const others = { on: { shipped: say('other') }, onTimer: { remind: say('other') } }
  assert.throws(() => combine(orders, customers, others), /several of its parts have remind/)
  assert.throws(() => combine(orders, { on: { placed: say('other') } }), /several of its parts have placed/)
})
