/** `sluice state erase` without servers; beside consumers it is in test/long/state-erase.test.ts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Script } from '#runtime/adapters/redis/scripts.ts'
import type { StateKey } from '#runtime/pipeline/model/partition-state.ts'
import {
  type ErasedTopic,
  type ErasureReport,
  planErasure,
  runErasure,
} from '../../../lib/operations/erase/erase.ts'
import { resolveErasureTarget } from '../../../lib/operations/erase/erasure-target.ts'
import {
  type ConsumerErasure,
  type ErasurePlace,
  formatWaiting,
  waitUntilApplied,
} from '../../../lib/operations/erase/wait-until-applied.ts'
import { ERASE_STATE } from '../../../lib/operations/erase-state.ts'
import type { ChangedEnvironment } from '../../../lib/operations/operation.ts'
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
const OLD = { consumer: 'old-name', topic: TOPIC, partition: 3 }

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

  /** Environment whose consumers apply appended events at once, except stalled ones. */
  function createEnvironment(held: StateKey, still: readonly string[] = []) {
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
    const redis = {
      async *keys() {
        yield `{${held.consumer}:${held.topic}:${held.partition}}:meta`
      },
      async eval(_: Script, [key]: readonly string[], [request]: readonly Buffer[]) {
        steps.push(`${request?.includes('remove') ? 'remove' : 'begin'} the rebuild of ${key}`)
        return 1
      },
    }
    const environment = {
      config: { env: 'test', contentMode: 'binary', ...VOCABULARY },
      connections: { publisher: async () => publisher, redis: async () => redis },
      inspection: async () => inspection,
    } as unknown as ChangedEnvironment
    const stop = new AbortController().signal
    return { environment, running: { id: 'e1', counts: {}, stop, showProgress: () => {} }, steps }
  }

  it('given a state for the events of an entity, then it is reached, after those of its readings', async () => {
    const held = { consumer: 'patterns', topic: PATTERNS, partition: 1 }
    const { environment, running, steps } = createEnvironment(held)
    const plan = await planErasure(environment, 'roof-1', topics)
    assert.deepEqual(plan.notReached, [])
    assert.deepEqual(
      plan.holdings.map(({ consumer, topic, partition }) => ({ consumer, topic, partition })),
      [held],
    )
    const report = await runErasure(environment, plan, 1_000, running)
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
    assert.deepEqual(steps.filter((step, index) => step !== steps[index - 1]).slice(0, 8), [
      `append to 2 of ${TOPIC}`,
      ...[0, 1].map(partition => `remove the rebuild of {alerting:${TOPIC}:${partition}}`),
      'look at alerting',
      `append to 2 of ${PATTERNS}`,
      ...[0, 1].map(partition => `remove the rebuild of {patterns:${PATTERNS}:${partition}}`),
      'look at alerting',
    ])
  })

  it('given a stalled consumer of readings, then the erasure is in the other topic as well', async () => {
    const held = { consumer: 'alerting', topic: TOPIC, partition: 0 }
    const { environment, running } = createEnvironment(held, ['alerting'])
    const plan = await planErasure(environment, ROOF, topics)
    const report = await runErasure(environment, plan, 0, running)
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
  const plan = {
    timeoutMs: 1_000,
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
    erasureId: 'e1',
    records: [{ topic: TOPIC, partition: 0, offset: 7 }],
    consumers: [
      applied('processor', 'applied'),
      applied('alerting', 'applied'),
      applied('activity', 'not-yet', 12),
      applied('patterns', 'applied'),
    ],
  }

  it('given a plan and a report, then they are printed as the golden text says', () =>
    golden('state-erase', {
      'before it': `${ERASE_STATE.describe(plan).join('\n')}\n`,
      'after it': `${ERASE_STATE.describeResult(report, plan).join('\n')}\n`,
    }))

  it('given consumers that have not applied it, or copies that remain, then that is a failure', () => {
    const done = { ...report, consumers: [applied('processor', 'applied')] }
    const whole = { ...plan, notReached: [] }
    assert.match(ERASE_STATE.describeRest?.(whole, report) ?? '', /^Pending after 1 s: activity\. /)
    assert.match(ERASE_STATE.describeRest?.(plan, done) ?? '', /incomplete/)
    assert.equal(ERASE_STATE.describeRest?.(whole, done), undefined)
    assert.equal(ERASE_STATE.describeRest?.(plan, null), undefined, 'a dry run')
  })
})
