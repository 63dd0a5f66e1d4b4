/** The memory of failures is bounded, is shared by producers, and warns before it is full. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildRedriveHeaders } from '../../../cloudevents/redrive.ts'
import { failureId } from '../../../consumer/failure-event.ts'
import { computeFailureBytes, computeProducerGroup } from '../../../pipeline/model/failure-memory.ts'
import { APPLICATION } from '../../support/application.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const BROKEN = { data: { sensorId: 7 } }
/** Limit of the memory store: 100 failures in each of the twelve partitions. */
const LIMIT = 12 * 100 * 64

function stageWith(failureBytes: number): Stage {
  const stage = new Stage()
  stage.consumer = { ...stage.consumer, failureBytes }
  return stage
}

const failing = (offset: number, source: string) =>
  record(offset, { ...reading(`e${offset}`, BROKEN), source })

function redriven(offset: number, original: ReturnType<typeof failing>) {
  const redriveTarget = { consumer: 'counting', failure: failureId('counting', original), attempt: 2 }
  return {
    ...original,
    offset,
    headers: [...original.headers, ...buildRedriveHeaders({ ...redriveTarget, history: [] })],
  }
}

describe('the memory for failures', () => {
  // Promise docs/guarantees.md#what-bounds-the-memory | What one producer makes others remember is bounded.
  it('given a producer that fails too often, then others can be redriven, and its own newest', async () => {
    const stage = stageWith(LIMIT)
    const other = failing(0, '/environment/other')
    const broken = Array.from({ length: 150 }, (_, index) => failing(1 + index, '/environment/broken'))
    await stage.batch([other, ...broken])
    const back = [other, broken.at(-1), broken[0]].map((original, index) =>
      redriven(151 + index, original as ReturnType<typeof failing>),
    )
    await stage.batch(back)
    assert.deepEqual(stage.outcomes.slice(-3), [
      'failed/schema-violated',
      'failed/schema-violated',
      'failed/unknown-failure',
    ])
  })

  it('given that most of it is used, then a warning comes before any is forgotten, and then their number', async () => {
    const stage = stageWith(LIMIT)
    let offset = 0
    const fail = async (count: number) => {
      const batch = Array.from({ length: count }, () => failing(offset++, '/environment/broken'))
      await stage.batch(batch)
    }
    await fail(79)
    await fail(1)
    assert.deepEqual(stage.observer.list('failure-memory'), [])
    await fail(1)
    assert.deepEqual(stage.observer.list('failure-memory'), [
      { bytes: 80 * 64, forgotten: 0, limit: 100 * 64 },
    ])
    await fail(30)
    await fail(1)
    await fail(1)
    assert.deepEqual(
      stage.observer
        .list('failure-memory')
        .slice(2)
        .map(({ forgotten }) => forgotten),
      [11, 1],
    )
  })

  it('given all of a topic, then its partitions have equal parts; of an unknown topic, as readings', () => {
    assert.equal(computeFailureBytes(APPLICATION, 1200, 'sluice.telemetry.readings.prod'), 100)
    assert.equal(computeFailureBytes(APPLICATION, 1200, 'sluice.telemetry.failures.prod'), 400)
    assert.equal(computeFailureBytes(APPLICATION, 1200, 'something.else'), 100)
    assert.ok(12 * computeFailureBytes(APPLICATION, 1211, 'sluice.telemetry.readings.prod') <= 1211)
  })
})

describe('the group of a producer', () => {
  const header = (name: string, value: string) => [name, Buffer.from(value)] as const
  const binary = (source: string, value = '{}') => ({
    headers: [header('ce_source', source)],
    value: Buffer.from(value),
  })
  const structured = (json: string) => ({
    headers: [header('content-type', 'application/cloudevents+json; charset=utf-8')],
    value: Buffer.from(json),
  })

  it('given a source, then it follows from that alone, in either mode, however broken the rest is', () => {
    const group = computeProducerGroup(binary('/a/b'))
    assert.ok(group >= 0 && group < 64)
    for (const same of [
      binary('/a/b', 'not JSON'),
      structured('{"specversion":"1.0","source":"/a/b","id":'),
      structured('{ "source" : "/a/b" }'),
    ])
      assert.equal(computeProducerGroup(same), group)
    const others = new Set(
      Array.from({ length: 300 }, (_, index) => computeProducerGroup(binary(`/a/${index}`))),
    )
    assert.ok(others.size > 50)
  })

  it('given no source, then it is the one group of all such records', () => {
    const none = { headers: [], value: null }
    for (const same of [
      binary(''),
      structured('{}'),
      structured('"source"'),
      { ...none, value: Buffer.from('x') },
    ])
      assert.equal(computeProducerGroup(same), computeProducerGroup(none))
    assert.equal(computeProducerGroup(none), 64)
  })
})
