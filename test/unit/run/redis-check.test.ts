import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Metrics } from '../../../runner/metrics/metrics.ts'
import { RedisCheck } from '../../../runner/redis-check.ts'

function checked(t: { mock: { method: typeof import('node:test').mock.method } }) {
  let [nowMs, asked] = [1_000_000, 0]
  t.mock.method(performance, 'now', () => nowMs)
  const server = { isAway: false }
  const metrics = new Metrics()
  const run = async () => {
    asked += 1
    if (server.isAway) throw new Error('Redis at valkey:6379 does not answer: ECONNREFUSED')
    return 'PONG' as never
  }
  const check = new RedisCheck(async () => ({ run }), metrics)
  return {
    check,
    server,
    metrics,
    asked: () => asked,
    later: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('whether Redis answers', () => {
  it('given that it goes away and comes back, then both are logged with the reason, and measured', async t => {
    const { check, server, metrics, later } = checked(t)
    assert.equal(await check.problem(), undefined)
    assert.match(metrics.text, /^sluice_runner_redis_up 1$/m)
    server.isAway = true
    later(2_000)
    assert.equal(await check.problem(), 'Redis at valkey:6379 does not answer: ECONNREFUSED')
    assert.match(metrics.text, /^sluice_runner_redis_up 0$/m)
    server.isAway = false
    later(2_000)
    assert.equal(await check.problem(), undefined)
  })

  it('given many who ask, then Redis is asked once in two seconds', async t => {
    const { check, asked, later } = checked(t)
    await Promise.all(Array.from({ length: 100 }, () => check.problem()))
    assert.equal(asked(), 1)
    later(1_999)
    await check.problem()
    assert.equal(asked(), 1)
    later(1)
    await check.problem()
    assert.equal(asked(), 2)
  })
})
