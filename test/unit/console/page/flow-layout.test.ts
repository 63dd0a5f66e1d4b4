import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ShownConsumer } from '../../../../console/api/overview/shapes.ts'
import { flowLayout } from '../../../../console/page/overview/flow-layout.ts'
import { readFunctions } from '../../../../lib/app/functions.ts'
import { groupName, type Signal, signalNamed, signals, topicName } from '../../../../lib/app/topics.ts'

const FUNCTIONS = readFunctions()

const consumerOf = (name: string, topic: string, emits: readonly Signal[]): ShownConsumer => {
  const signal = signalNamed(topic, 'local')
  return {
    function: name,
    topic,
    group: groupName(name, 'local'),
    emits,
    readers: 1,
    ...(signal ? { signal } : {}),
  }
}

const FLOW = {
  topics: signals().map(signal => ({ signal, topic: topicName(signal, 'local'), records: 0 })),
  consumers: FUNCTIONS.flatMap(({ name, consumes, emits }) =>
    consumes.map(signal => consumerOf(name, topicName(signal, 'local'), emits)),
  ),
  producers: FUNCTIONS.filter(({ consumes, forwards }) => consumes.length + forwards.length === 0),
}

const WIDTHS = [320, 859, 860, 1_024, 1_700]

describe('the picture of the flow', () => {
  it('given any width, then every box is within it, and none covers another', () => {
    for (const width of WIDTHS) {
      const { boxes, height } = flowLayout(FLOW, width)
      assert.ok(boxes.length >= 9)
      for (const [index, box] of boxes.entries()) {
        assert.ok(box.x >= 0 && box.x + box.width <= width + 1, `${box.key} at ${width}`)
        assert.ok(box.y >= 0 && box.y + box.height <= height)
        for (const other of boxes.slice(index + 1))
          assert.ok(areApart(box, other), `${box.key}, ${other.key}`)
      }
    }
  })

  it('given all functions, then each consumer stands once in the box of each of its topics', () => {
    const { boxes } = flowLayout(FLOW, 1_024)
    const shown = boxes.flatMap(box => box.consumers.map(({ function: name }) => `${name}/${box.topic}`))
    assert.deepEqual(
      shown.sort(),
      FLOW.consumers.map(({ function: name, topic }) => `${name}/${topic}`).sort(),
    )
  })

  it('given what consumers emit, then lines lead there, and what fails leads to the dead letters', () => {
    const { edges } = flowLayout(FLOW, 1_024)
    const keys = edges.map(({ key }) => key)
    for (const key of [
      'producers',
      'readings/alerting/alerts',
      'events/grouping/patterns',
      'failures/dlq-router/dlq',
    ])
      assert.ok(
        keys.some(one => one.includes(key.replace('producers', 'sources/'))),
        key,
      )
    assert.ok(!keys.some(key => key.startsWith('failures/') && key.endsWith('/readings')))
    assert.ok(edges.find(({ key }) => key === 'failures/dlq-router/dlq')?.isFailure)
  })

  it('given what consumers emit, then each topic stands right of those that lead to it', () => {
    const { boxes } = flowLayout(FLOW, 1_700)
    const columns = new Map(boxes.map(({ key, x }) => [key, x]))
    const order = ['sources', 'readings', 'events', 'patterns', 'alerts', 'notifications']
    const places = order.map(key => columns.get(key) ?? Number.NaN)
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(places).size, order.length)
    // Nothing that is read stands between readings and the alerts that come of them at once.
    const top = boxes.filter(({ y }) => y === 0).map(({ key }) => key)
    assert.deepEqual(top.sort(), ['alerts', 'notifications', 'readings', 'sources'])
  })

  it('given functions of another flow, then the picture is theirs', () => {
    const consumers = [
      consumerOf('first', topicName('readings', 'local'), ['events']),
      consumerOf('second', topicName('events', 'local'), ['readings', 'analytics']),
    ]
    const { boxes } = flowLayout({ ...FLOW, consumers }, 1_700)
    const at = (key: string) => boxes.find(box => box.key === key)?.x ?? Number.NaN
    assert.ok(at('events') > 0 && at('analytics') > at('events'))
  })

  it('given a phone, then the boxes stand below each other, and no lines are drawn', () => {
    const { isNarrow, edges, boxes } = flowLayout(FLOW, 330)
    assert.ok(isNarrow)
    assert.deepEqual(edges, [])
    assert.deepEqual(new Set(boxes.map(({ x, width }) => `${x} ${width}`)), new Set(['0 330']))
  })
})

interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function areApart(a: Rectangle, b: Rectangle): boolean {
  return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
}
