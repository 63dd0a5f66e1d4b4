import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { application } from '../../../consumer/authored-application.ts'
import type { ProcessHandlers } from '../../../consumer/define-process.ts'
import type { SegmentSink } from '../../../consumer/segment-sink.ts'
import { ProcessKit, type ProcessKitOptions } from '../../../testing/process-kit.ts'
import { SinkKit } from '../../../testing/sink-kit.ts'

const PLACED = 'com.example.order.placed'
const ENTITY = '/shop c-1'
const shop = application({ topics: ['orders'], firstRetryMs: 60_000 })

type Handlers = Partial<ProcessHandlers<unknown, unknown, object, 'orders'>>

function kit(handlers: Handlers, options?: ProcessKitOptions) {
  const process = shop.process<unknown>('orders', {
    accepts: [PLACED],
    onEvent: (seen = 0) => (seen as number) + 1,
    ...(handlers as object),
  })
  return new ProcessKit(process, options)
}

const event = { id: 'a', source: '/shop', subject: 'c-1', type: PLACED, time: '2026-03-01T12:00:00Z' }

describe('the kit for processes', () => {
  it('given what a handler refuses, then it refuses it as well', () => {
    assert.throws(
      () => kit({ version: 0 }),
      /'orders' has 1 error:\n {2}- version is 0: it must be a positive integer/,
    )
    assert.throws(() => kit({ version: 2 }), /version is 2, but there is no migrate/)
    assert.throws(() => kit({ parking: { forMs: 1_000 } }), /parking\.forMs is 1000: /)
    const segments = { name: 'archive', accepts: [], segments: { offsets: 0 } } as unknown as SegmentSink
    assert.throws(() => new SinkKit(shop, segments as never), /offsets/)
  })

  it('given a repeated event, then the handler is not called, and no step is returned', async () => {
    let calls = 0
    const counting = kit({ onEvent: () => ++calls })
    await counting.when(event)
    assert.deepEqual([await counting.when(event), calls], [[], 1])
    assert.deepEqual(counting.outcomes.slice(-1), ['duplicate/id-known'])
  })

  it('given states to begin with, then the first event meets them', async () => {
    const begun = kit({}, { states: { [ENTITY]: 41, '/shop c-2': 1 } })
    assert.equal(await begun.state(ENTITY), 41)
    await begun.when(event)
    assert.deepEqual([await begun.state(ENTITY), await begun.state('/shop c-2')], [42, 1])
  })

  it('given states of an older version, then they are migrated', async () => {
    const migrate = (old: unknown, version: number) => (old as { count: number }).count + version
    const begun = kit({ version: 3, migrate }, { states: { [ENTITY]: { count: 10 } }, statesVersion: 2 })
    await begun.when(event)
    assert.equal(await begun.state(ENTITY), 13)
  })

  const impure = {
    'Date.now()': () => Date.now(),
    'new Date()': () => String(new Date()),
    'Date()': () => Date(),
    'performance.now()': () => performance.now(),
    'process.hrtime()': () => process.hrtime(),
    'process.hrtime.bigint()': () => String(process.hrtime.bigint()),
    'Math.random()': () => Math.random(),
    'crypto.randomUUID()': () => crypto.randomUUID(),
    'crypto.randomUUID() of node:crypto': () => randomUUID(),
  }
  // Promise packages/runtime/README.md#3-its-test | The kit fails a step that depends on a clock or on random numbers.
  for (const [call, onEvent] of Object.entries(impure))
    it(`given a step that calls ${call}, then it fails with the name of the process, and only the step`, async () => {
      const [named = ''] = call.split(' of ')
      const message = `the process "orders" calls ${named}`
      await assert.rejects(kit({ onEvent }).when(event), error => String(error).includes(message))
      assert.ok(onEvent())
    })

  it('given a timer or a migration that depends on a clock, then each fails', async () => {
    const now = () => Date.now()
    const timed = kit({
      onEvent: (_, __, { timer }) => {
        timer('t', 1)
        return 1
      },
      onTimer: now,
    })
    await timed.when(event)
    await assert.rejects(timed.pass(60_000), /calls Date\.now/)
    const migrating = kit({ version: 2, migrate: now }, { states: { [ENTITY]: 1 }, statesVersion: 1 })
    await assert.rejects(migrating.when(event), /calls Date\.now/)
  })
})
