import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFunctions } from '../../../../lib/app/functions.ts'
import { localSchedules } from '../../../../localstack/start/schedules.ts'

const FUNCTIONS = parseFunctions({
  first: { schedule: 'rate(1 minute)' },
  simulated: { schedule: { rate: 'rate(1 minute)', if: 'generator' } },
  consumer: { consumes: 'readings' },
  seldom: { schedule: 'rate(15 minutes)' },
  last: { schedule: 'rate(1 minute)' },
})
const schedules = (env: Record<string, string>) => localSchedules(env, false, FUNCTIONS)

describe('what npm start does by itself', () => {
  it('given nothing, then what runs each minute is invoked at once, in the order of serverless.yml', () => {
    assert.deepEqual(schedules({}), {
      first: ['first', 'simulated', 'last'],
      expectsReadings: true,
      stepsBack: true,
      notices: [],
    })
  })

  it('given the functions of this project, then the rules are activated before readings come', () => {
    assert.deepEqual(
      localSchedules({}).first.filter(name => ['clock', 'generator'].includes(name)),
      ['clock', 'generator'],
    )
  })

  it('given SLUICE_GENERATOR=off, then no readings are simulated, and the clock continues', () => {
    assert.deepEqual(schedules({ SLUICE_GENERATOR: 'off' }), {
      first: ['first', 'last'],
      expectsReadings: false,
      stepsBack: false,
      notices: ['SLUICE_GENERATOR=off: no readings are simulated. The clock continues.'],
    })
  })

  it('given readings of others, then readings are simulated on request only, and to the end', () => {
    const after = (env: Record<string, string>) => localSchedules(env, true, FUNCTIONS)
    const { expectsReadings, notices } = after({})
    assert.equal(expectsReadings, false)
    assert.match(notices.join('\n'), /^No readings are simulated.*SLUICE_GENERATOR=on npm start$/)
    assert.deepEqual(after({ SLUICE_GENERATOR: 'off' }), schedules({ SLUICE_GENERATOR: 'off' }))
    const on = after({ SLUICE_GENERATOR: 'on' })
    assert.deepEqual([on.expectsReadings, on.stepsBack, on.notices], [true, false, []])
  })

  it('given SLUICE_SCHEDULES=off, then nothing is invoked, and one line says that timers do not fire', () => {
    const { first, notices } = schedules({ SLUICE_SCHEDULES: 'off' })
    assert.deepEqual(first, [])
    assert.equal(notices.length, 1)
    assert.match(
      notices[0] ?? '',
      /^SLUICE_SCHEDULES=off: schedules are disabled\. .*without the clock.* timers do not fire/,
    )
  })

  it('given another word, then it is refused', () => {
    assert.throws(() => localSchedules({ SLUICE_GENERATOR: 'no' }), {
      name: 'UserError',
      message: 'SLUICE_GENERATOR: must be one of on, off.',
    })
  })
})
