/** Effects of a commit, its refusals, and the independence of partition states. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { StateStore } from '../../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { createChange, versionAt } from '../../support/changes.ts'
import { entry, id, newStateKey } from './samples.ts'

export function commitTests(store: () => StateStore): void {
  it('given no commit, then a partition state has no applied offset, clock, states or outbox', async () => {
    const snapshot = await store().load(newStateKey(), {
      ...EMPTY_SELECTION,
      entities: ['e'],
      ids: [id('a').id],
    })
    assert.deepEqual(snapshot, {
      version: versionAt(-1),
      clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
      appliedDigest: undefined,
      emitted: 0,
      parkedBytes: 0,
      states: new Map(),
      timers: new Map(),
      timersUpTo: undefined,
      notLoaded: new Set(),
      known: new Map(),
      failures: new Map(),
      failureMemory: { bytes: 0, forgotten: 0 },
      failuresFromMs: undefined,
      outbox: [],
    })
  })

  it('given a commit, then all its changes are visible together', async () => {
    const stateKey = newStateKey()
    const change = createChange({
      appliedOffset: 7,
      clock: { nowMs: 1234, lastAppendMs: 1_772_366_400_000, highestAppendMs: 1_772_366_400_500 },
      appliedDigest: 'qL5dQX_M-2oBcA9k',
      parkedBytes: 1_234,
      newEntities: '7:1.5:1234 all:1.5:1234',
      states: new Map([['e 1', '{"count":1,"text":"grün 🌡"}']]),
      ids: [id('a', 1234)],
      outbox: [entry('0.7.0'), { ...entry('0.7.1'), partition: 3 }],
    })
    assert.equal(await store().commit(stateKey, change), 'committed')
    assert.deepEqual(
      await store().load(stateKey, {
        ...EMPTY_SELECTION,
        entities: ['e 1', 'e 2'],
        ids: [id('b').id, id('a').id],
      }),
      {
        version: versionAt(7),
        clock: change.clock,
        appliedDigest: change.appliedDigest,
        emitted: 0,
        parkedBytes: 1_234,
        newEntities: '7:1.5:1234 all:1.5:1234',
        states: change.states,
        timers: new Map(),
        timersUpTo: undefined,
        notLoaded: new Set(),
        known: new Map([[id('a').id, id('a', 1234)]]),
        failures: new Map(),
        failureMemory: { bytes: 0, forgotten: 0 },
        failuresFromMs: change.failuresFromMs,
        outbox: change.outbox,
      },
    )
  })

  it('given an origin and sequences, then they are kept, and the requested sequences are loaded', async () => {
    const stateKey = newStateKey()
    const [own, other, unknown] = ['views:c:t/a:0:1', 'views:c:t/a:1:1', 'views:c:t/a:2:1'] as const
    const first = new Map([
      [own, '0.0000000000000007.00000000'],
      [other, '0.0000000000000001.00000000'],
    ])
    await store().commit(stateKey, createChange({ origin: 'reader:c:t:0:1', sequences: first }))
    const second = new Map([[own, '0.0000000000000008.00000000']])
    const change = createChange({ base: versionAt(0), appliedOffset: 1, sequences: second })
    assert.equal(await store().commit(stateKey, { ...change, origin: 'reader:c:t:0:1' }), 'committed')
    const wanted = { ...EMPTY_SELECTION, origins: [own, other, unknown] }
    const { origin, sequences } = await store().load(stateKey, wanted)
    assert.equal(origin, 'reader:c:t:0:1')
    assert.deepEqual(sequences, new Map([...first, ...second]))
    const refused = createChange({ base: versionAt(0), sequences: new Map([[other, '1.0.0']]) })
    assert.equal(await store().commit(stateKey, refused), 'refused')
    assert.deepEqual((await store().load(stateKey, wanted)).sequences, sequences)
  })

  // Promise docs/guarantees.md#rule 1
  it('given another version, then a commit is refused and changes nothing', async () => {
    const stateKey = newStateKey()
    await store().commit(stateKey, createChange({ appliedOffset: 3, states: new Map([['e', '1']]) }))
    const before = await store().load(stateKey, { ...EMPTY_SELECTION, entities: ['e'] })
    const stale = { states: new Map([['e', '2']]), outbox: [entry('0.4.0')], ids: [id('a')] }
    for (const base of [
      versionAt(-1),
      versionAt(2),
      versionAt(4),
      { ...versionAt(3), epoch: 1 },
      { ...versionAt(3), epoch: -1 },
      { ...versionAt(3), fired: 1 },
    ])
      assert.equal(
        await store().commit(stateKey, createChange({ ...stale, base, appliedOffset: 5 })),
        'refused',
      )
    assert.deepEqual(
      await store().load(stateKey, { ...EMPTY_SELECTION, entities: ['e'], ids: [id('a').id] }),
      before,
    )
  })

  // Promise docs/guarantees.md#Two invocations that overlap do not both count
  it('given two concurrent commits on the same version, then exactly one succeeds', async () => {
    const stateKey = newStateKey()
    const both = ['1', '2'].map(state =>
      store().commit(stateKey, createChange({ appliedOffset: 0, states: new Map([['e', state]]) })),
    )
    assert.deepEqual((await Promise.all(both)).sort(), ['committed', 'refused'])
  })

  it('given a state of null, then the entity is forgotten', async () => {
    const stateKey = newStateKey()
    await store().commit(
      stateKey,
      createChange({
        appliedOffset: 0,
        states: new Map([
          ['e', '1'],
          ['f', '2'],
        ]),
      }),
    )
    await store().commit(
      stateKey,
      createChange({ base: versionAt(0), appliedOffset: 1, states: new Map([['e', null]]) }),
    )
    const { states } = await store().load(stateKey, { ...EMPTY_SELECTION, entities: ['e', 'f'] })
    assert.deepEqual(states, new Map([['f', '2']]))
  })

  it('given several commits, then the outbox is returned in the order of its positions', async () => {
    const stateKey = newStateKey()
    const late = entry('0.0000000000000010.0000')
    const early = [entry('0.0000000000000002.0000'), entry('0.0000000000000002.0001')]
    await store().commit(stateKey, createChange({ appliedOffset: 2, outbox: early }))
    await store().commit(stateKey, createChange({ base: versionAt(2), appliedOffset: 10, outbox: [late] }))
    assert.deepEqual((await store().load(stateKey, EMPTY_SELECTION)).outbox, [...early, late])
  })

  it('given a context, then its content is loaded on request, unless its hash is known', async () => {
    const stateKey = newStateKey()
    const readContext = async (contexts?: readonly string[]) =>
      (await store().load(stateKey, { ...EMPTY_SELECTION, ...(contexts ? { contexts } : {}) })).context
    assert.equal(await readContext([]), undefined)
    const first = { hash: 'one', json: '{"text":"grün 🌡"}' }
    await store().commit(stateKey, createChange({ appliedOffset: 1, context: first }))
    assert.deepEqual(await readContext([]), first)
    assert.deepEqual(await readContext(['other']), first)
    assert.deepEqual(await readContext(['other', 'one']), { hash: 'one' })
    assert.equal(await readContext(), undefined)

    await store().commit(stateKey, createChange({ base: versionAt(1), appliedOffset: 2 }))
    assert.deepEqual(await readContext([]), first, 'a commit without a context keeps the stored one')
    const second = { hash: 'two', json: '[]' }
    const stale = createChange({ base: versionAt(1), appliedOffset: 3, context: second })
    assert.equal(await store().commit(stateKey, stale), 'refused')
    assert.deepEqual(await readContext([]), first)
    await store().commit(stateKey, createChange({ base: versionAt(2), appliedOffset: 3, context: second }))
    assert.deepEqual(await readContext(['one']), second)
  })

  it('given a trimmed outbox, then exactly those entries are gone, and trimming again is not an error', async () => {
    const stateKey = newStateKey()
    const [first, second] = [entry('0.1.0'), entry('0.1.1')]
    await store().commit(stateKey, createChange({ appliedOffset: 1, outbox: [first, second] }))
    await store().trimOutbox(stateKey, [first.position, 'never there'])
    await store().trimOutbox(stateKey, [first.position])
    await store().trimOutbox(stateKey, [])
    assert.deepEqual((await store().load(stateKey, EMPTY_SELECTION)).outbox, [second])
  })

  it('given partition states of another consumer, topic or partition, then nothing is shared', async () => {
    const stateKey = newStateKey()
    await store().commit(stateKey, createChange({ appliedOffset: 9 }))
    const others = [
      { ...stateKey, consumer: 'x' },
      { ...stateKey, topic: `${stateKey.topic}x` },
      { ...stateKey, partition: 1 },
    ]
    for (const other of others)
      assert.equal((await store().load(other, EMPTY_SELECTION)).version.appliedOffset, -1)
  })

  it('given a loaded snapshot, when it is changed, then the store is not', async () => {
    const stateKey = newStateKey()
    await store().commit(stateKey, createChange({ appliedOffset: 0, outbox: [entry('0.0.0')] }))
    const taken = (await store().load(stateKey, EMPTY_SELECTION)).outbox[0] as { event: { id: string } }
    taken.event.id = 'changed'
    assert.equal((await store().load(stateKey, EMPTY_SELECTION)).outbox[0]?.event.id, 'id of 0.0.0')
  })
}
