import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { redisUrl } from '@sluice/test-kit/servers'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { buildPrefix } from '../../../adapters/redis/keys.ts'
import { RedisReplaceableStates } from '../../../adapters/redis/replaceable-states.ts'
import { StateReader } from '../../../adapters/redis/state-reader.ts'
import { RedisStateStore } from '../../../adapters/redis/state-store.ts'
import type { StateKey } from '../../../pipeline/model/partition-state.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { conformsAsReplaceableStates } from '../../conformance/replaceable-states.ts'
import { conformsAsStateStore } from '../../conformance/state-store.ts'
import { createChange, createFailure, versionAt } from '../../support/changes.ts'

const CODE = 'v1/settings'
const REBUILD = { startOffset: 0, from: 'start', code: CODE, dropsOlder: false, begunMs: 1 }
const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const store = new RedisStateStore(client)
const states = new RedisReplaceableStates(client)
const { rebuilds } = states
const reader = new StateReader(client)
const listKeys = (state: StateKey) => client.run(redis => redis.keys(`${buildPrefix(state)}:staged*`))
conformsAsReplaceableStates(
  'Redis',
  () => states,
  () => store,
  { tally: async state => (await reader.meta(state)).tally, listKeys },
)
conformsAsStateStore('rebuilds in Redis', () => rebuilds.states)

async function given(): Promise<StateKey> {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  await store.commit(state, createChange({ code: CODE }))
  return state
}

/** Builds a state with all kinds of contents. Returns the number of the run. */
async function rebuild(state: StateKey): Promise<number> {
  const { run } = await rebuilds.begin(state, REBUILD, Date.now())
  const change = createChange({
    base: { ...versionAt(-1), epoch: run },
    states: new Map([['a', '1']]),
    timers: new Map([['a', [{ name: 't', dueMs: 1, thresholdMs: 9, id: 'i', trace: {} }]]]),
    ids: [{ id: 'ab0123456789', digest: '12345678', appliedAtMs: 0 }],
    failures: [createFailure('one', 0)],
  })
  assert.equal(await rebuilds.states.commit(state, change), 'committed')
  await rebuilds.describe(state, REBUILD, run)
  return run
}

async function fence(state: StateKey, run: number, forMs = 60_000) {
  const { version: live } = await states.fence(state, { why: 'reprocessing', attempt: run }, forMs)
  return { live, run, rebuild: REBUILD }
}

it('given an expired fence, then the state continues by itself, and the fence no longer counts', async () => {
  const state = await given()
  // The clock of the server counts in whole seconds.
  const conditions = await fence(state, await rebuild(state), 1)
  await pause(1_100)
  await store.load(state, EMPTY_SELECTION)
  assert.deepEqual(await states.replace(state, conditions), { kind: 'moved' })
  assert.equal(await store.commit(state, createChange({ base: versionAt(0), appliedOffset: 1 })), 'committed')
  assert.equal((await states.facts(state)).fence, undefined)
})

for (const part of ['states', 'timers', 'due', 'ids:0', 'meta'])
  it(`given a rebuild of which the server evicts ${part}, then it neither goes on nor replaces the live state`, async () => {
    const state = await given()
    const conditions = await fence(state, await rebuild(state))
    await client.run(redis => redis.del(`${buildPrefix(state)}:staged:${part}`))
    const { kind } = await states.replace(state, conditions)
    assert.equal(kind, part === 'meta' ? 'overtaken' : 'incomplete')
    assert.equal((await states.facts(state)).version.appliedOffset, 0)
    await rebuild(state)
    await client.run(redis => redis.del(`${buildPrefix(state)}:staged:${part}`))
    assert.equal((await rebuilds.begin(state, REBUILD, Date.now())).continues, false)
    assert.equal((await rebuilds.states.facts(state)).version.appliedOffset, -1)
  })

it('given a server that loses everything, then the run of a rebuild finds another epoch', async () => {
  const state = await given()
  const run = await rebuild(state)
  await client.run(redis =>
    redis.unlink(...['meta', 'states', 'timers', 'due'].map(part => `${buildPrefix(state)}:staged:${part}`)),
  )
  assert.notEqual((await rebuilds.states.load(state, EMPTY_SELECTION)).version.epoch, run)
})

it('given a failover that loses the last commits of a rebuild, then it continues from before them', async () => {
  const state = await given()
  const run = await rebuild(state)
  const keys = await listKeys(state)
  const dumps = await client.run(redis => Promise.all(keys.map(key => redis.dumpBuffer(key))))
  const { version: base } = await rebuilds.states.facts(state)
  const commit = () => rebuilds.states.commit(state, createChange({ base, appliedOffset: 7 }))
  assert.equal(await commit(), 'committed')
  const present = await listKeys(state)
  await client.run(async redis => {
    await redis.unlink(...present)
    for (const [at, key] of keys.entries()) await redis.restore(key, 0, dumps[at] as Buffer)
  })
  assert.deepEqual((await rebuilds.states.facts(state)).version, base)
  assert.equal(base.epoch, run)
  assert.equal(await commit(), 'committed')
})
