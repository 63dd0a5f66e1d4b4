import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Unavailable } from '#runtime/pipeline'
import { createConsoleEnvironment } from '../../../console/environment.ts'
import { KafkaMonitor } from '../../../console/kafka-outage.ts'
import { readConfig } from '../../../control/environment/config.ts'
import { answerSoon } from '../../../lib/log/kafka-answers.ts'

const AWAY = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

/** Kafka whose answers are given by hand, and a clock. @param patienceMs real time for which an answer is awaited */
function watched(patienceMs = 5_000) {
  const clock = { nowMs: 0 }
  const looks: PromiseWithResolvers<void>[] = []
  const look = () => {
    const answer = Promise.withResolvers<void>()
    looks.push(answer)
    return answer.promise
  }
  const monitor = new KafkaMonitor(look, { patienceMs, nowMs: () => clock.nowMs })
  const outcome = () =>
    monitor.check().then(
      () => 'answers',
      ({ message }: Error) => message,
    )
  return { clock, looks, outcome }
}

describe('whether Kafka answers', () => {
  it('given an outage, then one look is for all questions, and a next one follows after 5 s', async () => {
    const { clock, looks, outcome } = watched()
    const asked = Array.from({ length: 64 }, outcome)
    assert.equal(looks.length, 1)
    looks[0]?.reject(AWAY)
    assert.deepEqual(
      new Set(await Promise.all(asked)),
      new Set([
        'Kafka does not answer: connect ECONNREFUSED. Start it (`npm start` or `docker compose up` on this machine), or correct KAFKA_BROKERS.',
      ]),
    )
    clock.nowMs = 4_999
    assert.match(await outcome(), /does not answer/)
    assert.equal(looks.length, 1)
    clock.nowMs = 5_000
    const again = outcome()
    looks[1]?.resolve()
    assert.equal(await again, 'answers')
  })

  it('given no answer at all, then questions fail in time, and no second look begins before its answer', async () => {
    const { clock, looks, outcome } = watched(10)
    const silent = /^Kafka does not answer in time: no answer within 0\.01 s\. /
    assert.match(String(await outcome()), silent)
    clock.nowMs = 60_000
    assert.match(String(await outcome()), silent)
    assert.equal(looks.length, 1)
    looks[0]?.resolve()
    await pause(1)
    const again = outcome()
    looks[1]?.resolve()
    assert.equal(await again, 'answers', 'its late answer has ended the outage')
  })

  it('given a refusal, then Kafka answers: the question itself says what is refused', async () => {
    const { looks, outcome } = watched()
    const asked = outcome()
    looks[0]?.reject(new Error('SASL authentication failed'))
    assert.equal(await asked, 'answers')
  })
})

describe('an answer that is not necessary', () => {
  it('given an answer of Kafka, then it counts', async () =>
    assert.equal(await answerSoon(Promise.resolve(3), 12), 3))

  it('given that Kafka is away or silent, then the other number counts, soon', async () => {
    const away = Promise.reject<number>(new Unavailable('broker-unavailable', 'no broker'))
    assert.equal(await answerSoon(away, 12), 12)
    const waiting = setTimeout(() => {}, 5_000)
    assert.equal(await answerSoon(new Promise<number>(() => {}), 12), 12)
    clearTimeout(waiting)
  })

  it('given a bug, then it is thrown', () =>
    assert.rejects(answerSoon(Promise.reject<number>(new TypeError('a bug')), 12), /a bug/))
})

describe('the environment of a console', () => {
  it('given brokers that are away, then no question gets as far as a connection', async () => {
    const variables = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }
    const config = readConfig({ SLUICE_ENV: 'test', ...variables })
    const environment = createConsoleEnvironment({ config, functions: [], isLocal: true })
    const away = { code: 'broker-unavailable', message: /^Kafka at 127\.0\.0\.1:1 does not answer: / }
    for (const open of ['kafka', 'log', 'cluster', 'offsets'] as const)
      await assert.rejects(environment[open](), away, open)
    await environment.close()
  })
})
