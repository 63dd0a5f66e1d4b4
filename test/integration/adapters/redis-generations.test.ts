import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisGenerations } from '../../../packages/runtime/adapters/redis/generations.ts'
import { prefixOf } from '../../../packages/runtime/adapters/redis/keys.ts'
import { StateReader } from '../../../packages/runtime/adapters/redis/state-reader.ts'
import { RedisStateStore } from '../../../packages/runtime/adapters/redis/state-store.ts'
import { NOTHING_WANTED } from '../../../packages/runtime/testing/wanted.ts'
import { formerStatesConformance } from '../../conformance/former-states.ts'
import { conformsAsGenerations } from '../../conformance/generations.ts'
import { changeOf, failureOf } from '../../support/changes.ts'
import { inPages, partsAt } from '../../support/parts.ts'
import { redisUrl } from '../../support/servers.ts'

const CODE = 'v1/settings'
const REPROCESSING = { kind: 'reprocessing', attempt: 0 } as const
const FENCE = { why: 'reprocessing', attempt: 5 } as const
const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const store = new RedisStateStore(client)
const copies = new RedisGenerations(client)
conformsAsGenerations(
  'Redis',
  () => copies,
  () => store,
  { tally: async state => (await new StateReader(client).meta(state)).tally },
)

formerStatesConformance(
  'Redis',
  () => store,
  () => copies,
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
  await copies.fence(state, FENCE, 60_000)
  await copies.build(state, REPROCESSING, inPages(partsAt(-1)))
  const { version: base } = await copies.facts(state, 'next')
  const rebuilt = changeOf({ base, clock: { nowMs: 4_000, lastAppendMs: 1, highestAppendMs: 1 }, code: CODE })
  assert.equal(await copies.store().commit(state, rebuilt), 'committed')
  const { version } = await copies.facts(state, 'next')
  const live = { epoch: 0, appliedOffset: 0, fired: 0 }
  assert.deepEqual(
    await copies.switchOver(state, { live, next: version, above: 0, code: CODE, fence: FENCE }),
    {
      kind: 'switched',
      epoch: 1,
      replacedOffset: 0,
    },
  )
  await copies.drop(state, REPROCESSING)
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
  await copies.build(state, REPROCESSING, inPages(partsAt(-1)))
  const { version: base } = await copies.facts(state, 'next')
  const rebuilt = changeOf({ base, clock: { nowMs: 4_000, lastAppendMs: 1, highestAppendMs: 1 }, code: CODE })
  await copies.store().commit(state, rebuilt)
  const { version } = await copies.facts(state, 'next')
  await copies.fence(state, FENCE, 60_000)
  await client.run(redis => redis.del(`${prefixOf(state, 'next')}:states`))
  const live = { epoch: 0, appliedOffset: 0, fired: 0 }
  assert.deepEqual(
    await copies.switchOver(state, { live, next: version, above: 0, code: CODE, fence: FENCE }),
    {
      kind: 'incomplete',
    },
  )
})

it('given an expired fence, then the state continues by itself, and the fence no longer counts', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  await store.commit(state, changeOf({ code: CODE }))
  const base = { epoch: 0, appliedOffset: 0, fired: 0 }
  // The clock of the server counts in whole seconds.
  assert.deepEqual(await copies.fence(state, FENCE, 1).then(({ version }) => version), base)
  await pause(1_100)
  await store.load(state, NOTHING_WANTED)
  await copies.build(state, REPROCESSING, inPages(partsAt(-1)))
  const { version: next } = await copies.facts(state, 'next')
  assert.deepEqual(await copies.switchOver(state, { live: base, next, above: 0, code: CODE, fence: FENCE }), {
    kind: 'moved',
  })
  assert.equal(await store.commit(state, changeOf({ base, appliedOffset: 1 })), 'committed')
  assert.equal((await copies.facts(state)).fence, undefined)
})

it('given a part that the server evicts after all is prepared, then it is not switched to', async () => {
  for (const part of ['states', 'timers', 'due', 'ids:0', 'meta']) {
    const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
    await store.commit(state, changeOf())
    const { version: live } = await copies.fence(state, FENCE, 60_000)
    const built = await copies.build(state, REPROCESSING, inPages(partsAt(3)))
    await client.run(redis => redis.del(`${prefixOf(state, 'next')}:${part}`))
    const { kind } = await copies.switchOver(state, { ...built, live, fence: FENCE })
    assert.equal(kind, part === 'meta' ? 'overtaken' : 'incomplete', part)
    assert.equal((await copies.facts(state)).version.appliedOffset, 0)
  }
})

it('given a next generation that an older version has left, then it is built anew, and can be dropped', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  await copies.build(state, REPROCESSING, inPages(partsAt(3)))
  // The next generation has no purpose.
  await client.run(redis => redis.del(prefixOf(state, 'next')))
  assert.deepEqual(
    [await copies.purpose(state), await copies.claim(state, 'reprocessing')],
    [undefined, undefined],
  )
  await copies.drop(state, REPROCESSING)
  assert.deepEqual(await client.run(redis => redis.keys(`${prefixOf(state)}*`)), [])
})
