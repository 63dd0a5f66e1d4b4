/** Forwarders, sinks and segment sinks beside each other: each record arrives, in the order of its partition. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeds } from '@sluice/test-kit/sampled'
import { writeEvent } from '../../../cloudevents/writer.ts'
import { RetryableError } from '../../../consumer/author-errors.ts'
import type { Forwarder } from '../../../consumer/forwarder.ts'
import { confirmSegment, type SegmentSink } from '../../../consumer/segment-sink.ts'
import { confirmDelivery, type Sink } from '../../../consumer/sink.ts'
import { LatestDecisions } from '../../../pipeline/failures/failure-surge.ts'
import type { ForwardingConsumer } from '../../../pipeline/forwarding/decide.ts'
import { forward } from '../../../pipeline/forwarding/forward.ts'
import { Random } from '../../../testing/random.ts'
import { FIRST_APPEND_MS } from '../../../testing/records.ts'
import { Simulation } from '../../../testing/simulation/simulation.ts'
import { topicName } from '../../support/application.ts'
import { delaying } from '../../support/forward-stage.ts'
import { createConsumer, listTopics } from '../../support/simulated.ts'

const PLAYED = seeds(90)
const PARTITIONS = 2
const EVENTS = 30
const TYPE = 'test.sent'
const [RETRIES, SENT_ON] = [topicName('retry-1m'), topicName('events')]

describe('given random schedules with every fault', () => {
  const struck = new Set<string>()

  it('then a forwarder, a sink and a segment sink lose nothing, and keep the order of each partition', async () => {
    for (let seed = 0; seed < PLAYED; seed += 1) {
      const { found, simulation } = await play(seed)
      assert.deepEqual(found, [], `seed ${seed}`)
      for (const { fault } of simulation.chance.struck) struck.add(fault)
    }
  })

  it('given these schedules, then each kind of fault has struck', () => {
    const wanted = ['refused', 'unanswered', 'late', 'hung', 'partly published', 'killed', 'delivered twice']
    assert.deepEqual(
      [...wanted, 'overtaken', 'out of time', 'store forgets', 'marker'].filter(
        fault => !struck.has(fault as never),
      ),
      [],
    )
  })
})

async function play(seed: number) {
  const random = new Random(seed)
  const topics = listTopics({ 'retry-1m': PARTITIONS, events: PARTITIONS, failures: 1 })
  const simulation = new Simulation({ seed, startMs: FIRST_APPEND_MS, topics })
  const { log } = simulation
  let atMs = FIRST_APPEND_MS
  for (let number = 0; number < EVENTS; number += 1) {
    atMs += random.pick([0, 10, 60]) * 1_000
    const [partition, time] = [random.between(0, PARTITIONS - 1), new Date(atMs).toISOString()]
    const event = {
      id: `e${number}`,
      source: '/sent',
      subject: `s${number % 4}`,
      type: TYPE,
      time,
      data: { number },
    }
    simulation.comes(atMs, `${event.id} comes`, () => void log.append(RETRIES, partition, writeEvent(event)))
  }
  const forwarded = addForwarder(simulation)
  const delivered = addSink(simulation)
  const objects = addSegmentSink(simulation)
  const undone = await simulation.run()
  const found = [...undone, ...forwarded.found, ...objects.changed]
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const [sent, sentOn] = [log.all(RETRIES, partition), log.all(SENT_ON, partition)]
    const values = sent.map(({ value }) => String(value))
    const copies = new Set(sentOn.map(({ value }) => String(value)))
    if (values.join() !== [...copies].join()) found.push(`forwarded otherwise: ${[...copies].join()}`)
    const offsets = [...(delivered.get(partition) ?? [])]
    // A repeated id is delivered once within its window.
    const firsts = [...copies].map(copy => sentOn.find(({ value }) => String(value) === copy)?.offset)
    if (firsts.join() !== offsets.join()) found.push(`delivered: ${offsets.join()}`)
    found.push(
      ...objects.findGaps(
        partition,
        sentOn.map(({ offset }) => offset),
      ),
    )
  }
  return { found, simulation }
}

function addForwarder(simulation: Simulation) {
  const process: Forwarder = { name: 'delaying', ...delaying }
  const consumer = createConsumer(process as never) as unknown as ForwardingConsumer
  const found: string[] = []
  const latest = new LatestDecisions()
  simulation.addSchedule('delaying', 60_000, (_, remainingMs) => {
    const ports = {
      ...simulation.createPorts('delaying'),
      ...{ cursors: simulation.createCursors('delaying'), publisher: simulation.createPublisher('delaying') },
      report: () => {},
    }
    const { nowMs } = simulation
    return forward(consumer, ports, {
      remainingMs,
      nowMs: () => nowMs,
      codeVersion: () => 'v0',
      latest,
    }).catch(error => {
      if (error.name !== 'Unavailable') found.push(String(error))
    })
  })
  simulation.conditions.push(() => (isAllForwarded(simulation) ? undefined : 'records are to be forwarded'))
  return { found }
}

function isAllForwarded({ log }: Simulation): boolean {
  return Array.from({ length: PARTITIONS }).every((_, partition) => {
    const copies = new Set(log.all(SENT_ON, partition).map(({ value }) => String(value)))
    return log.all(RETRIES, partition).every(({ value }) => copies.has(String(value)))
  })
}

/** Adds a sink. Returns the offsets of the events that its receiver has accepted, in the order of their first copies. */
function addSink(simulation: Simulation): ReadonlyMap<number, ReadonlySet<number>> {
  const delivered = new Map<number, Set<number>>()
  const sink: Sink = {
    name: 'delivering',
    accepts: [TYPE],
    batchSize: 3,
    async deliver(deliveries) {
      const accept = async () => {
        for (const { partition, offset } of deliveries)
          delivered.set(partition, (delivered.get(partition) ?? new Set()).add(offset))
      }
      await simulation.call('receiver', 'deliver', accept).catch(error => {
        throw new RetryableError('the receiver is away', { cause: error })
      })
      return deliveries.map(() => confirmDelivery('delivered'))
    },
  }
  simulation.addConsumer({ codes: [createConsumer(sink)], topics: [SENT_ON] })
  return delivered
}

/** Adds a segment sink. Returns the names of objects that were written with other contents, and a check for gaps. */
function addSegmentSink(simulation: Simulation) {
  const objects = new Map<string, string>()
  const changed: string[] = []
  const sink: SegmentSink = {
    name: 'archiving',
    accepts: [TYPE],
    segments: { offsets: 5, spanMs: 120_000 },
    async write({ partition, firstOffset, lastOffset, events }) {
      const store = async () => {
        const name = `${partition} ${firstOffset} ${lastOffset}`
        const contents = events.map(({ offset, event }) => `${offset} ${event.id}`).join()
        if ((objects.get(name) ?? contents) !== contents) changed.push(`${name} has changed`)
        objects.set(name, contents)
      }
      await simulation.call('archive', 'write', store).catch(error => {
        throw new RetryableError('the archive is away', { cause: error })
      })
      return confirmSegment('archived')
    },
  }
  simulation.addConsumer({ codes: [createConsumer(sink)], topics: [SENT_ON], cutsChunks: false })
  /** Segments follow each other without a gap or an overlap, and only the last records of a partition have none. */
  const findGaps = (partition: number, offsets: readonly number[]): string[] => {
    const ranges = [...objects.keys()].map(name => name.split(' ').map(Number))
    const own = ranges.filter(([of]) => of === partition).map(([, from = 0, to = 0]) => [from, to] as const)
    own.sort(([a], [b]) => a - b)
    const isWhole = own.every(([from], index) => index === 0 || from > (own[index - 1]?.[1] ?? 0))
    const last = own.at(-1)?.[1] ?? -1
    const left = offsets.filter(offset => !own.some(([from, to]) => offset >= from && offset <= to))
    return isWhole && left.every(offset => offset > last) && left.length <= 5
      ? []
      : [`archived: ${own.join(' ')}`]
  }
  return { changed, findGaps }
}
