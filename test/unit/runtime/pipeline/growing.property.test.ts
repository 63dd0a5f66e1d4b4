import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { partitionOf } from '../../../../packages/runtime/consumer/murmur2.ts'
import { shiftMs } from '../../../../packages/runtime/pipeline/growth/clocks.ts'
import {
  type Growing,
  grownMeta,
  latestOf,
  partsFor,
  sourcesOf,
} from '../../../../packages/runtime/pipeline/growth/repartition.ts'
import { type EntityKey, routed, targetsOf } from '../../../../packages/runtime/pipeline/growth/routes.ts'
import { MAX_STEP_MS } from '../../../../packages/runtime/pipeline/log/clock.ts'
import type { RememberedFailure, StoredTimer } from '../../../../packages/runtime/pipeline/model.ts'
import {
  type CheckpointPart,
  EMPTY_META,
} from '../../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { failureOf } from '../../../support/changes.ts'

interface Entity {
  readonly name: string
  /** Undefined if it is not known. */
  readonly key: string | null | undefined
  /** Its place if its key does not determine it. */
  readonly elsewhere: number
  readonly timers: readonly number[]
  readonly failures: number
  readonly ids: number
}

const ENTITIES = fc.uniqueArray(
  fc.record<Entity>({
    name: fc.integer({ min: 0, max: 60 }).map(number => `/s e${number}`),
    key: fc.oneof(
      { weight: 8, arbitrary: fc.string({ maxLength: 8 }) },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    elsewhere: fc.nat({ max: 5 }),
    timers: fc.array(fc.integer({ min: -500_000, max: 900_000 }), { maxLength: 3 }),
    failures: fc.nat({ max: 2 }),
    ids: fc.nat({ max: 2 }),
  }),
  // A few of them have states in two partitions.
  { selector: ({ name, elsewhere }) => `${name} ${elsewhere}`, maxLength: 60 },
)

const CASES = fc.record({
  from: fc.integer({ min: 1, max: 6 }),
  more: fc.integer({ min: 1, max: 8 }),
  entities: ENTITIES,
  clocks: fc.array(fc.record({ nowMs: fc.nat({ max: 10_000_000 }), aheadMs: fc.nat({ max: 400_000 }) }), {
    minLength: 6,
    maxLength: 6,
  }),
})
type Case = typeof CASES extends fc.Arbitrary<infer T> ? T : never

/** The log of partition 3 is 4 ms behind that of partition 1, and so is its clock: times that move there are not shifted. */
const BEHIND_BY_THE_SAME: Case = {
  from: 4,
  more: 1,
  entities: [{ name: '/s e0', key: '', elsewhere: 0, timers: [], failures: 1, ids: 1 }],
  clocks: [0, 5, 0, 1, 0, 0].map(aheadMs => ({ nowMs: aheadMs && aheadMs + 15, aheadMs })),
}

const START_MS = 1_772_366_400_000

/** The partition states before, and all after. */
function grown({ from, more, entities, clocks }: Case) {
  const counts = { from, to: from + more }
  const placed = entities.map(one => {
    const own = typeof one.key === 'string' ? partitionOf(Buffer.from(one.key), from) : one.elsewhere % from
    return { ...one, partition: own }
  })
  // Two of one name in the same partition are one entity.
  const unique = [...new Map(placed.map(one => [`${one.partition} ${one.name}`, one])).values()]
  const old = Array.from({ length: from }, (_, partition) => {
    const { nowMs, aheadMs } = clocks[partition] as (typeof clocks)[number]
    const clock = { nowMs, lastAppendMs: START_MS + aheadMs, highestAppendMs: START_MS + aheadMs }
    const version = { epoch: 1, appliedOffset: 10 + partition, fired: 0 }
    const context: CheckpointPart = { kind: 'context', context: { hash: `of ${partition}`, json: '{}' } }
    const parts = unique.filter(one => one.partition === partition).flatMap(one => partsOf(one, nowMs))
    return {
      partition,
      meta: { ...EMPTY_META, version, clock },
      hasContext: true,
      parts: [...parts, context],
    }
  })
  const found = unique.map((one): EntityKey => {
    const { partition, name: entity, key } = one
    return { partition, entity, key: typeof key === 'string' ? Buffer.from(key) : key }
  })
  const { routes, staying } = routed(found, counts)
  const growing: Growing = {
    ...counts,
    partitioning: { generation: 1, partitions: counts.to },
    old,
    routes,
    failureRoute: (_, { offset }) => {
      const one = unique[offset]
      return typeof one?.key === 'string' ? partitionOf(Buffer.from(one.key), counts.to) : undefined
    },
  }
  const after = Array.from({ length: counts.to }, (_, target) => ({
    meta: grownMeta(target, growing),
    parts: sourcesOf(target, growing).flatMap(source =>
      partsFor(target, source, old[source.partition]?.parts ?? [], growing),
    ),
  }))
  return { counts, unique, old, staying, after, growing }

  function partsOf(one: (typeof unique)[number], nowMs: number): CheckpointPart[] {
    const index = unique.indexOf(one)
    const name = `${one.partition} ${one.name}`
    return [
      { kind: 'state', entity: one.name, state: JSON.stringify(name) },
      ...(one.timers.length === 0 ? [] : [timersOf(one, nowMs, name)]),
      ...Array.from({ length: one.failures }, (_, number): CheckpointPart => {
        const failure = failureOf(`${name} ${number}`, Math.max(0, nowMs - number * 1_000))
        return { kind: 'failure', failure: { ...failure, offset: index } }
      }),
      ...Array.from({ length: one.ids }, (_, number): CheckpointPart => {
        const id = `${index} ${number}`.padEnd(12, '.')
        return { kind: 'id', id: { id, digest: '12345678', appliedAtMs: Math.max(0, nowMs - number) } }
      }),
    ]
  }
}

function timersOf({ name, timers }: Entity, nowMs: number, id: string): CheckpointPart {
  const own = timers.map((inMs, number): StoredTimer => {
    return { name: `t${number}`, dueMs: 1, thresholdMs: nowMs + inMs, id: `${id} ${number}`, trace: {} }
  })
  return { kind: 'timers', entity: name, timers: own }
}

/** Each part of a kind, with its partition. */
function of<Kind extends CheckpointPart['kind']>(
  states: readonly { readonly parts: readonly CheckpointPart[] }[],
  kind: Kind,
) {
  return states.flatMap(({ parts }, partition) =>
    parts.flatMap(part =>
      part.kind === kind ? [{ partition, part: part as Extract<CheckpointPart, { kind: Kind }> }] : [],
    ),
  )
}

describe('rule 24: states that move to more partitions', () => {
  it('rule 24: given any states, then each entity has its state and timers once, where its key goes', () => {
    fc.assert(
      fc.property(CASES, given => {
        const { counts, unique, old, after, staying } = grown(given)
        const states = of(after, 'state')
        const contents = (all: typeof states) => all.map(({ part: { state } }) => state).sort()
        assert.deepEqual(contents(states), contents(of(old, 'state')))
        for (const { partition, part } of states) {
          const one = unique.find(
            ({ partition, name }) => JSON.stringify(`${partition} ${name}`) === part.state,
          )
          assert.ok(one)
          const stays = staying.some(
            ({ entity, partition }) => entity === one.name && partition === one.partition,
          )
          const home = stays ? one.partition : partitionOf(Buffer.from(one.key as string), counts.to)
          assert.equal(partition, home)
        }
        const names = states.map(({ partition, part }) => `${partition} ${part.entity}`)
        assert.equal(new Set(names).size, names.length, 'two states of one entity in one partition')
        const timed = of(after, 'timers')
        assert.equal(timed.length, of(old, 'timers').length)
        for (const { partition, part } of timed)
          assert.ok(names.includes(`${partition} ${part.entity}`), 'timers left their entity')
      }),
    )
  })

  it('rule 24: given any timers, then none fires early or long late, and order is kept', () => {
    fc.assert(
      fc.property(CASES, given => {
        const { old, after } = grown(given)
        const before = of(old, 'timers')
        const shifts = new Map<string, number>()
        for (const { partition, part } of of(after, 'timers')) {
          const own = before.find(({ part: { timers } }) => isDeepSame(timers, part.timers))
          assert.ok(own)
          const [source, target] = [old[own.partition]?.meta.clock, after[partition]?.meta.clock]
          assert.ok(source?.lastAppendMs !== undefined && target?.lastAppendMs !== undefined)
          const shift = shiftOf(own.part.timers, part.timers)
          // Lateness by the wall clock: when each log's clock, which counts from its last record on, reaches the threshold.
          const late = target.lastAppendMs - target.nowMs + shift - (source.lastAppendMs - source.nowMs)
          assert.ok(late >= 0 || target.lastAppendMs < source.lastAppendMs, `${late} ms early`)
          assert.ok(Math.abs(late) <= 400_000)
          const route = `${own.partition} ${partition}`
          assert.equal(shifts.get(route) ?? shift, shift)
          shifts.set(route, shift)
        }
      }),
    )
  })

  it('rule 24: given any ids and failures, then they are known wherever a key can go', () => {
    fc.assert(
      fc.property(CASES, given => {
        const { counts, old, after, growing } = grown(given)
        for (const { partition, part } of of(old, 'id'))
          for (const target of targetsOf(partition, counts)) {
            const ids = of(after, 'id').filter(
              one => one.partition === target && one.part.id.id === part.id.id,
            )
            assert.equal(ids.length, 1)
            const { nowMs } = after[target]?.meta.clock ?? { nowMs: -1 }
            assert.ok((ids[0]?.part.id.appliedAtMs ?? -1) >= 0 && (ids[0]?.part.id.appliedAtMs ?? 0) <= nowMs)
          }
        for (const { partition, part } of of(old, 'failure')) {
          const places = of(after, 'failure').filter(one => one.part.failure.id === part.failure.id)
          const route = growing.failureRoute(partition, part.failure)
          const expected = route === undefined ? targetsOf(partition, counts) : [route]
          assert.deepEqual(places.map(one => one.partition).sort(), expected.sort())
          for (const { partition, part } of places)
            assert.ok(part.failure.failedAtMs <= (after[partition]?.meta.clock.nowMs ?? -1))
        }
      }),
      { examples: [[BEHIND_BY_THE_SAME]] },
    )
  })

  it('rule 24: given a partition that failures leave, then no redrive of before counts there as decided', () => {
    const clock = { nowMs: 7, lastAppendMs: 1_000, highestAppendMs: 2_000 }
    const meta = {
      ...EMPTY_META,
      version: { epoch: 0, appliedOffset: 4, fired: 0 },
      clock,
      failuresFromMs: 500,
    }
    const growing: Growing = {
      from: 1,
      to: 2,
      partitioning: { generation: 1, partitions: 2 },
      old: [{ partition: 0, meta, hasContext: false }],
      routes: partition => partition,
      failureRoute: () => undefined,
    }
    assert.deepEqual(
      [0, 1].map(target => grownMeta(target, growing).failuresFromMs),
      [2_001, undefined],
    )
  })

  for (const hours of [1, -1])
    it(`rule 24: given a log ${hours} h ahead of another, then one longest step lies between them`, () => {
      const from = { nowMs: 0, lastAppendMs: START_MS, highestAppendMs: START_MS }
      const lastAppendMs = START_MS + hours * 3_600_000
      const to = { nowMs: 100, lastAppendMs, highestAppendMs: lastAppendMs }
      assert.equal(shiftMs(from, to), 100 - hours * MAX_STEP_MS)
    })

  it('rule 24: given partitions with a context, then each has one, and keeps its own', () => {
    fc.assert(
      fc.property(CASES, given => {
        const { counts, after } = grown(given)
        for (const [target, { parts }] of after.entries()) {
          const hashes = parts.flatMap(part => (part.kind === 'context' ? [part.context.hash] : []))
          assert.equal(hashes.length, 1)
          if (target < counts.from) assert.deepEqual(hashes, [`of ${target}`])
        }
      }),
    )
  })

  it('rule 24: given a topic that has grown before, then the prepared state does not name the growths', () => {
    const { growing } = grown({ ...BEHIND_BY_THE_SAME, entities: [] })
    const at = '2026-03-01T12:00:00Z'
    const growths = [{ operation: 'o', at, from: 2, to: 4, ends: [1, 1], except: [] }]
    const old = growing.old.map(one => ({ ...one, meta: { ...one.meta, growths } }))
    assert.equal(grownMeta(0, { ...growing, old }).growths, undefined)
    assert.equal(grownMeta(4, { ...growing, old }).growths, undefined)
  })

  it('rule 24: given keys, then each goes to one of the partitions to which its old partition is copied', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.string(),
        (from, more, text) => {
          const [key, to] = [Buffer.from(text), from + more]
          assert.ok(targetsOf(partitionOf(key, from), { from, to }).includes(partitionOf(key, to)))
        },
      ),
    )
    assert.deepEqual(targetsOf(1, { from: 12, to: 24 }), [1, 13])
  })

  it('rule 24: given copies of a failure, then the last attempt counts, and one that is closed', () => {
    const copy = (attempt: number, isOpen: boolean): RememberedFailure => ({
      ...failureOf('f', 0),
      attempt,
      isOpen,
    })
    assert.deepEqual(latestOf([copy(1, true), copy(2, true), copy(2, false), copy(1, false)]), [
      copy(2, false),
    ])
  })
})

function shiftOf(before: readonly StoredTimer[], after: readonly StoredTimer[]): number {
  return (after[0]?.thresholdMs ?? 0) - (before[0]?.thresholdMs ?? 0)
}

/** The same timers, all moved by the same time. */
function isDeepSame(before: readonly StoredTimer[], after: readonly StoredTimer[]): boolean {
  const shift = shiftOf(before, after)
  return (
    before.length === after.length &&
    before.every(
      ({ thresholdMs, id }, index) =>
        after[index]?.id === id && after[index]?.thresholdMs === thresholdMs + shift,
    )
  )
}
