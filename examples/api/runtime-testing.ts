import assert from 'node:assert/strict'
import { application, json, minutes } from '@sluice/runtime'
import { ProcessKit, simulate } from '@sluice/runtime/testing'

const shop = application({ name: 'shop', topics: ['orders', 'alerts'], read: json() })
const silences = shop.process<number>('silences', {
  onEvent(count = 0, _, { timer }) {
    timer('silence', minutes(10))
    return count + 1
  },
  onTimer: (count, _, { emit }) => emit('alerts', 'silence', { count }),
})

const kit = new ProcessKit(silences)
await kit.when({ key: 'c-1', value: {} }, { key: 'c-1', value: {} })
assert.equal(await kit.state('/orders c-1'), 2)

await kit.pass(minutes(11))
assert.deepEqual(
  kit.publishedEvents.map(({ type, data }) => [type, data]),
  [['silences.silence', { count: 2 }]],
)
assert.equal(await kit.state('/orders c-1'), undefined)

const records = Array.from({ length: 20 }, (_, index) => ({ key: `c-${index % 3}`, value: { index } }))
const { difference, schedules } = await simulate(silences, { records, seeds: 20 })
assert.equal(schedules, 20)
assert.equal(difference?.story, undefined)
