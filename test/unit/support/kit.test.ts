import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { completeStep, type Emission, type KeyedProcess, type StepResult } from '#runtime/test/support/inside'
import { environmentReading as reading } from '#runtime/test/support/records'
import { FAMILIES } from '../../support/families.ts'
import { Kit } from '../../support/kit.ts'

const EMISSION: Emission = { name: 'a', to: 'events', key: 'k', type: 't', source: '/s', data: {} }
const AT_MS = Date.parse('2026-03-01T12:00:00Z')

/** A process that answers every event with this step. */
function createKit(step: unknown): Kit<unknown> {
  const process: KeyedProcess<unknown> = {
    name: 'careless',
    accepts: FAMILIES.readingTypes,
    onEvent: () => step as StepResult<unknown>,
    onTimer: state => completeStep('fired', state),
  }
  return new Kit(process)
}

describe('the kit for processes', () => {
  const timer = (dueMs: number) => completeStep('x', {}, [], [{ name: 'due', dueMs }])
  const emits = (emission: object) => completeStep('x', {}, [{ ...EMISSION, ...emission }])
  const wrong: [name: string, step: unknown, expected: string | RegExp][] = [
    [
      'a timer in the past',
      timer(AT_MS - 60_000),
      'the consumer set the timer "due" for 2026-03-01T11:59:00.000Z, which is not later than its cause, at 2026-03-01T12:00:00.000Z',
    ],
    [
      'a timer in seconds',
      timer(AT_MS / 1000),
      /the timer "due" for 1970-01-21T12:19:26.400Z, which is not later/,
    ],
    [
      'a timer at no time',
      timer(Number.NaN),
      /the timer "due" for NaN, which is not an integer number of milliseconds/,
    ],
    [
      'a timer at a time that no calendar has',
      timer(-9e15),
      'the consumer set the timer "due" for -9000000000000000 ms, which is not later than its cause, at 2026-03-01T12:00:00.000Z',
    ],
    [
      'a timer of what is forgotten',
      completeStep('x', undefined, [], [{ name: 'due', dueMs: AT_MS + 1 }]),
      /the timer "due" of an entity that it forgets with this step/,
    ],
    ['a name twice', completeStep('x', {}, [EMISSION, EMISSION]), /emitted "a" twice in one step/],
    [
      'two names twice',
      completeStep('x', {}, [EMISSION, EMISSION, { ...EMISSION, name: 'b' }, { ...EMISSION, name: 'b' }]),
      /emitted "a" twice in one step/,
    ],
    [
      'an unknown topic',
      emits({ to: 'event' }),
      /emitted "a" to "event", which is not one of readings, events, /,
    ],
    ['data that cannot be written', emits({ data: 1n }), /emitted "a" that cannot be written: .*BigInt/],
    ['no CloudEvent', emits({ source: 'my source' }), /"source" is not a URI-reference/],
    ['a promise', Promise.resolve(completeStep('x', {})), /returned a promise: a process is not async/],
    ['a state with a BigInt', completeStep('x', { n: 1n }), /a state that JSON cannot represent: .*BigInt/],
    [
      'a state that is a function',
      completeStep('x', () => 1),
      /a state that JSON cannot represent: state is a function/,
    ],
    [
      'a state with a Date',
      completeStep('x', { s: [new Date(0)] }),
      /JSON does not preserve the state: state\.s\[0\] is a Date$/,
    ],
    [
      'a state that is a Map',
      completeStep('x', new Map()),
      /a state that JSON cannot represent: state is a Map, /,
    ],
    [
      'a state with NaN',
      completeStep('x', { lag: Number.NaN }),
      /a state that JSON cannot represent: state\.lag is NaN, /,
    ],
  ]
  // Promise docs/consumers.md#2-its-test | The kit throws where the runtime would refuse a step.
  for (const [name, step, expected] of wrong)
    it(`given ${name}, then the test fails with the reason`, async () => {
      const message = typeof expected === 'string' ? `a: unexpected-error: ${expected}` : expected
      await assert.rejects(createKit(step).when(reading('a')), { message })
    })

  it('given an event that does not reach the process, then the test fails with the reason', async () => {
    const kit = createKit(completeStep('x', { known: undefined, list: [1, null, 'a', true] }))
    await assert.rejects(kit.when(reading('a', { time: 'noon' })), /malformed-event: .*"time"/)
    await assert.rejects(kit.when(reading('b', { data: {} })), /schema-violated: /)
    assert.equal((await kit.when(reading('c'))).length, 1)
  })
})
