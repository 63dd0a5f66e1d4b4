import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { RedisClient } from '../../../lib/runtime/adapters/redis/client.ts'
import { Fences } from '../../../lib/runtime/adapters/redis/fences.ts'
import { prefixOf } from '../../../lib/runtime/adapters/redis/keys.ts'
import { RedisStateCopies } from '../../../lib/runtime/adapters/redis/state-copies.ts'
import { StateReader } from '../../../lib/runtime/adapters/redis/state-reader.ts'
import { RedisStateStore } from '../../../lib/runtime/adapters/redis/state-store.ts'
import { conformsAsStateCopies } from '../../conformance/state-copies.ts'
import { changeOf, failureOf } from '../../support/changes.ts'
import { inPages, partsAt } from '../../support/parts.ts'
import { redisUrl } from '../../support/servers.ts'

const CODE = 'v1/settings'
const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const store = new RedisStateStore(client)
const copies = new RedisStateCopies(client)
conformsAsStateCopies(
  'Redis',
  () => copies,
  () => store,
  {
    fence: (state, partitions) => new Fences(client).raise(state, partitions),
    tally: async state => (await new StateReader(client).meta(state)).tally,
  },
)

it('given a switch and the copies dropped, then no key is left but those of the live state', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  const keys = async () => (await client.run(redis => redis.keys(`${prefixOf(state)}*`))).sort()
  const failures = [failureOf('one', 0), failureOf('two', 0, 61)]
  const whole = changeOf({
    states: new Map([['a', '1']]),
    failures,
    tally: new Map([['applied/x', 2]]),
    code: CODE,
  })
  await store.commit(state, whole)
  await copies.copyLive(state)
  await copies.seed(state, inPages(partsAt(-1)))
  const { version: base } = await copies.facts(state, 'rebuilt')
  const rebuilt = changeOf({ base, clock: { nowMs: 4_000, lastAppendMs: 1, highestAppendMs: 1 }, code: CODE })
  assert.equal(await copies.store('rebuilt').commit(state, rebuilt), 'committed')
  const { version } = await copies.facts(state, 'rebuilt')
  const live = { epoch: 0, appliedOffset: 0, fired: 0 }
  assert.deepEqual(await copies.switchOver(state, { live, rebuilt: version, code: CODE }), {
    kind: 'switched',
    epoch: 1,
  })
  await copies.drop(state, 'compared')
  await copies.drop(state, 'rebuilt')
  const found = await keys()
  assert.ok(found.length > 0)
  for (const key of found) assert.doesNotMatch(key, /:(rebuilt|compared):/)
  // The failures of the old state are gone, and its counters go on.
  assert.ok(!found.some(key => /:failures:61:/.test(key)))
  assert.deepEqual((await new StateReader(client).meta(state)).tally, { 'applied/x': 2 })
})

it('given a rebuilt state of which the server has evicted a part, then it is not switched to', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  await store.commit(state, changeOf({ code: CODE }))
  await copies.seed(state, inPages(partsAt(-1)))
  const { version: base } = await copies.facts(state, 'rebuilt')
  const rebuilt = changeOf({ base, clock: { nowMs: 4_000, lastAppendMs: 1, highestAppendMs: 1 }, code: CODE })
  await copies.store('rebuilt').commit(state, rebuilt)
  const { version } = await copies.facts(state, 'rebuilt')
  await client.run(redis => redis.del(`${prefixOf(state, 'rebuilt')}:states`))
  const live = { epoch: 0, appliedOffset: 0, fired: 0 }
  assert.deepEqual(await copies.switchOver(state, { live, rebuilt: version, code: CODE }), { kind: 'lost' })
})
