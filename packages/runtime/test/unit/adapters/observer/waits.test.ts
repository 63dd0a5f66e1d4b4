import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unavailable } from '../../../../pipeline/errors.ts'
import type { DeferredReason } from '../../../../pipeline/model/reasons.ts'
import { captureLog } from '../../../support/function-log.ts'
import { STATE_KEY } from '../../../support/observed.ts'

const WAITS = { kind: 'deferred', stateKey: STATE_KEY, fromOffset: 7, appendMs: 0 } as const

describe('what the log says of the memory for failures', () => {
  it('given one that is nearly full, and then overflows, then there is one line of each, with figures', async () => {
    const log = await captureLog(observer => {
      const memory = { kind: 'failure-memory', stateKey: STATE_KEY, limit: 100 } as const
      for (const bytes of [80, 81, 82]) observer.report({ ...memory, bytes, forgotten: 0 })
      for (const forgotten of [7, 8]) observer.report({ ...memory, bytes: 99, forgotten })
    })
    const told = log
      .filter(({ kind }) => String(kind).startsWith('failure'))
      .map(({ level, kind, bytes, limit, forgotten }) => [level, kind, bytes, limit, forgotten])
    assert.deepEqual(told, [
      ['WARN', 'failure-memory-nearly-full', 80, 100, undefined],
      ['ERROR', 'failures-forgotten', 99, 100, 7],
    ])
    const { counts } = log.find(({ message }) => message === 'batch') as { counts: Record<string, number> }
    assert.deepEqual(counts, { 'failure-memory/nearly-full': 5, 'failure-memory/forgotten': 15 })
  })
})

describe('what the log says of a partition that waits', () => {
  const waitingFor = async (error: Error, reason: DeferredReason = 'unexpected-error') => {
    const log = await captureLog(observer => observer.report({ ...WAITS, reason, error }))
    const { level, error: said, place, causes } = log.find(line => 'fromOffset' in line) ?? {}
    return { level, said, place, causes }
  }

  it('given that Kafka is away, then the message is logged, and the error that shows it', async () => {
    const refused = Object.assign(new Error('refused'), {
      name: 'KafkaJSConnectionError',
      code: 'ECONNREFUSED',
    })
    const retried = Object.assign(new Error('in vain', { cause: refused }), {
      name: 'KafkaJSNumberOfRetriesExceeded',
    })
    const error = new Unavailable('broker-unavailable', 'Kafka cannot be read', { cause: retried })
    const { said, causes } = await waitingFor(error, 'broker-unavailable')
    assert.equal(said, 'Kafka cannot be read')
    assert.deepEqual(causes, ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSConnectionError ECONNREFUSED'])
  })

  it('given a remedy of the application for the reason, then the line has it, and no other line', async () => {
    const remedies = { 'another-log': 'shop reset' }
    for (const [reason, remedy] of [
      ['another-log', 'shop reset'] as const,
      ['contended', undefined] as const,
    ]) {
      const log = await captureLog(observer => observer.report({ ...WAITS, reason }), { remedies })
      assert.equal(log.find(line => 'fromOffset' in line)?.remedy, remedy)
    }
  })
})
