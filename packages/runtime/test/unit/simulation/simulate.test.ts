/** `simulate` finds steps that depend on more than state and event, and simulations find faults of a port. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { OutgoingRecord } from '../../../cloudevents/record.ts'
import { writeEvent } from '../../../cloudevents/writer.ts'
import { application } from '../../../consumer/authored-application.ts'
import { minutes } from '../../../consumer/durations.ts'
import { FAULTS } from '../../../testing/simulation/chance.ts'
import { simulate } from '../../../testing/simulation/simulate.ts'
import { Simulation } from '../../../testing/simulation/simulation.ts'
import { compareWithUndisturbed } from '../../../testing/simulation/undisturbed.ts'
import { environmentReading, TOPIC } from '../../support/records.ts'
import { createConsumer, listTopics } from '../../support/simulated.ts'
import { counting } from '../../support/stage.ts'

const TYPE = 'com.example.order.placed'
const START_MS = Date.UTC(2026, 2, 1, 12)
const captured = Date.now
const shop = application({ name: 'shop', prefix: 'shop', topics: ['orders', 'totals'] })
const records = Array.from({ length: 30 }, (_, index) => ({
  ...{ id: `o${index}`, source: '/shop', subject: `c-${index % 4}`, type: TYPE, data: { cents: index } },
  time: new Date(START_MS + index * 120_000).toISOString(),
}))

/** Returns a process whose emissions contain a value from outside. */
function createOrders(read: () => unknown = () => undefined) {
  return shop.process<{ readonly count: number }>('orders', {
    on: {
      [TYPE]({ count } = { count: 0 }, _, { emit, timer }) {
        emit('totals', 'total', { count: count + 1, outside: read() })
        timer('late', minutes(30))
        return { count: count + 1 }
      },
    },
    onTimer(state, _, { emit }) {
      emit('totals', 'late', { ...state })
      return state
    },
  })
}

describe('simulate', () => {
  it('given a process of state and event alone, then no schedule differs, and each kind of fault strikes', async () => {
    const { difference, faults, schedules } = await simulate(createOrders(), { records, seeds: 60 })
    assert.equal(difference, undefined)
    assert.equal(schedules, 60)
    assert.deepEqual(
      Object.keys(FAULTS).filter(fault => !faults[fault]),
      [],
    )
  })

  const hidden: (readonly [name: string, read: () => unknown, message: RegExp])[] = [
    ['Date.now()', () => Date.now(), /Date\.now\(\)/],
    ['new Date()', () => new Date(), /new Date\(\)/],
    ['performance.now()', () => performance.now(), /performance\.now\(\)/],
    ['Math.random()', () => Math.random(), /Math\.random\(\)/],
    ['crypto.randomUUID()', () => randomUUID(), /crypto\.randomUUID\(\)/],
    [
      'a clock that was captured before',
      () => captured(),
      /gives other results when its log is applied again/,
    ],
  ]
  let calls = 0
  const count = () => {
    calls += 1
    return calls
  }
  hidden.push(['a variable outside of its state', count, /a variable outside/])
  for (const [name, read, message] of hidden)
    it(`given a step that reads ${name}, then the process is rejected`, () =>
      assert.rejects(simulate(createOrders(read), { records, seeds: 1 }), message))

  const nothing: (readonly [options: object, message: RegExp])[] = [
    [{ seeds: 0 }, /^RangeError: seeds: must be a whole number from 1 on, not 0$/],
    [{ seeds: [] }, /^RangeError: seeds: /],
    [{ records: [] }, /^RangeError: records: /],
    [{ partitions: 0 }, /^RangeError: partitions: /],
    [{ topic: 'order' }, /there is no topic "order"/],
    [
      { records: records.map(record => ({ ...record, type: 'other' })) },
      /no record reaches the process "orders"/,
    ],
  ]
  for (const [options, message] of nothing)
    it(`given ${Object.keys(options)} with which nothing would be played, then they are refused: ${message.source}`, () =>
      assert.rejects(simulate(createOrders(), { records, seeds: 1, ...options }), message))

  /** Keeps its counts in the memory of an instance, and begins anew with each new entity. */
  const remembering = () => {
    const counts = new Map<string, number>()
    return shop.process<{ readonly count: number }>('orders', {
      accepts: [TYPE],
      onEvent(state, { entity }, { emit }) {
        const count = state === undefined ? 1 : (counts.get(entity) ?? 0) + 1
        counts.set(entity, count)
        emit('totals', 'total', { count })
        return { count }
      },
    })
  }

  it('given counts in the memory of an instance, then the shortest schedule is short, and the same each time', async () => {
    const { difference } = await simulate(remembering(), { records })
    assert.ok(difference)
    assert.match(difference.story, /with [1-5] records and [1-3] faults/)
    assert.deepEqual(
      (await simulate(remembering(), { records, seeds: [difference.seed] })).difference,
      difference,
    )
  })
})

describe('a simulation of broken ports', () => {
  type Records = readonly OutgoingRecord[]
  const publishing = (change: (records: Records) => Records) => (simulation: Simulation) => {
    const create = simulation.createPublisher.bind(simulation)
    simulation.createPublisher = (...args) => {
      const publisher = create(...args)
      return { ...publisher, publish: records => publisher.publish(change(records)) }
    }
  }
  const copy = ({ headers, ...record }: OutgoingRecord): OutgoingRecord => {
    const other = Buffer.from('other')
    return { ...record, headers: headers.map(([name, value]) => [name, name === 'ce_id' ? other : value]) }
  }
  /** Faults of ports, with the difference that each makes. */
  const FAULTY: readonly (readonly [
    fault: string,
    kind: string,
    breakPorts: (simulation: Simulation) => void,
  ])[] = [
    ['a publisher that loses records', 'lost', publishing(records => records.slice(0, 1))],
    ['a publisher that copies', 'twice', publishing(records => [...records, ...records.map(copy)])],
    ['a publisher that reverses', 'out of order', publishing(records => records.toReversed())],
    [
      'a trim that forgets',
      'stands still',
      ({ store }) => {
        store.trimOutbox = async () => {}
      },
    ],
    [
      'a commit that ignores the version',
      'other state',
      ({ store }) => {
        const commit = store.commit.bind(store)
        store.commit = async (stateKey, change) =>
          commit(stateKey, { ...change, base: (await store.facts(stateKey)).version })
      },
    ],
  ]

  for (const [fault, kind, breakPorts] of FAULTY)
    it(`given ${fault}, then a schedule shows it: ${kind}`, async () => {
      const kinds = new Set<string>()
      for (let seed = 0; seed < 20 && !kinds.has(kind); seed += 1)
        for (const found of await playCounting(seed, breakPorts)) kinds.add(found)
      assert.ok(kinds.has(kind), [...kinds].join())
    })
})

async function playCounting(seed: number, breakPorts: (simulation: Simulation) => void): Promise<string[]> {
  const topics = listTopics({ readings: 1, events: 1, failures: 1 })
  const simulation = new Simulation({ seed, startMs: START_MS, topics })
  breakPorts(simulation)
  const codes = [createConsumer(counting)] as const
  const group = simulation.addConsumer({ codes, topics: [TOPIC], keep: () => undefined })
  for (let number = 0; number < 20; number += 1) {
    const reading = environmentReading(`r${number}`, { sensor: `s-${number % 2}`, at: number })
    simulation.comes(START_MS + number * 1_000, reading.id, () => {
      simulation.log.append(TOPIC, 0, writeEvent(reading))
    })
  }
  const undone = await simulation.run()
  const differences = await compareWithUndisturbed(group, simulation.log, simulation.store)
  return [...undone.map(() => 'stands still'), ...differences.map(({ kind }) => kind)]
}
