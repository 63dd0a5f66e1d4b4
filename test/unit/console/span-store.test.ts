import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { spansIn } from '../../../console/spans/otlp.ts'
import { SpanStore } from '../../../console/spans/span-store.ts'
import { encodedSpans } from '../../../packages/runtime/adapters/otlp/exporter.ts'
import { aDecision, anEmission, spanId, traceId } from '../../support/journey.ts'

const EVENT = {
  id: 'a',
  source: '/environment/berlin',
  type: 'io.sluice.environment.reading.v1',
  subject: 'roof-1',
}

describe('spans in an OTLP request', () => {
  const sent = (attributes: Record<string, string | number>) =>
    JSON.parse(
      encodedSpans(
        [
          {
            traceId: traceId(1),
            spanId: spanId(2),
            parentSpanId: spanId(1),
            hasRemoteParent: true,
            name: 'any',
            kind: 'consumer',
            fromMs: 1_000,
            toMs: 1_012,
            attributes,
            isError: false,
          },
        ],
        { 'service.name': 'sluice-alerting' },
      ),
    )

  it('given what a consumer sends of a decision, then it is read whole', () => {
    const taken = spansIn(
      sent({
        'messaging.destination.name': 'readings',
        'messaging.destination.partition.id': '3',
        'messaging.kafka.offset': 1_234,
        'sluice.consumer': 'alerting',
        'sluice.outcome': 'applied',
        'sluice.reason': 'fired',
        'cloudevents.event_id': 'a',
        'cloudevents.event_source': '/environment/berlin',
        'cloudevents.event_type': 'io.sluice.environment.reading.v1',
        'cloudevents.event_subject': 'roof-1',
      }),
    )
    assert.deepEqual(taken, {
      spans: [
        {
          kind: 'record',
          traceId: traceId(1),
          spanId: spanId(2),
          parentSpanId: spanId(1),
          fromMs: 1_000,
          toMs: 1_012,
          consumer: 'alerting',
          topic: 'readings',
          partition: 3,
          offset: 1_234,
          outcome: 'applied',
          reason: 'fired',
          code: undefined,
          timer: undefined,
          event: EVENT,
        },
      ],
      wrong: 0,
    })
  })

  it('given spans of other programs, then they are neither taken nor wrong', () => {
    assert.deepEqual(spansIn(sent({ 'http.method': 'GET' })), { spans: [], wrong: 0 })
  })

  it('given an invalid span, then it is counted, and the others are taken', () => {
    const request = sent({ 'sluice.consumer': 'alerting' })
    const { spans } = request.resourceSpans[0].scopeSpans[0]
    spans.push(null, { traceId: 'x', spanId: spanId(3) }, { ...spans[0], startTimeUnixNano: 'soon' })
    const taken = spansIn(request)
    assert.deepEqual([taken?.spans.length, taken?.wrong], [1, 3])
  })

  it('given an invalid request, then that is reported', () => {
    for (const request of [undefined, null, 1, 'x', [], {}, { resourceSpans: 1 }])
      assert.equal(spansIn(request), undefined)
    assert.deepEqual(spansIn({ resourceSpans: [null, { scopeSpans: 'x' }, { scopeSpans: [null] }] }), {
      spans: [],
      wrong: 0,
    })
  })
})

describe('the store of spans', () => {
  it('given the same span twice, then it is kept once', () => {
    const store = new SpanStore()
    store.add([aDecision({ event: EVENT }), aDecision({ event: EVENT })])
    assert.equal(store.ofEvent('a').length, 1)
    assert.deepEqual(store.counts, { kept: 1, ids: 1, received: 2, forgotten: 0 })
  })

  it('given more than it may keep, then the oldest of which nothing came are forgotten first', () => {
    const store = new SpanStore({ spans: 4 })
    store.add([
      aDecision({ trace: 1, event: { ...EVENT, id: 'failed' }, outcome: 'failed', code: 'rejected' }),
    ])
    for (let trace = 2; trace < 10; trace++)
      store.add([aDecision({ trace, event: { ...EVENT, id: `quiet-${trace}` } })])
    assert.equal(store.ofEvent('failed').length, 1)
    const kept = [2, 3, 4, 5, 6, 7, 8, 9].filter(trace => store.ofEvent(`quiet-${trace}`).length > 0)
    assert.deepEqual(kept, [7, 8, 9])
    assert.equal(store.counts.kept, 4)
  })

  it('given a flow of hours, then it keeps as many spans at its beginning as later', () => {
    const store = new SpanStore({ spans: 100 })
    let trace = 0
    const quiet = () => aDecision({ trace: ++trace, event: { ...EVENT, id: `e-${trace}` } })
    while (trace < 200) store.add([quiet()])
    assert.equal(store.counts.kept, 100)
    for (let minute = 0; minute < 200; minute++) {
      store.add([anEmission({ trace: ++trace, event: { ...EVENT, id: `e-${trace}` } })])
      for (let second = 0; second < 3; second++) store.add([quiet()])
      assert.deepEqual([store.counts.kept, store.counts.ids], [100, 100], `minute ${minute}`)
    }
    assert.deepEqual([store.notable(1_000).length, store.plain(1_000).length], [50, 50])
  })

  it('given a trace that never ends, then it takes no more than its part', () => {
    const store = new SpanStore({ spansOfTrace: 10 })
    for (let span = 0; span < 50; span++) store.add([aDecision({ span, event: EVENT })])
    assert.equal(store.ofTrace(traceId(1)).length, 10)
  })

  it('given an age, then older traces are forgotten, whatever came of them, and leave nothing behind', () => {
    let now = 0
    const store = new SpanStore({ ageMs: 1_000 }, () => now)
    store.add([aDecision({ event: EVENT }), anEmission({ span: 7 })])
    now = 1_001
    store.add([aDecision({ trace: 2, event: { ...EVENT, id: 'b' } })])
    assert.deepEqual(store.ofEvent('a'), [])
    assert.deepEqual(store.counts, { kept: 1, ids: 1, received: 3, forgotten: 2 })
  })

  it('given an event that begins a trace of its own, then one follows it there', () => {
    const alert = { id: 'alert', source: '/alerting', type: 'io.sluice.alert.fired.v1' }
    const store = new SpanStore()
    store.add([
      aDecision({ trace: 1, event: EVENT }),
      anEmission({ trace: 1, span: 7, event: alert }),
      aDecision({ trace: 2, span: 8, consumer: 'notifier', event: alert }),
      aDecision({ trace: 3, span: 9, event: { ...alert, source: '/another' } }),
    ])
    assert.deepEqual(
      store.ofEvent('a').map(span => span.traceId),
      [traceId(1), traceId(1), traceId(2)],
    )
  })
})
