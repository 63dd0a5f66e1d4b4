import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFunctions } from '../../../../control/environment/functions.ts'
import { localSchedules } from '../../../../localstack/start/schedules.ts'

const FUNCTIONS = parseFunctions({
  first: { schedule: 'rate(1 minute)' },
  simulated: { schedule: { rate: 'rate(1 minute)', if: 'generator' } },
  consumer: { consumes: 'readings' },
  seldom: { schedule: 'rate(15 minutes)' },
  last: { schedule: 'rate(1 minute)' },
})
const UNASKED = { generator: true }
const schedules = (env: Record<string, string>, options = UNASKED) => localSchedules(env, options, FUNCTIONS)

describe('what npm start does by itself', () => {
  it('given nothing, then what runs each minute is invoked at once, in the order of serverless.yml', () => {
    assert.deepEqual(schedules({}), {
      first: ['first', 'simulated', 'last'],
      expectsReadings: true,
      notices: [],
    })
  })

  it('given the functions of this project, then the rules are activated before readings come', () => {
    assert.deepEqual(
      localSchedules({}, UNASKED).first.filter(name => ['clock', 'generator'].includes(name)),
      ['clock', 'generator'],
    )
  })

  // Promise docs/local-and-cloud.md#npm-start
  it('given SLUICE_GENERATOR=off or --no-generator, then no readings are simulated, and the clock continues', () => {
    const quiet = {
      first: ['first', 'last'],
      expectsReadings: false,
      notices: ['No readings are simulated, as chosen. The clock continues.'],
    }
    assert.deepEqual(schedules({ SLUICE_GENERATOR: 'off' }), quiet)
    assert.deepEqual(schedules({ SLUICE_GENERATOR: 'on' }, { generator: false }), quiet)
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
    assert.throws(() => schedules({ SLUICE_GENERATOR: 'no' }), {
      name: 'UserError',
      message: 'SLUICE_GENERATOR: must be one of on, off.',
    })
  })
})
