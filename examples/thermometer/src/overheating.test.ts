import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Event } from '@sluice/runtime'
import { ProcessKit } from '@sluice/runtime/testing'
import { TEMPERATURE_MEASURED } from './application.ts'
import { overheating } from './overheating.ts'

/** Readings of one sensor. */
function readings(...celsius: readonly number[]): Event[] {
  return celsius.map((value, index) => ({
    id: `reading ${index}`,
    source: '/sensors',
    subject: 'boiler',
    type: TEMPERATURE_MEASURED,
    time: `2026-03-01T12:00:0${index}Z`,
    data: { celsius: value },
  }))
}

it('given a sensor that becomes too hot, then one alert fires, and resolves once it has cooled down', async () => {
  const kit = new ProcessKit(overheating)
  await kit.when(...readings(20, 81, 95, 79))
  assert.deepEqual(
    kit.publishedEvents.map(({ type, data }) => [type, data]),
    [
      ['overheating.fired', { celsius: 81, limit: 80 }],
      ['overheating.resolved', { celsius: 79, limit: 80 }],
    ],
  )
})

it('given a reading that arrives again, then it counts once', async () => {
  const kit = new ProcessKit(overheating)
  await kit.when(...readings(81), ...readings(81))
  assert.deepEqual(kit.outcomes, ['applied/too-hot', 'duplicate/id-known'])
  assert.deepEqual(await kit.state('/sensors boiler'), { isHot: true })
})
