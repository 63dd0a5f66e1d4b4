import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RedisClient } from '../../../../packages/runtime/adapters/redis/client.ts'
import { LAYOUT, withLayout } from '../../../../packages/runtime/adapters/redis/layout.ts'
import {
  FENCE,
  REPLACE_STATE,
  RedisReplaceableStates,
} from '../../../../packages/runtime/adapters/redis/replaceable-states.ts'
import type { Script } from '../../../../packages/runtime/adapters/redis/scripts.ts'
import { ADD_TO_STAGED, STAGE_STATE } from '../../../../packages/runtime/adapters/redis/staging.ts'
import { COMMIT, LOAD, RedisStateStore } from '../../../../packages/runtime/adapters/redis/state-store.ts'
import { EMPTY_META } from '../../../../packages/runtime/pipeline/replacing/state-parts.ts'
import { NOTHING_WANTED } from '../../../../packages/runtime/testing/wanted.ts'
import { changeOf, versionAt } from '../../../support/changes.ts'
import { unpacked } from '../../../support/message-pack.ts'

const STATE_KEY = { consumer: 'c', topic: 't', partition: 0 }

/** Every script with a request that has all of its fields, as the code around it packs it. */
async function requests(): Promise<ReadonlyMap<Script, ReadonlyMap<string, unknown>>> {
  const found = new Map<Script, ReadonlyMap<string, unknown>>()
  const eval_ = async (script: Script, _: unknown, [argument]: [Buffer | string]) => {
    // A field that is undefined is left out.
    const request = unpacked(argument as Buffer) as Map<string, unknown>
    found.set(script, new Map([...(found.get(script) ?? []), ...request]))
    if (script === ADD_TO_STAGED || script === STAGE_STATE) return 1
    return script === COMMIT ? 1 : [1, 1]
  }
  const client = { eval: eval_, run: async () => '1' } as unknown as RedisClient
  const store = new RedisStateStore(client)
  // The answer is not one of the script.
  await store.load(STATE_KEY, { ...NOTHING_WANTED, contexts: [] }).catch(() => {})
  await store.commit(
    STATE_KEY,
    changeOf({
      appliedDigest: 'd',
      context: { hash: 'h', json: '1' },
      code: 'v1',
      newEntities: 'all:1:1',
      origin: 'o',
      formerOffsets: { former: 1 },
    }),
  )
  const states = new RedisReplaceableStates(client)
  const staged = await states.stage(STATE_KEY, pages())
  const continues = { fence: { why: 'reprocessing', attempt: 1 } as const, code: 'v1', codeFrom: 1 }
  await states.replace(STATE_KEY, staged, { live: versionAt(1), continues })
  return found
}

async function* pages() {
  yield [{ kind: 'meta' as const, meta: EMPTY_META }]
}

const sorted = (names: Iterable<string>) => [...new Set(names)].sort()
const matches = (text: string, pattern: RegExp) =>
  sorted([...text.matchAll(pattern)].map(([, name]) => name as string))

describe('the request of a script', () => {
  const scripts = {
    ...{ LOAD, COMMIT, STAGE_STATE, ADD_TO_STAGED, REPLACE_STATE },
  }
  for (const [name, script] of Object.entries(scripts))
    it(`given ${name}, then the script reads its fields, and its head explains them`, async () => {
      const request = (await requests()).get(script)
      assert.ok(request && request.size > 1)
      const fields = sorted(request.keys())
      assert.deepEqual(matches(script.lua, /\brequest\.(\w+)/g), fields)
      const [head] = /(?<=the request, a map in MessagePack:\n)(?: {4}\w.*\n)+/.exec(script.lua) ?? ['']
      assert.deepEqual(matches(head, /^ {4}(\w+) {2,}\S/gm), fields)
      const base = request.get('base')
      if (base instanceof Map) assert.deepEqual(matches(script.lua, /\bbase\.(\w+)/g), sorted(base.keys()))
    })
})

describe('the layout of a partition state', () => {
  it('given the scripts, then they read no field of meta that is not in it, and a commit writes each', () => {
    for (const { lua } of [LOAD, COMMIT, FENCE, REPLACE_STATE]) {
      const read = matches(lua, /\bmeta\.(\w+)/g)
      assert.ok(read.length > 0)
      assert.deepEqual(
        read.filter(name => !(LAYOUT.meta as readonly string[]).includes(name)),
        [],
      )
    }
    const [written] = /(?<=writeMeta\(metaKey, \{\n)[^}]+/.exec(COMMIT.lua) ?? ['']
    // A fenced state is not committed to.
    const kept = LAYOUT.meta.filter(name => name !== 'fence')
    assert.deepEqual(matches(written, /^ {2}(\w+) = /gm), sorted(kept))
  })

  it('given a constant in a script, then its value is there instead; of another name, then it is refused', () => {
    assert.equal(withLayout('at % LAYOUT.ids.entryBytes'), 'at % 24')
    assert.equal(withLayout('x .. LAYOUT.ids.beyondFull'), 'x .. ":more"')
    assert.equal(withLayout('LAYOUT.failures.generation'), '{ "bytes", "count", "lastMs" }')
    assert.throws(() => withLayout('LAYOUT.ids.entryByte'), /LAYOUT\.ids\.entryByte,/)
    assert.throws(() => withLayout('LAYOUT.ids'), TypeError)
    for (const { lua } of [LOAD, COMMIT, FENCE, ADD_TO_STAGED, REPLACE_STATE])
      assert.doesNotMatch(lua, /LAYOUT\./)
  })
})
