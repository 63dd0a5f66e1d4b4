import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DecisionStep, EventStep, JourneyFacts } from '../../../lib/queries/journey/model.ts'
import { journeyOf } from '../../../lib/queries/journey/path.ts'
import { aDecision, anEmission, found, READING, spanId, traceId } from '../../support/journey.ts'

const FUNCTIONS = [
  { name: 'processor', consumes: ['readings'], emits: ['analytics', 'failures'] },
  { name: 'alerting', consumes: ['readings'], emits: ['alerts', 'failures'] },
  { name: 'notifier', consumes: ['alerts'], emits: ['notifications', 'failures'] },
  { name: 'dlq-router', consumes: ['failures'], emits: ['dlq'] },
]

function drawn(known: Partial<JourneyFacts>, id?: string) {
  return journeyOf({ spans: [], records: [], positions: [], functions: FUNCTIONS, ...known }, id)
}

/** The path as lines, indented. */
function linesOf(steps: readonly EventStep[], indent = ''): string[] {
  return steps.flatMap(step => [
    `${indent}${step.event?.id ?? '(no event)'}${step.places.map(({ topic, offset }) => ` @${topic}/${offset}`).join('')}`,
    ...step.decisions.flatMap(decision => decisionLines(decision, `${indent}  `)),
  ])
}

function decisionLines(decision: DecisionStep, indent: string): string[] {
  const { consumer, outcome, reason, timer, emitted, timers } = decision
  return [
    `${indent}${[consumer, outcome, reason, timer].filter(Boolean).join(' ')}`,
    ...timers.flatMap(one => decisionLines(one, `${indent}  `)),
    ...linesOf(emitted, `${indent}  `),
  ]
}

const ALERT = anEmission().event
const TRACE = { traceparent: `00-${traceId(1)}-${spanId(1)}-01` }

describe('the path of an event, from spans', () => {
  it("given the reports of each consumer, then the path leads from the reading to the alert's receivers", () => {
    const journey = drawn({
      spans: [
        aDecision({ span: 100 }),
        aDecision({ span: 101, consumer: 'processor', reason: 'counted' }),
        anEmission({ span: 200, parent: 100 }),
        aDecision({
          span: 300,
          parent: 200,
          consumer: 'notifier',
          topic: 'alerts',
          offset: 9,
          reason: 'fired',
          event: ALERT,
          toMs: 1_500,
        }),
      ],
    })
    assert.deepEqual(linesOf(journey.roots), [
      'reading @readings/5',
      '  processor applied counted',
      '  alerting applied fired',
      '    alert @alerts/9',
      '      notifier applied fired',
    ])
    assert.deepEqual([journey.end, journey.events, journey.decisions], ['alert', 2, 3])
    assert.deepEqual([journey.fromMs, journey.toMs], [1_000, 1_500])
    const [, alerting] = journey.roots[0]?.decisions ?? []
    assert.equal(alerting?.why, 'the condition has held for `for`')
  })

  for (const [reason, why] of [
    ['delivered', 'its receivers have it'],
    ['no-receiver', 'no receiver needs it'],
    ['superseded', 'a later notification of the group has been sent already'],
  ] as const)
    it(`given a notification that is ${reason}, then the path says why`, () => {
      const journey = drawn({ spans: [aDecision({ consumer: 'deliver', topic: 'notifications', reason })] })
      assert.equal(journey.roots[0]?.decisions[0]?.why, why)
    })

  it('given a timer, then it hangs below the decision of the consumer that set it, with what it emitted', () => {
    const journey = drawn({
      spans: [
        aDecision({ span: 100 }),
        aDecision({ span: 101, consumer: 'processor' }),
        aDecision({
          kind: 'timer',
          span: 102,
          topic: undefined,
          event: undefined,
          outcome: 'timer',
          timer: 'held',
        }),
        anEmission({ span: 200, parent: 102 }),
      ],
    })
    assert.deepEqual(linesOf(journey.roots), [
      'reading @readings/5',
      '  processor applied fired',
      '  alerting applied fired',
      '    alerting timer fired held',
      '      alert',
    ])
  })

  it('given a timer whose event is no longer known, then it begins a path', () => {
    const timer = {
      kind: 'timer',
      topic: undefined,
      event: undefined,
      outcome: 'timer',
      timer: 'held',
    } as const
    const journey = drawn({ spans: [aDecision({ span: 102, ...timer }), anEmission({ parent: 102 })] })
    assert.deepEqual(linesOf(journey.roots), ['(no event)', '  alerting timer fired held', '    alert'])
    assert.equal(journey.events, 1)
  })

  it('given a trace with several beginnings, then the one that was asked for is shown', () => {
    const other = { ...READING, id: 'other' }
    const spans = [aDecision(), aDecision({ span: 101, offset: 6, event: other }), anEmission()]
    assert.deepEqual(drawn({ spans }).roots.length, 2)
    assert.deepEqual(linesOf(drawn({ spans }, 'alert').roots), [
      'reading @readings/5',
      '  alerting applied fired',
      '    alert',
    ])
  })

  it('given a trace in which thousands of events begin, then the first are shown, and the others counted', () => {
    const spans = Array.from({ length: 2_000 }, (_, index) =>
      aDecision({ span: 100 + index, offset: index, event: { ...READING, id: `reading-${index}` } }),
    )
    const { roots, leftOut, events } = drawn({ spans })
    assert.deepEqual([roots.length, leftOut, events], [50, 1_950, 2_000])
    assert.deepEqual(drawn({ spans }, 'reading-1999').roots.length, 1)
  })

  it('given an event that was sent twice, then it is one event at two places, with a decision about each', () => {
    const again = { span: 101, offset: 6, outcome: 'duplicate', reason: 'id-known' }
    assert.deepEqual(linesOf(drawn({ spans: [aDecision(), aDecision(again)] }).roots), [
      'reading @readings/5 @readings/6',
      '  alerting applied fired',
      '  alerting duplicate id-known',
    ])
  })

  it('given spans that say they follow from one another in a circle, then there is still a beginning', () => {
    const spans = [
      aDecision({ span: 100 }),
      anEmission({ span: 200, parent: 100 }),
      aDecision({ span: 101, consumer: 'notifier', topic: 'alerts', event: ALERT }),
      anEmission({ span: 201, parent: 101, topic: 'readings', event: READING }),
    ]
    assert.equal(drawn({ spans }).roots.length, 1)
  })
})

describe('the path of an event, from the log', () => {
  it('given a failure, then the record, the consumer and the code are known, and the dead letter follows', () => {
    const failure = {
      id: 'failure',
      source: '/consumers/processor',
      type: 'io.sluice.failure.v1',
      subject: 'readings/0/5',
      datacontenttype: 'application/json',
      extensions: { sequence: '0.0000000000000005.00000000' },
      data: {
        consumer: 'processor',
        originalTopic: 'readings',
        originalPartition: 0,
        originalOffset: 5,
        originalValue: 'U0VDUkVU',
        errorType: 'schema-violated',
        error: 'temperature is missing',
      },
    }
    const dead = { ...failure, id: 'dead', type: 'io.sluice.dead-letter.v1' }
    const journey = drawn({
      records: [
        found(READING),
        found(failure, { topic: 'failures', offset: 2, timestampMs: 1_100 }),
        found(
          { ...dead, extensions: { sequence: '0.0000000000000002.00000000' } },
          { topic: 'dlq', offset: 0, timestampMs: 1_200 },
        ),
      ],
    })
    assert.deepEqual(linesOf(journey.roots), [
      'reading @readings/5',
      '  processor failed schema-violated',
      '    failure @failures/2',
      '      dlq-router applied',
      '        dead @dlq/0',
    ])
    assert.equal(journey.end, 'dead-letter')
    assert.doesNotMatch(JSON.stringify(journey), /U0VDUkVU/)
    assert.equal(journey.roots[0]?.decisions[0]?.why, 'the data does not match the schema of its event type')
  })

  it('given an alert whose sequence begins with the offset of the reading, then alerting emitted it', () => {
    const alert = {
      ...ALERT,
      datacontenttype: 'application/json',
      data: {},
      extensions: { ...TRACE, sequence: '0.0000000000000005.00000000' },
    }
    const reading = { ...READING, datacontenttype: 'application/json', data: {}, extensions: TRACE }
    const journey = drawn({
      records: [found(reading), found(alert, { topic: 'alerts', timestampMs: 1_020 })],
      positions: [
        { consumer: 'processor', topic: 'readings', partition: 0, appliedOffset: 2 },
        { consumer: 'alerting', topic: 'readings', partition: 0, appliedOffset: 9 },
        { consumer: 'notifier', topic: 'alerts', partition: 0, appliedOffset: 5 },
      ],
    })
    assert.deepEqual(linesOf(journey.roots), [
      'reading @readings/5',
      '  processor waiting',
      '  alerting applied',
      '    alert @alerts/5',
      '      notifier decided',
    ])
    assert.equal(journey.roots[0]?.decisions[0]?.behind, 2)
    assert.equal(journey.end, 'alert')
  })

  it('given a record that came back for one consumer, then only that one has to come to it', () => {
    const back = found(READING, { offset: 8 })
    const headers = [...back.record.headers, ['sluice-redrive-consumer', Buffer.from('alerting')] as const]
    const positions = ['processor', 'alerting'].map(consumer => {
      return { consumer, topic: 'readings', partition: 0, appliedOffset: 5 }
    })
    const journey = drawn({
      records: [found(READING), { ...back, record: { ...back.record, headers } }],
      positions,
    })
    assert.deepEqual(linesOf(journey.roots), [
      'reading @readings/5 @readings/8',
      '  processor decided',
      '  alerting decided',
      '  alerting waiting',
    ])
  })

  it('given nothing, then there is no path', () => {
    assert.deepEqual(drawn({}), {
      roots: [],
      leftOut: 0,
      end: 'unknown',
      events: 0,
      decisions: 0,
      fromMs: undefined,
      toMs: undefined,
    })
  })
})
