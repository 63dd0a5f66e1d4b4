/** The behaviour that every `PartitionStates` must have, together with the `StateStore` of the same states. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { withHold } from '../../packages/runtime/pipeline/deciding/stored-state.ts'
import type { Growth, StateKey, Version } from '../../packages/runtime/pipeline/model.ts'
import type { StateStore } from '../../packages/runtime/pipeline/ports.ts'
import {
  type CheckpointMeta,
  type CheckpointPart,
  EMPTY_META,
  type PartitionStates,
} from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { NOTHING_WANTED } from '../../packages/runtime/testing/wanted.ts'
import { changeOf, failureOf } from '../support/changes.ts'
import { inPages, metaAt, partsAt, partsIn, sorted } from '../support/parts.ts'

const ABSENT = EMPTY_META.version
const _NOW_MS = Date.parse('2026-03-01T12:00:00Z')

export function conformsAsPartitionStates(
  name: string,
  states: () => PartitionStates,
  store: () => StateStore,
): void {
  const versionOf = async (state: StateKey) => (await store().load(state, NOTHING_WANTED)).version
  const commit = (state: StateKey, base: Version, appliedOffset: number) =>
    store().commit(state, changeOf({ base, appliedOffset, states: new Map([['e', String(appliedOffset)]]) }))
  const taken = async (state: StateKey) => {
    const copy = await states().take(state)
    assert.ok(copy)
    return partsIn(copy.pages)
  }

  const trackedOf = async (state: StateKey) => {
    const tracked = await states().tracked(state)
    assert.ok(tracked)
    return tracked
  }
  const read = async (state: StateKey, scope: 'whole' | 'changes', takenAtMs: number) => {
    const reading = states().read(state, await trackedOf(state), scope)
    const parts = await partsIn(reading.pages)
    await reading.stored(takenAtMs)
    return parts
  }

  describe(`${name} as partition states`, () => {
    it('given a state that was never written, then no checkpoint is taken', async () => {
      assert.equal(await states().take(newState()), undefined)
    })

    it('given an absent state, when a checkpoint replaces it, then it has its contents and the next epoch', async () => {
      const state = newState()
      assert.equal(await states().replace(state, ABSENT, inPages(partsAt(41, 3))), 'replaced')
      assert.deepEqual(await versionOf(state), { epoch: 4, appliedOffset: 41, fired: 1 })
      const [, ...others] = partsAt(41)
      assert.deepEqual(await taken(state), sorted([{ kind: 'meta', meta: metaAt(41, 4) }, ...others]))
      const wanted = partsAt(41).flatMap(part => (part.kind === 'id' ? [part.id.id] : []))
      const { known, clock } = await store().load(state, { ...NOTHING_WANTED, ids: wanted })
      assert.deepEqual([known.size, clock], [900, metaAt(41).clock])
    })

    it('given held entities, even twice, then the bytes of what they have parked are counted once', async () => {
      const state = newState()
      const parked = { key: 'a2V5', value: 'x'.repeat(1_000), headers: [['id', 'eA==']] }
      const held = (entity: string, count: number): CheckpointPart => {
        const hold = JSON.stringify({ untilMs: 1, parked: Array(count).fill(parked), timers: [] })
        return { kind: 'state', entity, state: withHold('{}', hold) ?? '' }
      }
      const others = partsAt(41)
      await states().replace(state, ABSENT, inPages([...others, held('/b 1', 2), held('/b 2', 1)]))
      const { version, parkedBytes } = await store().load(state, NOTHING_WANTED)
      const each = parkedBytes / 3
      assert.ok(each >= 1_006 && each < 1_300, `${each}`)
      const again = [...others, held('/b 1', 2), ...others, held('/b 1', 2)]
      await states().replace(state, version, inPages(again))
      assert.equal((await store().load(state, NOTHING_WANTED)).parkedBytes, 2 * each)
    })

    it('given an id with two times, then the newer one counts, even if they are on different pages', async () => {
      const state = newState()
      const id = { id: 'ab0123456789', digest: '12345678', appliedAtMs: 3 }
      const parts: CheckpointPart[] = [
        { kind: 'meta', meta: metaAt(1) },
        { kind: 'id', id: { ...id, appliedAtMs: 2, digest: 'older---' } },
        { kind: 'id', id: { ...id, id: 'ab9876543210' } },
        ...Array.from({ length: 60 }, (_, entity) => ({
          kind: 'state' as const,
          entity: `e ${entity}`,
          state: '1',
        })),
        { kind: 'id', id },
      ]
      await states().replace(state, ABSENT, inPages(parts))
      const { known } = await store().load(state, { ...NOTHING_WANTED, ids: [id.id, 'ab9876543210'] })
      assert.deepEqual(known.get(id.id), id)
      assert.equal(known.size, 2)
    })

    it('given a commit meanwhile, then the state is not replaced, and can be replaced later', async () => {
      const state = newState()
      assert.equal(await commit(state, ABSENT, 5), 'committed')
      assert.equal(await states().replace(state, ABSENT, inPages(partsAt(41))), 'moved')
      assert.deepEqual(await versionOf(state), { epoch: 0, appliedOffset: 5, fired: 0 })
      const base = { epoch: 0, appliedOffset: 5, fired: 0 }
      assert.equal(await states().replace(state, base, inPages(partsAt(41))), 'replaced')
      assert.deepEqual(await versionOf(state), { epoch: 1, appliedOffset: 41, fired: 1 })
    })

    it('given a commit computed from the absent state, then it is refused after a replacement', async () => {
      const state = newState()
      await states().replace(state, ABSENT, inPages([{ kind: 'meta', meta: EMPTY_META }]))
      assert.deepEqual(await versionOf(state), { epoch: 1, appliedOffset: -1, fired: 0 })
      assert.equal(await commit(state, ABSENT, 0), 'refused')
    })

    it('given pages that fail at their end, then the state is unchanged, and the next attempt succeeds', async () => {
      const [state, failure] = [newState(), new Error('damaged')]
      await assert.rejects(states().replace(state, ABSENT, inPages(partsAt(9), failure)), failure)
      assert.deepEqual(await versionOf(state), ABSENT)
      const [meta, , , ...few] = partsAt(8)
      assert.ok(meta)
      await states().replace(state, ABSENT, inPages([meta, ...few.slice(0, 3)]))
      assert.equal((await taken(state)).length, 4)
    })

    it('given two concurrent replacements of the same absent state, then one succeeds', async () => {
      const state = newState()
      const outcomes = await Promise.all(
        [41, 42].map(appliedOffset => states().replace(state, ABSENT, inPages(partsAt(appliedOffset)))),
      )
      assert.equal(outcomes.filter(outcome => outcome === 'replaced').length, 1)
      assert.equal((await versionOf(state)).epoch, 1)
    })

    it('given a topic that has grown, then its state says so after commits, and after older contents', async () => {
      const [state, partitioning] = [newState(), { generation: 2, partitions: 5 }]
      const { appliedOffset, ...before } = metaAt(41).version
      const meta = { ...metaAt(41), version: { ...before, appliedOffset, fired: 0 }, partitioning }
      await states().replace(state, ABSENT, inPages([{ kind: 'meta', meta }]))
      const load = () => store().load(state, NOTHING_WANTED)
      const base = (await load()).version
      assert.equal(await commit(state, base, 42), 'committed')
      assert.deepEqual((await load()).partitioning, partitioning)
      assert.deepEqual(metaIn(await taken(state)).partitioning, partitioning)
      const { version } = await load()
      await states().replace(state, version, inPages([{ kind: 'meta', meta: EMPTY_META }]))
      assert.deepEqual((await load()).partitioning, partitioning)
      const grown = { ...EMPTY_META, partitioning: { generation: 3, partitions: 9 } }
      await states().replace(state, (await load()).version, inPages([{ kind: 'meta', meta: grown }]))
      assert.deepEqual((await load()).partitioning, grown.partitioning)
    })

    it('given the growths of a topic, then its states keep them', async () => {
      const [state, growths] = [newState(), [grown(1), grown(2)]]
      const replacedBy = async (meta: Partial<CheckpointMeta>) => {
        const { version } = await store().load(state, NOTHING_WANTED)
        const pages = inPages([{ kind: 'meta', meta: { ...EMPTY_META, ...meta } }])
        return states().replace(state, version, pages)
      }
      const asIt = (number: number) => ({
        partitioning: { generation: number, partitions: number + 1 },
        growths: growths.slice(0, number),
      })
      await replacedBy(asIt(2))
      assert.deepEqual(metaIn(await taken(state)).growths, growths)
      const failures = [{ id: 'AAECAwQFBgcICQoLDA0ODw', producerGroup: 5 }]
      assert.deepEqual((await store().load(state, { ...NOTHING_WANTED, failures })).growths, growths)
      assert.equal((await store().load(state, NOTHING_WANTED)).growths, undefined)
      for (const older of [asIt(1), {}]) {
        await replacedBy(older)
        assert.deepEqual(metaIn(await taken(state)).growths, growths)
      }
    })

    it('given attempts at a failure, then a checkpoint and the state that it becomes have the last one', async () => {
      const [state, restored] = [newState(), newState()]
      const open = failureOf('f', 1_000)
      const attempts = [open, { ...open, attempt: 2 }, { ...open, attempt: 3, isOpen: false }]
      for (const [appliedOffset, failure] of attempts.entries()) {
        const { version } = await store().load(state, NOTHING_WANTED)
        const change = changeOf({ base: version, appliedOffset, failures: [failure] })
        assert.equal(await store().commit(state, change), 'committed')
      }
      const parts = await taken(state)
      const [failure, ...others] = parts.filter(({ kind }) => kind === 'failure')
      assert.deepEqual([failure, others], [{ kind: 'failure', failure: attempts.at(-1) }, []])
      const copy = await states().take(state)
      assert.ok(copy)
      await states().replace(restored, ABSENT, copy.pages)
      const { failures } = await store().load(restored, { ...NOTHING_WANTED, failures: [open] })
      assert.deepEqual(failures.get(open.id), attempts.at(-1))
    })

    it('given a commit while a checkpoint is taken, then its pages fail at their end', async () => {
      const state = newState()
      await commit(state, ABSENT, 5)
      const copy = await states().take(state)
      assert.deepEqual(copy?.version, { epoch: 0, appliedOffset: 5, fired: 0 })
      await commit(state, copy.version, 6)
      await assert.rejects(partsIn(copy.pages), { name: 'CopyStopped', why: 'moved' })
    })

    it('given commits while a state is read, then it is read as it was at the end, and stored once', async () => {
      const state = newState()
      assert.equal(await states().tracked(state), undefined)
      await states().replace(state, ABSENT, inPages(partsAt(41)))
      const tracked = await trackedOf(state)
      assert.equal(tracked.since, undefined)
      const reading = states().read(state, tracked, 'whole')
      const parts: CheckpointPart[] = []
      for await (const page of reading.pages) {
        parts.push(...page)
        if (parts.length === page.length) assert.equal(await commit(state, tracked.version, 42), 'committed')
      }
      const restored = newState()
      await states().replace(restored, ABSENT, inPages(parts))
      const { version } = metaIn(parts)
      const asOf = async (one: StateKey) => (await taken(one)).filter(({ kind }) => kind !== 'meta')
      if (version.appliedOffset === 42) assert.deepEqual(await asOf(restored), await asOf(state))
      assert.equal((await trackedOf(state)).since === 1_000, false)
      await reading.stored(1_000)
      assert.deepEqual(await trackedOf(state), { version: (await trackedOf(state)).version, since: 1_000 })
    })

    it('given a checkpoint, then the changes since it are read, and nothing else', async () => {
      const state = newState()
      await states().replace(state, ABSENT, inPages(partsAt(41)))
      await read(state, 'whole', 1_000)
      const tracked = await trackedOf(state)
      const change = {
        base: tracked.version,
        appliedOffset: 42,
        clock: metaAt(41).clock,
        states: new Map([
          ['/a 2', null],
          ['/b 1', '{"count":7}'],
        ]),
        timers: new Map([['/a 2', []]]),
        ids: [{ id: 'zz0123456789', digest: '12345678', appliedAtMs: 4_000 }],
      }
      assert.equal(await store().commit(state, changeOf(change)), 'committed')
      const parts = await read(state, 'changes', 2_000)
      const kinds = (kind: CheckpointPart['kind']) => parts.filter(part => part.kind === kind)
      assert.deepEqual(kinds('state'), [{ kind: 'state', entity: '/b 1', state: '{"count":7}' }])
      assert.deepEqual(kinds('id'), [{ kind: 'id', id: change.ids[0] }])
      assert.deepEqual([kinds('failure'), kinds('context'), kinds('timers')], [[], [], []])
      const gone = parts.flatMap(part => (part.kind === 'gone' ? [part.gone] : []))
      assert.deepEqual(
        gone.flatMap(one => one.states ?? []),
        ['/a 2'],
      )
      assert.equal(metaIn(parts).version.appliedOffset, 42)
      const next = await read(state, 'changes', 3_000)
      assert.deepEqual(
        next.filter(({ kind }) => kind === 'state' || kind === 'id'),
        [],
      )
    })

    it('given changes that were read and not stored, then the next reading has them once more', async () => {
      const state = newState()
      await states().replace(state, ABSENT, inPages(partsAt(41)))
      await read(state, 'whole', 1_000)
      await commit(state, (await trackedOf(state)).version, 42)
      const killed = states().read(state, await trackedOf(state), 'changes')
      assert.ok((await partsIn(killed.pages)).some(({ kind }) => kind === 'state'))
      await commit(state, (await trackedOf(state)).version, 43)
      const parts = await read(state, 'changes', 2_000)
      assert.deepEqual(
        [...new Set(parts.flatMap(part => (part.kind === 'state' ? [part.state] : [])))],
        ['43'],
      )
    })

    it('given a state that is replaced, then the changes since its checkpoint are no longer known', async () => {
      const state = newState()
      await states().replace(state, ABSENT, inPages(partsAt(41)))
      await read(state, 'whole', 1_000)
      const before = await trackedOf(state)
      const { version } = await store().load(state, NOTHING_WANTED)
      assert.equal(await states().replace(state, version, inPages(partsAt(41))), 'replaced')
      await assert.rejects(partsIn(states().read(state, before, 'changes').pages), {
        name: 'CopyStopped',
        why: 'moved',
      })
      await commit(state, (await trackedOf(state)).version, 42)
      assert.equal((await trackedOf(state)).since, undefined)
    })

    it('given a state that is replaced, then its whole checkpoint has nothing of the changes before', async () => {
      const state = newState()
      await commit(state, ABSENT, 0)
      await read(state, 'whole', 1_000)
      const { version } = await trackedOf(state)
      const ids = [{ id: 'zz0123456789', digest: '12345678', appliedAtMs: 0 }]
      assert.equal(
        await store().commit(state, changeOf({ base: version, appliedOffset: 1, ids })),
        'committed',
      )
      const now = (await trackedOf(state)).version
      assert.equal(
        await states().replace(state, now, inPages([{ kind: 'meta', meta: metaAt(7) }])),
        'replaced',
      )
      assert.deepEqual(
        (await read(state, 'whole', 2_000)).filter(({ kind }) => kind === 'id' || kind === 'state'),
        [],
      )
    })

    it('given failures that are forgotten, then the changes say so', async () => {
      const state = newState()
      const failed = changeOf({ failures: [failureOf('f', 0)] })
      assert.equal(await store().commit(state, failed), 'committed')
      await read(state, 'whole', 1_000)
      const base = (await trackedOf(state)).version
      assert.equal(
        await store().commit(state, changeOf({ base, appliedOffset: 1, failureBytes: 0 })),
        'committed',
      )
      const parts = await read(state, 'changes', 2_000)
      const whole = parts.flatMap(part => (part.kind === 'gone' ? (part.gone.whole ?? []) : []))
      assert.deepEqual(
        [whole.includes('failures'), parts.some(({ kind }) => kind === 'failure')],
        [true, false],
      )
    })

    it('given two readers, when one has stored its checkpoint, then the other one fails', async () => {
      const state = newState()
      await states().replace(state, ABSENT, inPages(partsAt(41)))
      await read(state, 'whole', 1_000)
      await commit(state, (await trackedOf(state)).version, 42)
      const [one, other] = [await trackedOf(state), await trackedOf(state)]
      const slow = states().read(state, other, 'changes')
      await partsIn(slow.pages)
      const quick = states().read(state, one, 'changes')
      await partsIn(quick.pages)
      await quick.stored(2_000)
      await slow.stored(3_000)
      assert.equal((await trackedOf(state)).since, 2_000)
      await assert.rejects(partsIn(states().read(state, other, 'changes').pages), {
        name: 'CopyStopped',
        why: 'moved',
      })
    })

    it('given no checkpoint for a long time of the log, then changes are no longer known', async () => {
      const state = newState()
      await states().replace(state, ABSENT, inPages(partsAt(41)))
      await read(state, 'whole', 1_000)
      const later = (ms: number, appliedOffset: number, base: Version) =>
        store().commit(
          state,
          changeOf({
            base,
            appliedOffset,
            clock: { ...metaAt(41).clock, nowMs: metaAt(41).clock.nowMs + ms },
          }),
        )
      assert.equal(await later(3_600_000, 42, (await trackedOf(state)).version), 'committed')
      assert.equal((await trackedOf(state)).since, 1_000)
      assert.equal(await later(3_600_001, 43, (await trackedOf(state)).version), 'committed')
      assert.equal((await trackedOf(state)).since, undefined)
    })

    it('given more changes than one step reads, then the reading has each of them as it is at the end', async () => {
      const state = newState()
      await commit(state, ABSENT, 0)
      await read(state, 'whole', 1_000)
      const entities = Array.from({ length: 2_500 }, (_, number) => `/e ${number}`)
      const base = (await trackedOf(state)).version
      const changed = new Map(entities.map(entity => [entity, '1']))
      assert.equal(
        await store().commit(state, changeOf({ base, appliedOffset: 1, states: changed })),
        'committed',
      )
      const reading = states().read(state, await trackedOf(state), 'changes')
      const parts: CheckpointPart[] = []
      for await (const page of reading.pages) {
        if (parts.length === 0) {
          const gone = new Map<string, string | null>([
            ['/e 7', null],
            ['/e 8', '2'],
          ])
          const { version } = await trackedOf(state)
          await store().commit(state, changeOf({ base: version, appliedOffset: 2, states: gone }))
        }
        parts.push(...page)
      }
      const restored = newState()
      await states().replace(restored, ABSENT, inPages(parts))
      const count = async (one: StateKey) => (await taken(one)).filter(({ kind }) => kind === 'state')
      if (metaIn(parts).version.appliedOffset === 2)
        assert.deepEqual(
          await count(restored),
          (await count(state)).filter(part => part.kind === 'state' && part.entity !== 'e'),
        )
      else assert.equal((await count(restored)).length, 2_500)
    })
  })
}

function metaIn(parts: readonly CheckpointPart[]): CheckpointMeta {
  const [meta] = parts.flatMap(part => (part.kind === 'meta' ? [part.meta] : []))
  assert.ok(meta)
  return meta
}

function grown(number: number): Growth {
  return { from: number, to: number + 1, ends: Array(number).fill(7), except: [] }
}

/** A partition state that no other test uses. */
function newState(): StateKey {
  return { consumer: 'conformance', topic: `topic-${randomUUID()}`, partition: 0 }
}
