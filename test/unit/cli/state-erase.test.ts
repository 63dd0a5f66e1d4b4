/** `sluice state erase` without servers; beside consumers it is in test/integration/state-erase.test.ts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { erasureTarget } from '../../../cli/state/erasure-target.ts'
import {
  type ErasurePlan,
  type ErasureReport,
  planText,
  reportText,
  waitingText,
} from '../../../cli/state/erasure-text.ts'
import { type ConsumerErasure, untilApplied } from '../../../cli/state/erasure-wait.ts'
import type { ErasurePlace } from '../../../lib/queries/erasure.ts'
import type { StateKey } from '../../../lib/runtime/pipeline/model.ts'

const ROOF = '/environment/vienna roof-1'
const TOPIC = 'sluice.telemetry.readings.test'
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
    timersOf: async () => [],
  }
  return (wanted: string) => erasureTarget(inspection, states, wanted)
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
    ['both', 2, /^Several entities have the subject "both":\n {2}\/b both\n {2}\/c both\nName it whole/],
    ['roof', 1, /^No consumer holds .* These contain it:\n {2}\S+ roof-1\n {2}\S+ roof-10\nName it whole/],
    ['tower', 1, /^No consumer holds a state of an entity with the subject "tower"\. Name it whole/],
    ['<b> roof', 2, /^No entity can be called .*"source" is not a URI-reference\. Name it whole/],
    [`/a ${'x'.repeat(5_000)}`, 2, /"subject" has 5000 bytes/],
  ]
  for (const [wanted, status, said] of refused)
    it(`given ${wanted.slice(0, 20)}, then it is refused`, () =>
      assert.rejects(target(wanted), { status, message: said }))
})

describe('the wait for consumers', () => {
  const place = (consumer: string, partition: number, before: Partial<ErasurePlace> = {}): ErasurePlace => ({
    consumer,
    topic: TOPIC,
    partition,
    offset: 10,
    held: false,
    erasedBefore: 2,
    ...before,
  })

  /** Looks at applied offsets that move on by one with each pause. */
  async function waitedFor(
    places: readonly ErasurePlace[],
    appliedAt: Readonly<Record<string, number>>,
    erased = 2,
    timeoutMs = 5_000,
  ) {
    let ms = 0
    const told: string[] = []
    let looks = 0
    const consumers = await untilApplied(
      {
        summary: async ({ consumer }) => {
          looks += 1
          const appliedOffset = (appliedAt[consumer] ?? 0) + ms / 500
          return { appliedOffset, tally: { 'applied/erased': erased } } as never
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
      consumers => told.push(waitingText(consumers)),
    )
    return { consumers, told, looks, ms }
  }

  it('given consumers that come to it, then it ends with the last of them, and says for whom it waits', async () => {
    const places = [place('a', 0, { held: true }), place('a', 1), place('b', 0)]
    const { consumers, told, looks } = await waitedFor(places, { a: 9, b: 8 })
    assert.deepEqual(consumers, [
      { consumer: 'a', outcome: 'erased', lag: 0, pending: [] },
      { consumer: 'b', outcome: 'held-nothing', lag: 0, pending: [] },
    ])
    assert.deepEqual(told, [
      'waiting for a (lag 2), b (lag 2)',
      'waiting for b (lag 1)',
      'applied by every consumer',
    ])
    assert.equal(looks, 3 + 3 + 1, 'what is applied is not looked at again')
  })

  it('given a state that came between the look and the erasure, then it counts as erased', async () => {
    const { consumers } = await waitedFor([place('a', 0)], { a: 10 }, 3)
    assert.equal(consumers[0]?.outcome, 'erased')
  })

  it('given a consumer that does not come to it, then the wait ends with its time, and tells the lag', async () => {
    const { consumers, ms } = await waitedFor(
      [place('a', 0, { held: true }), place('a', 1)],
      { a: 3 },
      2,
      1_200,
    )
    assert.deepEqual(consumers, [{ consumer: 'a', outcome: 'not-yet', lag: (10 - 5.4) * 2, pending: [0, 1] }])
    assert.equal(ms, 1_200)
  })

  it('given a user who stops it, then it ends with what it knows', async () => {
    const stop = new AbortController()
    const consumers = await untilApplied(
      { summary: async () => ({ appliedOffset: 0, tally: {} }) as never },
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

describe('what is shown', () => {
  const plan: ErasurePlan = {
    entity: ROOF,
    topic: TOPIC,
    consumers: ['processor', 'alerting'],
    holdings: [HOLDING, { ...HOLDING, partition: 4, timers: [], bytes: 2_048 }],
    notReached: [OLD],
  }
  const applied = (consumer: string, outcome: ConsumerErasure['outcome'], lag = 0, holdsAgain = false) => ({
    consumer,
    outcome,
    lag,
    pending: [],
    holdsAgain,
  })
  const report: ErasureReport = {
    entity: ROOF,
    topic: TOPIC,
    erasureId: 'e1',
    records: [{ partition: 0, offset: 7 }],
    notReached: [],
    consumers: [
      applied('processor', 'erased', 0, true),
      applied('alerting', 'held-nothing'),
      applied('activity', 'not-yet', 12),
    ],
  }

  it('before it: who holds what, and what the erasure does not reach', () => {
    assert.equal(
      planText(plan),
      `/environment/vienna roof-1, in what the consumers of sluice.telemetry.readings.test remember

CONSUMER   PARTITION    STATE  TIMERS
processor          -     none  -
alerting           3     11 B  forget
alerting           4  2.0 KiB  -

These hold it too, and the erasure does not reach them: no function reads readings for them. If a consumer is gone, \`sluice state drop CONSUMER --all-partitions\` removes all that it has left:
  old\\u0007name on sluice.telemetry.readings.test/3
`,
    )
  })

  it('after it: what became of it in each consumer', () => {
    const text = reportText(report)
    assert.match(
      text,
      /^CONSUMER {3}ERASURE\nprocessor {2}erased\nalerting {3}held nothing\nactivity {3}not yet \(lag 12\)\n\n/,
    )
    assert.match(text, /Events of it came after the erasure, and have made a new state in processor\./)
    assert.doesNotMatch(text, /These hold it too/)
  })

  for (const columns of [40, 60, 80])
    it(`at ${columns} columns no line of the tables is wider`, () => {
      for (const text of [
        planText(plan, columns).split('\n\n')[1],
        reportText(report, columns).split('\n\n')[0],
      ])
        for (const line of text?.split('\n') ?? []) assert.ok(line.length <= columns, line)
    })
})
