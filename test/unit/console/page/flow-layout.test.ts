import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ShownConsumer } from '../../../../console/api/overview/shapes.ts'
import { flowLayout } from '../../../../console/page/overview/flow-layout.ts'
import { readFunctions } from '../../../../infra/functions.ts'
import { groupName, SIGNALS, type Signal, signalNamed, topicName } from '../../../../lib/app/topics.ts'

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
  topics: SIGNALS.map(signal => ({ signal, topic: topicName(signal, 'local'), records: 0 })),
  consumers: FUNCTIONS.flatMap(({ name, consumes, emits }) =>
    consumes.map(signal => consumerOf(name, topicName(signal, 'local'), emits)),
  ),
  producers: FUNCTIONS.filter(({ consumes, forwards }) => consumes.length + forwards.length === 0),
}

const WIDTHS = [320, 859, 860, 1_024, 1_700]

describe('the picture of the flow', () => {
  it('given any width, then every box lies within it, and none covers another', () => {
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

  it('given any width, then no line runs behind a box', () => {
    for (const width of WIDTHS) {
      const { boxes, edges } = flowLayout(FLOW, width)
      for (const { key, path } of edges)
        for (const point of pointsOf(path))
          for (const box of boxes) assert.ok(!isInside(point, box), `${key} behind ${box.key} at ${width}`)
    }
  })

  it('given a topic that is none of the table, then it has a box of its own', () => {
    const foreign = consumerOf('import', 'factory.telemetry', ['readings'])
    const { boxes, edges } = flowLayout({ ...FLOW, consumers: [...FLOW.consumers, foreign] }, 1_024)
    assert.equal(boxes.find(({ key }) => key === 'factory.telemetry')?.consumers.length, 1)
    assert.ok(edges.some(({ key }) => key === 'factory.telemetry/import/readings'))
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

interface Point {
  readonly x: number
  readonly y: number
}

/** Many points of an SVG path of lines and curves. */
function* pointsOf(path: string): Generator<Point> {
  let at: Point = { x: 0, y: 0 }
  for (const [, command, numbers = ''] of path.matchAll(/([MLC])([^MLC]+)/g)) {
    const all = numbers.split(' ').map(Number)
    const given = all.flatMap((x, index) => (index % 2 === 0 ? [{ x, y: all[index + 1] ?? 0 }] : []))
    const end = given.at(-1) as Point
    // A straight line is a curve whose handles lie at its ends.
    const [first = at, second = end] = command === 'C' ? given : [at, end]
    if (command !== 'M')
      for (let part = 0.01; part < 1; part += 0.01) yield between([at, first, second, end], part)
    at = end
  }
}

/** De Casteljau's algorithm. */
function between(points: readonly Point[], part: number): Point {
  const [only, ...others] = points
  if (only && others.length === 0) return only
  const closer = others.map(({ x, y }, index) => {
    const before = points[index] as Point
    return { x: before.x + (x - before.x) * part, y: before.y + (y - before.y) * part }
  })
  return between(closer, part)
}

function isInside({ x, y }: Point, box: Rectangle): boolean {
  return x > box.x + 1 && x < box.x + box.width - 1 && y > box.y && y < box.y + box.height
}
