import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { buildPrefix, buildKeys as liveKeysOf } from '#runtime/adapters/redis/keys.ts'
import { RedisReplaceableStates } from '#runtime/adapters/redis/replaceable-states.ts'
import { StateReader } from '#runtime/adapters/redis/state-reader.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import { omitUndefined } from '#runtime/consumer/omit-undefined.ts'
import type { StateKey } from '#runtime/pipeline/model/partition-state.ts'
import { replaceState } from '#runtime/pipeline/replacing/replaceable-states.ts'
import type { StatePart } from '#runtime/pipeline/replacing/state-parts.ts'
import { EMPTY_SELECTION } from '#runtime/testing/empty-selection.ts'
import { conformsAsReplaceableStates } from '../../conformance/replaceable-states.ts'
import { createChange, createFailure } from '../../support/changes.ts'
import { inPages, metaAt, partsAt } from '../../support/parts.ts'
import { redisUrl } from '../../support/servers.ts'

const CODE = 'v1/settings'
const FENCE = { why: 'reprocessing', attempt: 5 } as const
const CONTINUES = { fence: FENCE, code: CODE, codeFrom: 0 }
const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const store = new RedisStateStore(client)
const states = new RedisReplaceableStates(client)
const reader = new StateReader(client)
const readKeys = async (state: StateKey) =>
  (await client.run(redis => redis.keys(`${buildPrefix(state)}:*`))).sort()
const readStaged = async (state: StateKey) => (await readKeys(state)).filter(key => /:staged\b/.test(key))
conformsAsReplaceableStates(
  'Redis',
  () => states,
  () => store,
  {
    async meta(state) {
      const { version, clock, appliedDigest, emitted, failuresFromMs, ...all } = await reader.meta(state)
      const { tally, newEntities, origin, sequences } = all
      return {
        ...{ version, clock, appliedDigest, emitted, failuresFromMs, tally },
        ...omitUndefined({ newEntities, origin }),
        ...(Object.keys(sequences).length > 0 ? { sequences } : {}),
      }
    },
    outbox: state => reader.outbox(state),
    hasStaged: async state => (await readStaged(state)).length > 0,
  },
)

async function given(): Promise<StateKey> {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  await store.commit(state, createChange({ code: CODE }))
  return state
}

it('given a replacement, then no key is left but those of the live state, and the old failures are gone', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  const failures = [createFailure('one', 0), createFailure('two', 0, 61)]
  const tally = new Map([['applied/x', 2]])
  await store.commit(state, createChange({ states: new Map([['a', '1']]), failures, tally, code: CODE }))
  const staged = await states.stage(state, inPages(partsAt(3)))
  const { version: live } = await states.fence(state, FENCE, 60_000)
  const outcome = await states.replace(state, { ...staged, above: 0 }, { live, continues: CONTINUES })
  assert.deepEqual(outcome, { kind: 'replaced', epoch: 1, replacedOffset: 0 })
  const found = await readKeys(state)
  assert.ok(found.length > 0)
  assert.deepEqual(await readStaged(state), [])
  assert.ok(!found.some(key => /:failures:61:/.test(key)))
  // The counters of decisions go on.
  assert.deepEqual((await reader.meta(state)).tally, { 'applied/x': 2 })
  await store.load(state, EMPTY_SELECTION)
})

it('given a run that is killed between two pages, then the consumer goes on, and the next run cleans up', async () => {
  const state = await given()
  const kept = await readKeys(state)
  const killed = Promise.withResolvers<void>()
  const never = async function* () {
    yield partsAt(3)
    yield [{ kind: 'state' as const, entity: 'only of the killed run', state: '1' }]
    killed.resolve()
    await new Promise(() => {})
  }
  void states.stage(state, never())
  await killed.promise
  assert.ok((await readStaged(state)).length > 0)
  const { version: base } = await store.load(state, EMPTY_SELECTION)
  assert.equal(await store.commit(state, createChange({ base, appliedOffset: 1, code: CODE })), 'committed')
  await states.unstage(state)
  assert.deepEqual(await readKeys(state), kept)
  void states.stage(state, never())
  await pause(100)
  const staged = await states.stage(state, inPages(partsAt(3)))
  const { version: live } = await states.fence(state, FENCE, 60_000)
  await states.replace(state, { ...staged, above: 0 }, { live, continues: CONTINUES })
  const entities: string[] = []
  for await (const [entity] of states.states(state)) entities.push(entity)
  assert.ok(!entities.includes('only of the killed run'))
  assert.deepEqual(await readStaged(state), [])
})

it('given a replacement before the next load, then it has the new contents, and late commits are refused', async () => {
  const state = await given()
  const before = await store.load(state, EMPTY_SELECTION)
  const staged = await states.stage(state, inPages(partsAt(3)))
  const { version: live } = await states.fence(state, FENCE, 60_000)
  await states.replace(state, { ...staged, above: 0 }, { live, continues: CONTINUES })
  const late = createChange({ base: before.version, appliedOffset: 1, code: CODE })
  assert.equal(await store.commit(state, late), 'refused')
  const { version } = await store.load(state, EMPTY_SELECTION)
  assert.deepEqual(version, { epoch: 1, appliedOffset: 3, fired: 1 })
})

it('given an expired fence, then the state continues by itself, and the fence no longer counts', async () => {
  const state = await given()
  const base = { epoch: 0, appliedOffset: 0, fired: 0 }
  // The clock of the server counts in whole seconds.
  assert.deepEqual((await states.fence(state, FENCE, 1)).version, base)
  await pause(1_100)
  await store.load(state, EMPTY_SELECTION)
  const staged = await states.stage(state, inPages(partsAt(-1)))
  assert.deepEqual(await states.replace(state, staged, { live: base, continues: CONTINUES }), {
    kind: 'moved',
  })
  assert.equal(await store.commit(state, createChange({ base, appliedOffset: 1 })), 'committed')
  assert.equal((await states.facts(state)).fence, undefined)
})

it('given a part that the server evicts, then the contents do not replace the live ones', async () => {
  for (const part of ['states', 'timers', 'due', 'ids:0', 'meta']) {
    const state = await given()
    const { version: live } = await states.fence(state, FENCE, 60_000)
    const staged = await states.stage(state, inPages(partsAt(3)))
    await client.run(redis => redis.del(`${buildPrefix(state)}:staged:${part}`))
    const { kind } = await states.replace(state, staged, { live, continues: CONTINUES })
    assert.equal(kind, 'incomplete', part)
    assert.equal((await states.facts(state)).version.appliedOffset, 0)
  }
  const state = await given()
  const evicting = async function* () {
    yield partsAt(3)
    await client.run(redis => redis.del(`${buildPrefix(state)}:staged:states`))
  }
  await assert.rejects(states.stage(state, evicting()), { why: 'incomplete' })
})

it('given ids that were made to share a bucket, then no value of the new contents exceeds a bound', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  const ids = Array.from({ length: 3_000 }, (_, number): StatePart => {
    const id = `ab${number}`.padEnd(12, '.')
    return { kind: 'id', id: { id, digest: 'd'.repeat(8), appliedAtMs: 0 } }
  })
  await replaceState(states, state, inPages([{ kind: 'meta', meta: metaAt(41) }, ...ids]))
  const { ids: key } = liveKeysOf(state)
  const sizes = await client.run(async redis => {
    const values = [...(await redis.hvals(`${key}:0`)), ...(await redis.hvals(`${key}:0:more`))]
    return values.map(value => Buffer.byteLength(value))
  })
  assert.ok(sizes.length > 1)
  // A full bucket, and one page of ids: 24 bytes an id.
  assert.ok(Math.max(...sizes) <= (256 + 500) * 24, `${Math.max(...sizes)} bytes`)
})
