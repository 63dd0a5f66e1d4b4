import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { Fences } from '../../../packages/runtime/adapters/redis/fences.ts'
import { replaceState } from '../../../packages/runtime/adapters/redis/generations.ts'
import { prefixOf } from '../../../packages/runtime/adapters/redis/keys.ts'
import { RedisStateCopies } from '../../../packages/runtime/adapters/redis/state-copies.ts'
import { StateReader } from '../../../packages/runtime/adapters/redis/state-reader.ts'
import { RedisStateStore } from '../../../packages/runtime/adapters/redis/state-store.ts'
import { NOTHING_WANTED } from '../../../packages/runtime/testing/wanted.ts'
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
    fence: (state, fence) => new Fences(client).raise(state, fence),
    tally: async state => (await new StateReader(client).meta(state)).tally,
  },
)

it('given a switch and the rest dropped, then no key is left but those of the live state', async () => {
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
  await copies.fence(state, 'own', 60_000)
  await copies.seed(state, inPages(partsAt(-1)))
  const { version: base } = await copies.facts(state, 'next')
  const rebuilt = changeOf({ base, clock: { nowMs: 4_000, lastAppendMs: 1, highestAppendMs: 1 }, code: CODE })
  assert.equal(await copies.store().commit(state, rebuilt), 'committed')
  const { version } = await copies.facts(state, 'next')
  const live = { epoch: 0, appliedOffset: 0, fired: 0 }
  assert.deepEqual(await copies.switchOver(state, { live, rebuilt: version, code: CODE, by: 'own' }), {
    kind: 'switched',
    epoch: 1,
  })
  await copies.drop(state)
  const found = await keys()
  assert.ok(found.length > 0)
  for (const key of found) assert.doesNotMatch(key, /:next:/)
  // The failures of the old state are gone, and its counters go on.
  assert.ok(!found.some(key => /:failures:61:/.test(key)))
  assert.deepEqual((await new StateReader(client).meta(state)).tally, { 'applied/x': 2 })
})

it('given a rebuilt state of which the server has evicted a part, then it is not switched to', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  await store.commit(state, changeOf({ code: CODE }))
  await copies.seed(state, inPages(partsAt(-1)))
  const { version: base } = await copies.facts(state, 'next')
  const rebuilt = changeOf({ base, clock: { nowMs: 4_000, lastAppendMs: 1, highestAppendMs: 1 }, code: CODE })
  await copies.store().commit(state, rebuilt)
  const { version } = await copies.facts(state, 'next')
  await copies.fence(state, 'own', 60_000)
  await client.run(redis => redis.del(`${prefixOf(state, 'next')}:states`))
  const live = { epoch: 0, appliedOffset: 0, fired: 0 }
  assert.deepEqual(await copies.switchOver(state, { live, rebuilt: version, code: CODE, by: 'own' }), {
    kind: 'incomplete',
  })
})

it('given an import meanwhile, then who worked on the rebuilt state is refused from then on', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  await store.commit(state, changeOf({ code: CODE }))
  await copies.seed(state, inPages(partsAt(-1)))
  const { version: base } = await copies.facts(state, 'next')
  await replaceState(client, state, inPages(partsAt(3)))
  assert.equal(await copies.claim(state), undefined)
  await copies.seed(state, inPages(partsAt(-1)))
  assert.equal(await copies.store().commit(state, changeOf({ base })), 'refused')
  assert.ok(((await copies.claim(state)) ?? 0) > base.epoch)
  assert.equal((await copies.facts(state)).version.appliedOffset, 3)
})

it('given a fence whose time is over, then the state goes on by itself, and the fence no longer counts', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  await store.commit(state, changeOf({ code: CODE }))
  const base = { epoch: 0, appliedOffset: 0, fired: 0 }
  // The clock of the server counts in whole seconds.
  assert.deepEqual(await copies.fence(state, 'own', 1), base)
  await pause(1_100)
  await store.load(state, NOTHING_WANTED)
  await copies.seed(state, inPages(partsAt(-1)))
  const { version: rebuilt } = await copies.facts(state, 'next')
  assert.deepEqual(await copies.switchOver(state, { live: base, rebuilt, code: CODE, by: 'own' }), {
    kind: 'moved',
  })
  assert.equal(await store.commit(state, changeOf({ base, appliedOffset: 1 })), 'committed')
  assert.equal((await copies.facts(state)).fence, undefined)
})
