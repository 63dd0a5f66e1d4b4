/** `sluice state erase` without servers; beside consumers it is in test/long/state-erase.test.ts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StateKey } from '#runtime/pipeline/model/partition-state.ts'
import { formatPlan, formatReport, formatWaiting } from '../../../cli/state/erasure-text.ts'
import {
  type ErasedTopic,
  type ErasurePlan,
  type ErasureReport,
  planErasure,
  runErasure,
  type Servers,
} from '../../../lib/operations/erase/erase.ts'
import { resolveErasureTarget } from '../../../lib/operations/erase/erasure-target.ts'
import {
  type ConsumerErasure,
  type ErasurePlace,
  waitUntilApplied,
} from '../../../lib/operations/erase/wait-until-applied.ts'
import { VOCABULARY } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

const ROOF = '/environment/vienna roof-1'
const TOPIC = 'sluice.telemetry.readings.test'
const PATTERNS = 'sluice.telemetry.patterns.test'
const TIMER = { entity: ROOF, name: 'forget', due: '2026-03-10T00:00:00.000Z', firesAfterMs: 60_000 }
const HOLDING = {
  consumer: 'alerting',
  topic: TOPIC,
  partition: 3,
  state: { seen: {} },
  bytes: 11,
  timers: [TIMER],
}
const OLD = { consumer: 'old\u0007name', topic: TOPIC, partition: 3 }

/** A stand-in for Redis: the entities of each partition. */
function remembering(entities: readonly (readonly string[])[]) {
  const states: StateKey[] = entities.map((_, partition) => ({
    consumer: 'processor',
    topic: TOPIC,
    partition,
  }))
  const inspection = {
    state: async ({ partition }: StateKey, entity: string) =>
      entities[partition]?.includes(entity) ? {} : undefined,
    async *states({ partition }: StateKey) {
      for (const entity of entities[partition] ?? []) yield [entity, {}, 1] as [string, unknown, number]
    },
    summary: async () => ({ clock: { nowMs: 0 } }) as never,
    readEntityTimers: async () => [],
  }
  return (wanted: string) => resolveErasureTarget(inspection, states, wanted)
}

describe('the entity that is meant', () => {
  const target = remembering([
    [ROOF, '/environment/vienna roof-10'],
    ['/a pump 1', '/b both'],
    ['/c both', ROOF],
  ])

  it('given a whole name, or a subject that one entity has, then it is that one', async () => {
    assert.equal(await target(ROOF), ROOF)
    assert.equal(await target('roof-1'), ROOF)
    assert.equal(await target('pump 1'), '/a pump 1')
  })

  it('given a whole name of which no state is held, then it is taken as it is', async () => {
    assert.equal(await target('/environment/vienna roof-2'), '/environment/vienna roof-2')
  })

  const refused: [wanted: string, status: number, said: RegExp][] = [
    [
      'both',
      2,
      /^Several entities have the subject "both":\n {2}\/b both\n {2}\/c both\nSpecify the whole name/,
    ],
    [
      'roof',
      1,
      /^No consumer has .* These contain it:\n {2}\S+ roof-1\n {2}\S+ roof-10\nSpecify the whole name/,
    ],
    ['tower', 1, /^No consumer has a state of an entity with the subject "tower"\. Specify the whole name/],
    ['<b> roof', 2, /^No entity can be named .*"source" is not a URI-reference\. Specify the whole name/],
    [`/a ${'x'.repeat(5_000)}`, 2, /"subject" has 5000 bytes/],
  ]
  for (const [wanted, status, said] of refused)
    it(`given ${wanted.slice(0, 20)}, then it is refused`, () =>
      assert.rejects(target(wanted), { isUsage: status === 2, message: said }))
})

describe('the wait for consumers', () => {
  const place = (consumer: string, partition: number) => ({ consumer, topic: TOPIC, partition, offset: 10 })

  /** Looks at applied offsets that move on by one with each pause. */
  async function waitedFor(
    places: readonly ErasurePlace[],
    appliedAt: Readonly<Record<string, number>>,
    timeoutMs = 5_000,
  ) {
    let ms = 0
    const told: string[] = []
    let looks = 0
    const consumers = await waitUntilApplied(
      {
        summary: async ({ consumer }) => {
          looks += 1
          const appliedOffset = (appliedAt[consumer] ?? 0) + ms / 500
          return { appliedOffset } as never
        },
      },
      places,
      {
        timeoutMs,
        nowMs: () => ms,
        async pause(pauseMs) {
          ms += pauseMs
        },
        stop: new AbortController().signal,
      },
      consumers => told.push(formatWaiting(consumers)),
    )
    return { consumers, told, looks, ms }
  }

  it('given consumers that come to it, then it ends with the last of them, and says for whom it waits', async () => {
    const places = [place('a', 0), place('a', 1), place('b', 0)]
    const { consumers, told, looks } = await waitedFor(places, { a: 9, b: 8 })
    assert.deepEqual(consumers, [
      { consumer: 'a', topic: TOPIC, outcome: 'applied', lag: 0 },
      { consumer: 'b', topic: TOPIC, outcome: 'applied', lag: 0 },
    ])
    assert.deepEqual(told, [
      'waiting for a (lag 2), b (lag 2)',
      'waiting for b (lag 1)',
      'applied by every consumer',
    ])
    assert.equal(looks, 3 + 3 + 1, 'what is applied is not looked at again')
  })

  it('given a consumer that does not reach it, then the wait ends with its time, and the lag is shown', async () => {
    const { consumers, ms } = await waitedFor([place('a', 0), place('a', 1)], { a: 3 }, 1_200)
    assert.deepEqual(consumers, [{ consumer: 'a', topic: TOPIC, outcome: 'not-yet', lag: (10 - 5.4) * 2 }])
    assert.equal(ms, 1_200)
  })

  it('given a user who stops it, then it ends with what it knows', async () => {
    const stop = new AbortController()
    const consumers = await waitUntilApplied(
      { summary: async () => ({ appliedOffset: 0 }) as never },
      [place('a', 0)],
      {
        timeoutMs: 60_000,
        nowMs: () => 0,
        pause: async () => {
          stop.abort()
          throw new Error('aborted')
        },
        stop: stop.signal,
      },
      () => {},
    )
    assert.equal(consumers[0]?.outcome, 'not-yet')
  })
})

describe('the topics of an erasure', () => {
  const topics: ErasedTopic[] = [
    { topic: TOPIC, partitions: 2, consumers: ['alerting'] },
    { topic: PATTERNS, partitions: 2, consumers: ['patterns'] },
  ]

  /** Servers whose consumers apply appended events at once, except stalled ones. */
  function serversWith(held: StateKey, still: readonly string[] = []) {
    const steps: string[] = []
    const ends = new Map<string, number>()
    const isHeld = (key: StateKey) =>
      key.consumer === held.consumer && key.topic === held.topic && key.partition === held.partition
    const publisher = {
      async publish(records: readonly { readonly topic: string }[]) {
        for (const [topic, own] of Map.groupBy(records, value => value.topic)) {
          steps.push(`append to ${own.length} of ${topic}`)
          ends.set(topic, 8)
        }
        return records.map(() => 7)
      },
    }
    const inspection = {
      state: async (key: StateKey) => (isHeld(key) && !ends.has(key.topic) ? {} : undefined),
      async *states(key: StateKey) {
        if (isHeld(key)) yield [ROOF, {}, 1] as [string, unknown, number]
      },
      readEntityTimers: async () => [],
      async summary({ consumer, topic }: StateKey) {
        const appliedOffset = still.includes(consumer) ? 6 : (ends.get(topic) ?? 7) - 1
        if (ends.has(topic)) steps.push(`look at ${consumer}`)
        return { appliedOffset, clock: { nowMs: 0 } }
      },
    }
    const servers = {
      config: { env: 'test', contentMode: 'binary', ...VOCABULARY },
      connections: { publisher: async () => publisher },
      inspection,
      states: { names: async () => [held] },
    } as unknown as Servers
    const terminal = { onProgress: () => {}, stop: new AbortController().signal }
    return { servers, terminal, steps }
  }

  it('given a state for the events of an entity, then it is reached, after those of its readings', async () => {
    const held = { consumer: 'patterns', topic: PATTERNS, partition: 1 }
    const { servers, terminal, steps } = serversWith(held)
    const plan = await planErasure(servers, 'roof-1', topics)
    assert.deepEqual(plan.notReached, [])
    assert.deepEqual(
      plan.holdings.map(({ consumer, topic, partition }) => ({ consumer, topic, partition })),
      [held],
    )
    const report = await runErasure(servers, plan, 1_000, terminal, {})
    assert.deepEqual(
      report.consumers.map(({ consumer, topic, outcome }) => [consumer, topic, outcome]),
      [
        ['alerting', TOPIC, 'applied'],
        ['patterns', PATTERNS, 'applied'],
      ],
    )
    assert.deepEqual(
      report.records,
      [TOPIC, PATTERNS].flatMap(topic => [0, 1].map(partition => ({ topic, partition, offset: 7 }))),
    )
    assert.deepEqual(steps.filter((step, index) => step !== steps[index - 1]).slice(0, 4), [
      `append to 2 of ${TOPIC}`,
      'look at alerting',
      `append to 2 of ${PATTERNS}`,
      'look at alerting',
    ])
  })

  it('given a stalled consumer of readings, then the erasure is in the other topic as well', async () => {
    const held = { consumer: 'alerting', topic: TOPIC, partition: 0 }
    const { servers, terminal } = serversWith(held, ['alerting'])
    const report = await runErasure(servers, await planErasure(servers, ROOF, topics), 0, terminal, {})
    assert.deepEqual(
      report.consumers.map(({ consumer, outcome, lag }) => [consumer, outcome, lag]),
      [
        ['alerting', 'not-yet', 2],
        ['patterns', 'applied', 0],
      ],
    )
    assert.equal(report.records.length, 4)
  })
})

describe('what is shown', () => {
  const plan: ErasurePlan = {
    entity: ROOF,
    topics: [
      { topic: TOPIC, partitions: 12, consumers: ['processor', 'alerting'] },
      { topic: PATTERNS, partitions: 3, consumers: ['patterns'] },
    ],
    holdings: [
      HOLDING,
      { ...HOLDING, partition: 4, timers: [], bytes: 2_048 },
      { ...HOLDING, consumer: 'patterns', topic: PATTERNS, partition: 1 },
    ],
    notReached: [OLD],
  }
  const applied = (consumer: string, outcome: ConsumerErasure['outcome'], lag = 0) => ({
    consumer,
    topic: consumer === 'patterns' ? PATTERNS : TOPIC,
    outcome,
    lag,
  })
  const report: ErasureReport = {
    entity: ROOF,
    topics: plan.topics,
    erasureId: 'e1',
    records: [{ topic: TOPIC, partition: 0, offset: 7 }],
    notReached: [],
    consumers: [
      applied('processor', 'applied'),
      applied('alerting', 'applied'),
      applied('activity', 'not-yet', 12),
      applied('patterns', 'applied'),
    ],
  }

  it('given a plan and a report, then they are printed as the golden text says', () =>
    golden('state-erase', { 'before it': formatPlan(plan), 'after it': formatReport(report) }))
})
