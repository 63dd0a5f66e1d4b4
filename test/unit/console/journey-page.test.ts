import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { askedFor, kindOf, purposeOf } from '../../../console/page/journey/words.ts'
import { decidedOf, outcomesOf } from '../../../console/page/state/words.ts'
import { readFunctions } from '../../../lib/app/functions.ts'
import { spanId, traceId } from '../../support/journey.ts'

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
  it('given the types of events, then each has a word of its own, also unlisted ones', () => {
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
      [undefined, 'A record that is not an event'],
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
