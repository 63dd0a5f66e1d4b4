import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { localSchedules } from '../../../../localstack/start/schedules.ts'

describe('what npm start does by itself', () => {
  it('given nothing, then generator and clock are invoked at once', () => {
    assert.deepEqual(localSchedules({}), { first: ['generator', 'clock'], notices: [] })
  })

  it('given SLUICE_GENERATOR=off, then nothing is simulated, and the clock goes on', () => {
    assert.deepEqual(localSchedules({ SLUICE_GENERATOR: 'off' }), {
      first: ['clock'],
      notices: ['SLUICE_GENERATOR=off: no readings are simulated. The clock goes on.'],
    })
  })

  it('given SLUICE_SCHEDULES=off, then nothing is invoked, and one line says that timers do not fire', () => {
    const { first, notices } = localSchedules({ SLUICE_SCHEDULES: 'off' })
    assert.deepEqual(first, [])
    assert.equal(notices.length, 1)
    assert.match(
      notices[0] ?? '',
      /^SLUICE_SCHEDULES=off: no schedule runs\. .*the clock stands.* no timer fires/,
    )
  })

  it('given another word, then it is refused', () => {
    assert.throws(() => localSchedules({ SLUICE_GENERATOR: 'no' }), {
      name: 'LocalCloudError',
      message: 'SLUICE_GENERATOR is "no": it must be on or off.',
    })
  })
})
