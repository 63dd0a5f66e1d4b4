import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { linksOf, stateAddress } from '../../../console/page/journey/links.ts'
import { mainWay } from '../../../console/page/journey/main-way.ts'
import { askedFor, endOf, kindOf, purposeOf, titleOf, valuesOf } from '../../../console/page/journey/words.ts'
import { decidedOf, outcomesOf } from '../../../console/page/state/words.ts'
import { readFunctions } from '../../../infra/functions.ts'
import { journeyOf } from '../../../lib/queries/journey/path.ts'
import { aDecision, anEmission, READING, spanId, traceId } from '../../support/journey.ts'

const ALERT = anEmission().event
const TYPES = readdirSync(new URL('../../../schemas/json', import.meta.url)).map(
  file => `io.sluice.${file.replace(/\.json$/, '')}`,
)

describe('what a person asks for', () => {
  it('given an id, a trace id or a traceparent, then it is taken for what it is', () => {
    const trace = traceId(0xabc)
    assert.deepEqual(askedFor(' 4711 '), { id: '4711' })
    assert.deepEqual(askedFor(trace), { trace })
    assert.deepEqual(askedFor(trace.toUpperCase()), { trace })
    assert.deepEqual(askedFor(`00-${trace}-${spanId(1)}-01`), { trace })
    assert.deepEqual(askedFor(`${trace}0`), { id: `${trace}0` })
  })
})

describe('the words of the page', () => {
  it('given the types of events, then each has a word of its own, also those that nobody has listed', () => {
    const words = [
      ['io.sluice.environment.reading.v1', 'Reading'],
      ['io.sluice.device.motion.v1', 'Reading'],
      ['io.sluice.alert.fired.v1', 'Alert fires'],
      ['io.sluice.alert.resolved.v1', 'Alert resolves'],
      ['io.sluice.alert.routed.v1', 'Alert, in its group'],
      ['io.sluice.alert.acknowledged.v1', 'Acknowledgement'],
      ['io.sluice.notification.v1', 'Notification'],
      ['io.sluice.failure.v1', 'Failure'],
      ['io.sluice.retry.v1', 'Retry'],
      ['io.sluice.dead-letter.v1', 'Dead letter'],
      ['io.sluice.analytics.minute.v1', 'Statistics of a minute'],
      ['io.sluice.clock.tick.v1', 'Tick'],
      ['io.sluice.rules.activated.v1', 'Rule set'],
      ['io.sluice.sensor.silent.v1', 'Sensor silent'],
      ['com.example.order', 'Com example order'],
      [undefined, 'A record that carries no event'],
    ] as const
    for (const [type, word] of words) {
      assert.equal(kindOf(type).word, word)
      if (type?.startsWith('io.sluice.')) assert.ok(TYPES.includes(type), `no schema has the type ${type}`)
    }
  })

  it('given the consumers of serverless.yml, then the page says of each what it is for', () => {
    const consumers = readFunctions().filter(({ consumes }) => consumes.length > 0)
    assert.ok(consumers.length > 5)
    for (const { name } of consumers) assert.ok(purposeOf(name), name)
    assert.equal(purposeOf('toString'), undefined)
  })

  it('given data, then a few plain values are shown, and of an alert those that matter', () => {
    const data = { sensorId: 'roof-1', temperature: 47, location: { site: 'x' }, tags: ['a'], status: 'ok' }
    assert.deepEqual(
      valuesOf({ event: READING, data }),
      [
        ['sensorId', 'roof-1'],
        ['temperature', '47'],
        ['status', 'ok'],
      ].filter(([, value]) => value !== READING.subject),
    )
    const alert = {
      alertId: 'x',
      rule: 'HIGH_TEMP',
      severity: 'critical',
      fingerprint: 'y',
      reason: 'condition',
    }
    assert.deepEqual(valuesOf({ event: ALERT, data: alert }), [
      ['severity', 'critical'],
      ['reason', 'condition'],
    ])
    assert.deepEqual(valuesOf({ event: READING, data: undefined }), [])
  })

  it('given an alert, a failure or a reading, then its title is short', () => {
    const signals = { 'sluice.telemetry.readings.test': 'readings' }
    const title = (subject: string, data?: unknown) =>
      titleOf({ event: { ...READING, subject }, data, topic: undefined }, signals)
    assert.equal(title('HIGH_TEMP /a b', { rule: 'HIGH_TEMP', entity: { subject: 'b' } }), 'HIGH_TEMP b')
    assert.equal(title('sluice.telemetry.readings.test/3/12'), 'readings/3/12')
    assert.equal(title('toString/3/12'), 'toString/3/12')
    assert.equal(titleOf({ event: undefined, data: undefined, topic: 'orders' }, {}), 'orders')
  })

  it('given counters, then they are summed by outcome, and a parked record counts once', () => {
    const tally = { 'applied/counted': 3, 'applied/late': 5, 'failed/rejected': 1, 'parked/entity-held': 2 }
    const whole = { ...tally, 'parked-applied/counted': 1, 'timer/forgotten': 9 }
    assert.equal(decidedOf(whole), 11)
    const [first] = outcomesOf(tally)
    assert.deepEqual(first, {
      outcome: 'applied',
      count: 8,
      reasons: [
        { reason: 'late', count: 5 },
        { reason: 'counted', count: 3 },
      ],
    })
  })
})

describe('the way in short', () => {
  const stagesOf = (spans: Parameters<typeof journeyOf>[0]['spans']) => {
    const { roots, end } = journeyOf({ spans, records: [], positions: [], functions: [] })
    assert.ok(endOf(end).says.length > 0)
    return mainWay(roots).map(({ step, by }) => [step.event?.id, by?.consumer])
  }

  it('given statistics and an alert, then it leads to the alert', () => {
    const minute = { id: 'minute', source: '/processor', type: 'io.sluice.analytics.minute.v1' }
    const spans = [
      aDecision({ span: 101, consumer: 'processor' }),
      anEmission({ span: 201, parent: 101, event: minute }),
      aDecision({ span: 100 }),
      anEmission(),
    ]
    assert.deepEqual(stagesOf(spans), [
      ['reading', 'alerting'],
      ['alert', undefined],
    ])
  })

  it('given an event that a timer emitted, then it leads through the consumer that set it', () => {
    const timer = {
      kind: 'timer',
      topic: undefined,
      event: undefined,
      outcome: 'timer',
      timer: 'flush',
    } as const
    const spans = [aDecision(), aDecision({ span: 102, ...timer }), anEmission({ parent: 102 })]
    assert.deepEqual(stagesOf(spans), [
      ['reading', 'alerting'],
      ['alert', undefined],
    ])
  })

  it('given nothing that came of it, then it is the event, and no path at all is no way', () => {
    assert.deepEqual(stagesOf([aDecision()]), [['reading', undefined]])
    assert.deepEqual(stagesOf([aDecision({ outcome: 'failed' })]), [['reading', 'alerting']])
    assert.deepEqual(mainWay([]), [])
  })
})

describe('where a path leads on to', () => {
  it('given a reading, an alert and a dead letter, then to the pages about them', () => {
    const place = { topic: 'dlq', partition: 2, offset: 7, writtenAtMs: undefined }
    const hrefs = (type: string, data: unknown) =>
      linksOf({ event: { ...READING, type }, data, places: [place] }).map(({ href }) => href)
    assert.deepEqual(hrefs(READING.type, {}), ['/telemetry?entity=%2Fenvironment%2Fberlin+roof-1'])
    for (const happened of ['fired', 'resolved', 'acknowledged'])
      assert.deepEqual(hrefs(`io.sluice.alert.${happened}.v1`, { alertId: 'a b', rule: 'HOT' }), [
        '/alerts?alert=a+b',
        '/alerts/rules?rule=HOT',
      ])
    assert.deepEqual(hrefs('com.example.reading.v1', {}), [])
    assert.deepEqual(hrefs('io.sluice.dead-letter.v1', {}), ['/failures?letter=2%3A7'])
    assert.deepEqual(hrefs('com.example.order', { alertId: 'a' }), [])
  })

  it('given a decision, then to what the consumer remembers of the entity', () => {
    const { roots } = journeyOf({ spans: [aDecision()], records: [], positions: [], functions: [] })
    const [step] = roots
    const [decision] = step?.decisions ?? []
    assert.ok(step && decision)
    assert.equal(
      stateAddress(decision, step),
      '/state?consumer=alerting&topic=readings&entity=%2Fenvironment%2Fberlin+roof-1',
    )
  })
})
