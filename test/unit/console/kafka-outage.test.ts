import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConsoleEnvironment } from '../../../console/environment.ts'
import { KafkaMonitor } from '../../../console/kafka-outage.ts'
import { readConfig } from '../../../lib/app/config.ts'

const AWAY = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

/** Kafka whose answers are given by hand, and a clock. */
function watched() {
  const clock = { nowMs: 0 }
  const looks: PromiseWithResolvers<void>[] = []
  const waits: (() => void)[] = []
  const reach = new KafkaMonitor(
    () => {
      const look = Promise.withResolvers<void>()
      looks.push(look)
      return look.promise
    },
    {
      now: () => clock.nowMs,
      wait: () => new Promise(resolve => waits.push(resolve)),
    },
  )
  const outcome = () =>
    reach.check().then(
      () => 'answers',
      ({ message }: Error) => message,
    )
  return { clock, looks, waits, outcome }
}

describe('whether Kafka answers', () => {
  it('given many questions at once, then one look is for all of them', async () => {
    const { looks, outcome } = watched()
    const asked = Array.from({ length: 64 }, outcome)
    assert.equal(looks.length, 1)
    looks[0]?.reject(AWAY)
    assert.deepEqual(
      new Set(await Promise.all(asked)),
      new Set(['Kafka does not answer: connect ECONNREFUSED']),
    )
    assert.match(await outcome(), /does not answer/)
    assert.equal(looks.length, 1, 'what is known counts for a while')
  })

  it('given that it answers, then questions wait for nothing, until it is looked at again', async () => {
    const { clock, looks, outcome } = watched()
    const first = outcome()
    looks[0]?.resolve()
    assert.equal(await first, 'answers')
    clock.nowMs = 4_999
    assert.equal(await outcome(), 'answers')
    clock.nowMs = 5_000
    const again = outcome()
    assert.equal(looks.length, 2)
    looks[1]?.reject(AWAY)
    assert.match(await again, /does not answer/)
  })

  it('given no answer at all, then questions fail after 5 s, and none asks a second time meanwhile', async () => {
    const { clock, looks, waits, outcome } = watched()
    const first = outcome()
    waits[0]?.()
    assert.equal(await first, 'Kafka does not answer: there was no answer for 5 s')
    assert.match(await outcome(), /does not answer/)
    clock.nowMs = 60_000
    const later = outcome()
    assert.equal(looks.length, 1)
    looks[0]?.resolve()
    assert.equal(await later, 'answers')
  })

  it('given a refusal, then Kafka answers: the question itself says what is refused', async () => {
    const { looks, outcome } = watched()
    const asked = outcome()
    looks[0]?.reject(new Error('SASL authentication failed'))
    assert.equal(await asked, 'answers')
  })
})

describe('the environment of a console', () => {
  it('given brokers that are away, then no question gets as far as a connection', async () => {
    const variables = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }
    const config = readConfig({ SLUICE_ENV: 'test', ...variables })
    const environment = new ConsoleEnvironment({ config, functions: [], isLocal: true })
    const away = { code: 'broker-unavailable', message: /^Kafka does not answer: / }
    for (const open of ['kafka', 'log', 'cluster', 'offsets'] as const)
      await assert.rejects(environment[open](), away, open)
    await environment.close()
  })
})
