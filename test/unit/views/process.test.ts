import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import { ProcessKit } from '#runtime/testing'
import { tick } from '../../../lib/telemetry/tick.ts'
import {
  VIEW_CHANGED_TYPE,
  VIEW_DROPPED_TYPE,
  VIEW_ROW_TYPE,
  type ViewChanged,
} from '../../../lib/views/event-names.ts'
import { rowsOfGroup } from '../../../lib/views/group-rows.ts'
import type { GroupState } from '../../../lib/views/group-step.ts'
import type { TablePlan } from '../../../lib/views/plan.ts'
import { createActivatedPlan, createActivationEvent } from '../../../lib/views/plan-activation.ts'
import { type ViewsState, views } from '../../../lib/views/process.ts'
import type { WindowPlan } from '../../../lib/windows/windows.ts'
import { APPLICATION, FAMILIES } from '../../support/families.ts'
import { tablePlan } from '../../support/views.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const MINUTE: WindowPlan = { kind: 'tumbling', sizeMs: 60_000, graceMs: 10_000, retentionMs: 600_000 }
const ENTITY = '/views/stats/00000001 ["walking"]'
const COUNTED = { of: [] }

const at = (seconds: number) => new Date(START_MS + seconds * 1000).toISOString()

function motion(seconds: number, device = 'd-1', change: object = {}): Event {
  return {
    id: `${device} ${seconds}`,
    type: FAMILIES.get('device').type,
    source: '/device/watch',
    subject: device,
    time: at(seconds),
    datacontenttype: 'application/json',
    data: { deviceId: device, model: 'watch', activity: 'walking', x: seconds, ...change },
  }
}

/** Kit of one partition of a topic, in which the tables are active. */
async function createKit(
  topic: string,
  tables: readonly TablePlan[],
  building: readonly string[] = [],
  futureToleranceMs?: number,
) {
  const kit = new ProcessKit<ViewsState>(APPLICATION, views(FAMILIES, futureToleranceMs), { topic, tick })
  await kit.when(createActivationEvent(createActivatedPlan({ streams: [], tables }, building), 0, at(0)))
  return kit
}

type Kit = ProcessKit<ViewsState>

/** Sends events through both steps, in their order. */
async function sent(plan: TablePlan, events: readonly Event[]): Promise<Kit> {
  const readings = await createKit('readings', [plan])
  const rows = await createKit('view-rows', [plan])
  await readings.when(...events)
  await rows.when(...readings.publishedEvents)
  return rows
}

async function readRows(kit: Kit, plan: TablePlan) {
  const state = (await kit.state(ENTITY)) as GroupState | undefined
  return state ? rowsOfGroup(plan, ['walking'], state) : []
}

const listChanges = (kit: Kit, isSession = false) =>
  kit.publishedEvents
    .filter(({ type }) => type === VIEW_CHANGED_TYPE)
    .map(({ time, data }) => {
      const { row, window, final, revision, tombstone } = data as ViewChanged
      const [start, end] = [window?.start, window?.end].map(
        bound => bound && (Date.parse(bound) - START_MS) / 1000,
      )
      const bounds = isSession ? `${start}-${end}` : start
      const shown = tombstone ? `end of ${row.activity}` : row.rows
      const told = [bounds, shown, final && 'final', revision].filter(value => value !== undefined)
      return `${(Date.parse(time ?? '') - START_MS) / 1000}: ${told.join(' ')}`
    })

it('given rows out of order, then each change has the time of the newest one', async () => {
  for (const plan of [tablePlan(), tablePlan(MINUTE)]) {
    const kit = await sent(plan, [motion(1), motion(5), motion(3, 'd-2'), motion(9)])
    const changes = kit.publishedEvents.filter(({ type }) => type === VIEW_CHANGED_TYPE)
    const times = changes.map(({ data }) => (data as ViewChanged).rowtime)
    assert.deepEqual([times[0], times.at(-1)], [at(1), at(9)])
    assert.ok(!times.includes(at(3)))
  }
})

describe('the first step', () => {
  it('given an event, then each table gets its row, with an id that depends on the event', async () => {
    const kit = await createKit('readings', [
      tablePlan(MINUTE),
      tablePlan(undefined, { name: 'all', of: [] }),
    ])
    const steps = await kit.when(motion(1), motion(5), motion(3))
    assert.deepEqual(
      steps.map(({ reason, state }) => [reason, state]),
      [1, 5, 5].map(newest => ['regrouped', { newestMs: START_MS + newest * 1000 }]),
    )
    const [first, second] = kit.publishedEvents
    assert.deepEqual(second?.data, { inputs: [null] })
    assert.deepEqual([first?.source, first?.subject], ['/views/stats/00000001', '["walking"]'])
    assert.deepEqual([first?.type, first?.time], [VIEW_ROW_TYPE, at(1)])
    const again = await createKit('readings', [tablePlan(undefined, { name: 'all', of: [] })])
    await again.when(motion(1))
    assert.equal(again.publishedEvents[0]?.id, second?.id)
  })

  const where = {
    kind: 'call',
    name: '>',
    arguments: [
      { kind: 'field', path: ['data', 'x'], type: 'DOUBLE' },
      { kind: 'literal', value: 2 },
    ],
  } as const
  const table: readonly [string, Partial<TablePlan>, object, string][] = [
    ['a value of the group is missing', {}, { activity: undefined }, 'no-group'],
    ['a value of the group is a long text', {}, { activity: 'a'.repeat(1_000_000) }, 'no-group'],
    ['the condition is false', { where }, {}, 'filtered'],
    ['the condition is null', { where }, { x: undefined }, 'filtered'],
    ['no table reads its topic', { signal: 'events' }, {}, 'no-table'],
    ['no table reads its type', { types: [FAMILIES.get('database').type] }, {}, 'no-table'],
    ['the condition is met', { where }, { x: 3 }, 'regrouped'],
  ]
  for (const [given, plan, change, reason] of table)
    it(`given that ${given}, then the reason is ${reason}`, async () => {
      const kit = await createKit('readings', [tablePlan(undefined, plan)])
      const [step] = await kit.when(motion(1, 'd-1', change))
      assert.equal(step?.reason, reason)
      assert.equal(kit.publishedEvents.length, reason === 'regrouped' ? 1 : 0)
      assert.equal(await kit.state('/device/watch d-1'), undefined)
    })

  const order = (seconds: number, x: unknown): Event => ({
    ...motion(seconds, 'd-1', { x }),
    type: 'com.example.order.v1',
  })
  const createOrders = async (plan: Parameters<typeof tablePlan>[1]) => {
    const plans = createActivatedPlan(
      { streams: [], tables: [tablePlan(undefined, { signal: 'events', ...plan })] },
      [],
    )
    const process = views(FAMILIES, undefined, ['com.example.order.v1'])
    const kit = new ProcessKit<ViewsState>(APPLICATION, process, { topic: 'events', tick })
    await kit.when(createActivationEvent(plans, 0, at(0)))
    return kit
  }
  const LONG = '-9007199254740993'
  // Promise docs/inputs.md#large-integers
  for (const [given, plan] of [
    ['a comparison', { where }],
    ['a sum', { of: [['SUM']] }],
    ['a maximum', { of: [['MAX']] }],
    ['a sum of a result', { where: { kind: 'call', name: 'IS_NULL', arguments: [{ ...where, name: '+' }] } }],
  ] as readonly [string, Parameters<typeof tablePlan>[1]][])
    it(`given ${given} with an integer that a double cannot hold, then the record fails with its field`, async () => {
      const kit = await createOrders(plan)
      const [step] = await kit.when(order(1, LONG))
      assert.match(
        JSON.stringify(step),
        /"rejected".*\\"x\\" is an integer .*: declare the column as VARCHAR/,
      )
      await kit.when(...['12', '9007199254740993.5', '9007199254740991'].map((x, at) => order(at + 2, x)))
    })

  for (const [given, plan, rows] of [
    ['a count', { of: [['COUNT'], ['LAST'], ['COUNT_DISTINCT']] }, 1],
    [
      'a condition of null',
      { where: { ...where, name: 'IS_NULL', arguments: where.arguments.slice(0, 1) }, of: [] },
      1,
    ],
    ['a group', { group: [{ name: 'x', type: 'DOUBLE', value: where.arguments[0] }], of: [] }, 0],
  ] as readonly [string, Parameters<typeof tablePlan>[1], number][])
    it(`given ${given} with an integer that a double cannot hold, then it is null, with the reason`, async () => {
      const kit = await createOrders(plan)
      const [step] = await kit.when(order(1, LONG))
      assert.equal(step?.reason, 'number-not-exact')
      assert.equal(kit.publishedEvents.length, rows)
    })

  it('given a field that is once a text and once a number, then its rows are in one group of that text', async () => {
    const value = { kind: 'field', path: ['data', 'x'], type: 'VARCHAR' } as const
    const kit = await createOrders({ group: [{ name: 'x', type: 'VARCHAR', value }], of: [] })
    await kit.when(...[17, '17', true, [17], null].map((x, at) => order(at + 1, x)))
    const groups = kit.publishedEvents.map(({ subject }) => subject)
    assert.deepEqual(groups, ['["17"]', '["17"]', '["true"]', '["[17]"]'])
  })

  it('given events of a type that no table reads, then the clock of their entity counts them', async () => {
    const kit = await createKit('readings', [tablePlan(MINUTE, { types: [FAMILIES.get('database').type] })])
    const [step] = await kit.when(motion(1))
    assert.deepEqual([step?.reason, step?.state], ['no-table', { newestMs: START_MS + 1_000 }])
  })

  it('given an event of a type that inputs bring, then the tables over events get its row', async () => {
    const kit = new ProcessKit<ViewsState>(
      APPLICATION,
      views(FAMILIES, undefined, ['com.example.order.v1']),
      {
        topic: 'events',
        tick,
      },
    )
    const tables = [tablePlan(undefined, { signal: 'events' })]
    await kit.when(createActivationEvent(createActivatedPlan({ streams: [], tables }, []), 0, at(0)))
    const [step] = await kit.when({ ...motion(1), type: 'com.example.order.v1' })
    assert.equal(step?.reason, 'regrouped')
  })

  it('given an entity that reports no more, then its clock is forgotten', async () => {
    const kit = await createKit('readings', [tablePlan(MINUTE)])
    await kit.when(motion(1))
    const steps = await kit.pass(10 * 24 * 60 * 60_000)
    assert.deepEqual(
      steps.map(({ reason }) => reason),
      ['forgotten'],
    )
  })
})

describe('the changes of a group', () => {
  it('given rows within a second, then they are one change', async () => {
    const kit = await sent(
      tablePlan(undefined, COUNTED),
      [0, 0.2, 0.4, 1.5].map(seconds => motion(seconds)),
    )
    assert.deepEqual(listChanges(kit), ['0: 1', '1: 3'])
    await kit.pass(60_000)
    assert.deepEqual(listChanges(kit), ['0: 1', '1: 3', '2: 4'])
  })

  it('given the end of a window, then its final row follows after the grace, from the clock alone', async () => {
    const kit = await sent(tablePlan(MINUTE, COUNTED), [motion(1), motion(2), motion(61)])
    assert.deepEqual(listChanges(kit), ['1: 0 1', '2: 0 2', '61: 60 1'])
    await kit.pass(200_000)
    assert.deepEqual(listChanges(kit).slice(3), ['70: 0 2 final', '130: 60 1 final'])
  })

  it('given a table of final rows only, then no open row is emitted', async () => {
    const kit = await sent(tablePlan(MINUTE, { ...COUNTED, isFinalOnly: true }), [motion(1), motion(61)])
    await kit.pass(200_000)
    assert.deepEqual(listChanges(kit), ['70: 0 1 final', '130: 60 1 final'])
  })

  it('given a row after the final one that is not late for its entity, then the final row is revised', async () => {
    const plan = tablePlan(MINUTE, COUNTED)
    const kit = await sent(plan, [
      motion(1),
      motion(80),
      motion(2, 'd-2'),
      motion(3, 'd-2'),
      motion(81, 'd-2'),
    ])
    assert.deepEqual(listChanges(kit).slice(1), [
      '70: 0 1 final',
      '80: 60 1',
      '2: 0 2 final 1',
      '3: 0 3 final 2',
      '81: 60 2',
    ])
    assert.deepEqual(
      (await readRows(kit, plan)).map(({ isFinal }) => isFinal),
      [true, undefined],
    )
  })

  it('given a row that is late for its entity, then it is counted as late and not applied', async () => {
    const plan = tablePlan(MINUTE, COUNTED)
    const kit = await sent(plan, [motion(1), motion(71), motion(2), motion(72)])
    assert.equal(((await kit.state(ENTITY)) as GroupState).l, 1)
    assert.deepEqual(
      (await readRows(kit, plan)).map(({ values }) => values.rows),
      [1, 2],
    )
  })

  it('given a row that is late for some of its hopping windows, then it is in others, and counted once', async () => {
    const plan = tablePlan({ ...MINUTE, kind: 'hopping', advanceMs: 20_000 }, COUNTED)
    const kit = await sent(plan, [motion(55), motion(75), motion(41)])
    assert.equal(kit.outcomes.at(-1), 'applied/late')
    assert.equal(((await kit.state(ENTITY)) as GroupState).l, 1)
    assert.deepEqual(
      (await readRows(kit, plan)).map(({ values, window }) => [
        window && (window.startMs - START_MS) / 1000,
        values.rows,
      ]),
      [
        [0, 1],
        [20, 3],
        [40, 3],
        [60, 1],
      ],
    )
  })

  it('given a row whose window has left because of another entity, then it is counted as late', async () => {
    const plan = tablePlan(MINUTE, COUNTED)
    const kit = await sent(plan, [motion(3_600), motion(1, 'd-2')])
    assert.equal(kit.outcomes.at(-1), 'applied/late')
    assert.equal(((await kit.state(ENTITY)) as GroupState).l, 1)
  })

  // Promise config/views/README.md#windows | A row is late only by the clock of its own entity, at the limits of Kafka Streams, up to the accepted future tolerance, and a row that has ended is published.
  for (const [name, window] of [
    ['tumbling', { kind: 'tumbling', sizeMs: 10_000, graceMs: 5_000, retentionMs: 5_000 }],
    ['hopping', { kind: 'hopping', sizeMs: 10_000, advanceMs: 5_000, graceMs: 5_000, retentionMs: 5_000 }],
    ['session', { kind: 'session', gapMs: 10_000, graceMs: 5_000, retentionMs: 5_000 }],
  ] as const)
    it(`given a device that is ahead by the tolerance, then no row of another is dropped from ${name} windows`, async () => {
      const plan = tablePlan(window, COUNTED)
      const others = Array.from({ length: 9 }, (_, index) => motion(15 * index, 'd-2'))
      const ahead = others.flatMap((_, index) => motion(15 * index + 300))
      const kit = await sent(
        plan,
        others.flatMap((other, index) => [ahead[index] as Event, other]),
      )
      assert.equal(((await kit.state(ENTITY)) as GroupState).l, undefined)
      assert.deepEqual(
        kit.outcomes.filter(outcome => outcome === 'applied/late'),
        [],
      )
    })

  it('given a device that is ahead by the tolerance, then no row of another is dropped within its grace', async () => {
    const plan = tablePlan({ kind: 'tumbling', sizeMs: 10_000, graceMs: 5_000, retentionMs: 5_000 }, COUNTED)
    const kit = await sent(plan, [motion(314.999), motion(14.999, 'd-2'), motion(1, 'd-2')])
    assert.equal(((await kit.state(ENTITY)) as GroupState).l, undefined)
  })

  it('given a larger tolerance, then windows are kept for it', async () => {
    const plan = tablePlan({ kind: 'tumbling', sizeMs: 10_000, graceMs: 5_000, retentionMs: 5_000 }, COUNTED)
    const late = async (futureToleranceMs?: number) => {
      const [readings, rows] = [
        await createKit('readings', [plan]),
        await createKit('view-rows', [plan], [], futureToleranceMs),
      ]
      await readings.when(motion(900), motion(1, 'd-2'))
      await rows.when(...readings.publishedEvents)
      return ((await rows.state(ENTITY)) as GroupState).l
    }
    assert.deepEqual([await late(), await late(900_000)], [1, undefined])
  })

  it('given sessions, then a row between two of them joins them', async () => {
    const plan = tablePlan({ kind: 'session', gapMs: 5_000, graceMs: 30_000, retentionMs: 60_000 }, COUNTED)
    const kit = await sent(plan, [motion(1), motion(10), motion(5.5)])
    assert.deepEqual(
      (await readRows(kit, plan)).map(({ values, window }) => [values.rows, window]),
      [[3, { startMs: START_MS + 1000, endMs: START_MS + 10_000 }]],
    )
  })

  it('given the retention, then windows leave, and then the group', async () => {
    const plan = tablePlan(MINUTE, COUNTED)
    const kit = await sent(plan, [motion(1), motion(700)])
    assert.equal((await readRows(kit, plan)).length, 1)
    await kit.pass(3_600_000)
    assert.equal(await kit.state(ENTITY), undefined)
    assert.deepEqual(await kit.timers(ENTITY), {})
  })

  it('given a group with a late row alone, then it is counted for the retention', async () => {
    const kit = await sent(tablePlan(MINUTE, COUNTED), [
      motion(200, 'd-1', { activity: 'running' }),
      motion(10),
    ])
    await kit.pass(590_000)
    assert.equal(((await kit.state(ENTITY)) as GroupState).l, 1)
    await kit.pass(60_000)
    assert.equal(await kit.state(ENTITY), undefined)
  })

  it('given a generation that is built, then its rows are stored and no change is emitted', async () => {
    const plan = tablePlan(MINUTE, COUNTED)
    const readings = await createKit('readings', [plan])
    const kit = await createKit('view-rows', [plan], [plan.generation])
    await readings.when(motion(1), motion(100))
    await kit.when(...readings.publishedEvents)
    assert.deepEqual(listChanges(kit), [])
    assert.equal((await readRows(kit, plan)).length, 2)
  })

  it('given HAVING, then only rows that meet it are emitted and read', async () => {
    const having = {
      kind: 'call',
      name: '>',
      arguments: [
        { kind: 'aggregate', index: 0 },
        { kind: 'literal', value: 1 },
      ],
    } as const
    const plan = tablePlan(undefined, { ...COUNTED, having })
    const kit = await sent(plan, [motion(1), motion(3)])
    assert.deepEqual(listChanges(kit), ['3: 2'])
  })

  /** Condition on the newest value of `x`. */
  const NEWEST = {
    of: [['LAST']],
    having: {
      kind: 'call',
      name: '>',
      arguments: [
        { kind: 'aggregate', index: 1 },
        { kind: 'literal', value: 5 },
      ],
    },
  } as const

  it('given HAVING that turns false, then the row ends once, and can return', async () => {
    const plan = tablePlan(undefined, NEWEST)
    const values = [9, 2, 3, 8, 8.5, 1]
    const kit = await sent(
      plan,
      values.map((x, index) => motion(2 * index, 'd-1', { x })),
    )
    const end = 'end of walking'
    assert.deepEqual(listChanges(kit), ['0: 1', `2: ${end}`, '6: 4', '8: 5', `10: ${end}`])
    const [, ended] = kit.publishedEvents.map(({ data }) => data as ViewChanged)
    assert.deepEqual(ended?.row, { activity: 'walking', rows: null, LAST: null })
    assert.deepEqual(await readRows(kit, plan), [])
  })

  it('given HAVING that a window no longer meets, then its row ends: open, final or revised', async () => {
    const kit = await sent(tablePlan(MINUTE, NEWEST), [
      motion(1, 'd-1', { x: 9 }),
      motion(3, 'd-1', { x: 1 }),
      motion(61, 'd-1', { x: 9 }),
      motion(61.5, 'd-1', { x: 1 }),
      motion(121, 'd-1', { x: 9 }),
      motion(200, 'd-1', { x: 9 }),
      motion(150, 'd-2', { x: 1 }),
    ])
    assert.deepEqual(listChanges(kit), [
      '1: 0 1',
      '3: 0 end of walking',
      '61: 60 1',
      '62: 60 end of walking',
      '121: 120 1',
      '190: 120 1 final',
      '200: 180 1',
      '150: 120 end of walking final 1',
    ])
  })

  it('given a final window without a row after one with a row, then its end is sent once', async () => {
    const kit = await sent(
      tablePlan(MINUTE, { ...NEWEST, isFinalOnly: true }),
      [1, 9, 2, 3, 9].map((x, index) => motion(60 * index, 'd-1', { x })),
    )
    await kit.pass(400_000)
    assert.deepEqual(listChanges(kit), [
      '130: 60 1 final',
      '190: 120 end of walking final',
      '310: 240 1 final',
    ])
  })

  it('given an older window that is revised to no row, then the newest one still ends later', async () => {
    const plan = tablePlan(MINUTE, { ...NEWEST, isFinalOnly: true })
    const kit = await sent(plan, [
      ...[9, 9, 1].map((x, index) => motion(60 * index, 'd-1', { x })),
      motion(135, 'd-1', { x: 1 }),
      motion(30, 'd-2', { x: 1 }),
      motion(300, 'd-1', { x: 1 }),
    ])
    assert.deepEqual(listChanges(kit), [
      '70: 0 1 final',
      '130: 60 1 final',
      '30: 0 end of walking final 1',
      '190: 120 end of walking final',
    ])
  })

  it('given a revision without a row of the newest window, then the next window without one ends nothing', async () => {
    const kit = await sent(tablePlan(MINUTE, { ...NEWEST, isFinalOnly: true }), [
      motion(0, 'd-1', { x: 9 }),
      motion(80, 'd-1', { x: 1 }),
      motion(30, 'd-2', { x: 1 }),
    ])
    await kit.pass(200_000)
    assert.deepEqual(listChanges(kit), ['70: 0 1 final', '30: 0 end of walking final 1'])
  })

  it('given a late window without a row between two with one, then only a newer one ends the newest', async () => {
    const kit = await sent(tablePlan(MINUTE, { ...NEWEST, isFinalOnly: true }), [
      ...[0, 120, 200].map(seconds => motion(seconds, 'd-1', { x: 9 })),
      motion(50, 'd-2', { x: 9 }),
      motion(65, 'd-2', { x: 1 }),
      motion(201, 'd-1', { x: 1 }),
    ])
    await kit.pass(200_000)
    assert.deepEqual(listChanges(kit), [
      '70: 0 1 final',
      '190: 120 1 final',
      '50: 0 2 final 1',
      '250: 180 end of walking final',
    ])
  })

  it('given windows that have left, then their rows are not remembered', async () => {
    const kit = await sent(
      tablePlan(MINUTE, NEWEST),
      [0, 500, 700].map(seconds => motion(seconds, 'd-1', { x: 9 })),
    )
    assert.equal(((await kit.state(ENTITY)) as GroupState).s?.length, 2)
  })

  describe('sessions', () => {
    const sessions = (choices: Partial<TablePlan> = {}, graceMs = 5_000) =>
      tablePlan(
        { kind: 'session', gapMs: 10_000, graceMs, retentionMs: 600_000 },
        { ...COUNTED, isFinalOnly: true, ...choices },
      )

    it('given a row within an open session of its entity, then it is not late, however old it is', async () => {
      const plan = sessions()
      const kit = await sent(plan, [motion(0), motion(10), motion(20), motion(5), motion(60), motion(6)])
      assert.equal(((await kit.state(ENTITY)) as GroupState).l, 1)
      assert.deepEqual(
        (await readRows(kit, plan)).map(({ values }) => values.rows),
        [4, 1],
      )
    })

    it('given a row at the end of gap and grace of its session, then it joins it; a moment later, it is late', async () => {
      const late = async (seconds: number) => {
        const kit = await sent(sessions(), [motion(0), motion(seconds), motion(0.5)])
        return ((await kit.state(ENTITY)) as GroupState).l
      }
      assert.deepEqual([await late(15.501), await late(15.5)], [1, undefined])
    })

    it('given a row exactly gap and grace before the newest, then it opens a session, which an older row joins', async () => {
      const plan = sessions()
      const kit = await sent(plan, [motion(915), motion(900), motion(899.999)])
      assert.equal(((await kit.state(ENTITY)) as GroupState).l, undefined)
      assert.deepEqual(
        (await readRows(kit, plan)).map(({ values }) => values.rows),
        [2, 1],
      )
      const alone = await sent(plan, [motion(915), motion(899.999)])
      assert.equal(((await alone.state(ENTITY)) as GroupState).l, 1)
    })

    it('given a row at the gap from a session, then it joins it on either side; beyond it, it does not', async () => {
      const rows = async (...seconds: number[]) => {
        const plan = sessions({}, 60_000)
        return (
          await readRows(
            await sent(
              plan,
              seconds.map(second => motion(second)),
            ),
            plan,
          )
        ).map(({ values }) => values.rows)
      }
      assert.deepEqual(await rows(20, 30), [2])
      assert.deepEqual(await rows(20, 30.001), [1, 1])
      assert.deepEqual(await rows(20, 10), [2])
      assert.deepEqual(await rows(20, 9.999), [1, 1])
    })

    it('given an open session that grows, then its row ends under its old bounds', async () => {
      const kit = await sent(sessions({ isFinalOnly: undefined as never }), [motion(0), motion(5)])
      assert.deepEqual(listChanges(kit, true), ['0: 0-0 1', '5: 0-0 end of walking', '5: 0-5 2'])
    })

    it('given final sessions that are extended or merged, then their rows end, and a revision follows', async () => {
      const kit = await sent(sessions(), [
        ...[100, 115, 200].map(seconds => motion(seconds)),
        motion(108, 'd-2'),
        motion(95, 'd-2'),
      ])
      assert.deepEqual(listChanges(kit, true), [
        '115.001: 100-100 1 final',
        '130.001: 115-115 1 final',
        '108: 100-100 end of walking',
        '108: 115-115 end of walking',
        '108: 100-115 3 final 1',
        '95: 100-115 end of walking',
        '95: 95-115 4 final 2',
      ])
    })

    it('given a final session that a row opens again, then its next final row is a revision', async () => {
      const kit = await sent(sessions(), [motion(100), motion(116, 'd-2'), motion(109, 'd-3')])
      await kit.pass(300_000)
      assert.deepEqual(listChanges(kit, true), [
        '115.001: 100-100 1 final',
        '131.001: 100-100 end of walking',
        '131.001: 100-116 3 final 1',
      ])
    })

    it('given a session that was opened again and grows, then its final row is that revision', async () => {
      const kit = await sent(sessions(), [
        ...[motion(100), motion(116, 'd-2'), motion(109, 'd-3'), motion(118, 'd-2')],
      ])
      await kit.pass(300_000)
      assert.deepEqual(listChanges(kit, true).at(-1), '133.001: 100-118 4 final 1')
    })

    it('given final sessions of different revisions that a row merges, then the highest one counts', async () => {
      const kit = await sent(sessions(), [
        ...[motion(100), motion(200)],
        ...[motion(95, 'd-2'), motion(80, 'd-3'), motion(88, 'd-3')],
      ])
      const finals = listChanges(kit, true).filter(change => / final/.test(change))
      assert.deepEqual(finals.slice(1), ['95: 95-100 2 final 1', '80: 80-80 1 final', '88: 80-100 4 final 2'])
    })

    it('given open sessions that a row merges, then their final row is the first', async () => {
      const kit = await sent(sessions({}, 60_000), [motion(100), motion(115), motion(108)])
      await kit.pass(300_000)
      assert.deepEqual(listChanges(kit, true), ['185.001: 100-115 3 final'])
    })
  })

  it('given windows that close one after another, then the timer is that of the first', async () => {
    const kit = await sent(tablePlan({ ...MINUTE, graceMs: 70_000 }, COUNTED), [motion(1), motion(61)])
    assert.deepEqual(await kit.timers(ENTITY), { due: new Date(START_MS + 130_000) })
    await kit.pass(125_000)
    assert.deepEqual(listChanges(kit).slice(2), ['130: 0 1 final'])
    assert.deepEqual(await kit.timers(ENTITY), { due: new Date(START_MS + 190_000) })
    await kit.pass(200_000)
    // Final windows leave with the newest one.
    assert.deepEqual(await kit.timers(ENTITY), { due: new Date(START_MS + 720_000) })
  })

  it('given a change that is due when its window becomes final, then only the final row is published', async () => {
    const kit = await sent(tablePlan(MINUTE, COUNTED), [motion(69), motion(2, 'd-2'), motion(71)])
    assert.deepEqual(listChanges(kit), ['69: 60 1', '70: 0 1 final', '71: 60 2'])
  })

  it('given a row at the end of the grace, then it is late; a moment before, it is not', async () => {
    const late = async (seconds: number) => {
      const kit = await sent(tablePlan(MINUTE, COUNTED), [motion(1), motion(seconds), motion(2)])
      return ((await kit.state(ENTITY)) as GroupState).l
    }
    assert.deepEqual([await late(70), await late(69.999)], [1, undefined])
  })

  it('given a window that has just left, then a row of another entity is late, and not before', async () => {
    const late = async (seconds: number) => {
      const kit = await sent(tablePlan(MINUTE, COUNTED), [motion(seconds), motion(1, 'd-2')])
      return ((await kit.state(ENTITY)) as GroupState).l
    }
    assert.deepEqual([await late(660), await late(659.999)], [1, undefined])
  })

  it('given a window that has just become final, then the next row revises it', async () => {
    const kit = await sent(tablePlan(MINUTE, COUNTED), [motion(1), motion(70), motion(2, 'd-2')])
    assert.deepEqual(listChanges(kit), ['1: 0 1', '70: 0 1 final', '70: 60 1', '2: 0 2 final 1'])
  })

  it('given a first row for a window that is already final, then its row is no revision', async () => {
    const kit = await sent(tablePlan(MINUTE, COUNTED), [motion(100), motion(2, 'd-2')])
    assert.deepEqual(listChanges(kit), ['100: 60 1', '2: 0 1 final'])
  })

  it('given a plan of a later version, then it is refused, and the tables stay', async () => {
    const plan = tablePlan(undefined, COUNTED)
    const kit = await createKit('readings', [plan])
    const later = { ...plan, aggregates: [{ function: 'MODE' }] } as unknown as TablePlan
    await kit.when(createActivationEvent(createActivatedPlan({ streams: [], tables: [later] }, []), 0, at(1)))
    assert.match(kit.outcomes.at(-1) ?? '', /^failed/)
    assert.equal((await kit.when(motion(2)))[0]?.reason, 'regrouped')
  })

  it('given a table that is dropped, then its groups and their rows are', async () => {
    const plan = tablePlan(undefined, COUNTED)
    const kit = await sent(plan, [motion(1)])
    const [source = '', subject = ''] = ENTITY.split(' ')
    const dropped = { id: 'drop', source, subject, time: at(3), datacontenttype: 'application/json' }
    const [step] = await kit.when({ ...dropped, type: VIEW_DROPPED_TYPE, data: { table: 'stats' } })
    assert.equal(step?.reason, 'dropped')
    assert.equal(await kit.state(ENTITY), undefined)
    const other = await createKit('view-rows', [])
    const readings = await createKit('readings', [plan])
    await readings.when(motion(4))
    assert.equal((await other.when(...readings.publishedEvents))[0]?.reason, 'dropped')
  })
})
