import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Failure, failure } from '../../../../consumer/failure-codes.ts'
import { type CompletedStep, completeStep, type KeyedProcess, reject } from '../../../../consumer/process.ts'
import { retry } from '../../../../consumer/sink.ts'
import { Unavailable } from '../../../../pipeline/errors.ts'
import type { Report } from '../../../../pipeline/model/report.ts'
import { READING_TYPES } from '../../../support/application.ts'
import { captureLog } from '../../../support/function-log.ts'
import { STATE_KEY } from '../../../support/observed.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

describe('what the log does not say', () => {
  // Promise docs/observability.md#what-a-function-reports-about-itself | Nothing that is reported holds payloads, states, headers or credentials.
  for (const level of ['DEBUG', 'INFO', 'WARN'] as const)
    it(`given payloads, states, headers and errors that quote them, then none of it is logged at ${level}`, async () => {
      const quotes = 'cannot take SECRET\n    at SECRET (/SECRET.ts:1:1)\n    at SECRET'
      const talkative = {
        name: 'talkative',
        accepts: READING_TYPES,
        onEvent: (_: unknown, { id, timeMs }: { id: string; timeMs: number }): unknown => {
          if (id === 'throws') throw new Error(quotes)
          if (id === 'refused') return reject('SECRET is not wanted')
          return completeStep('kept', { note: 'SECRET' }, [], [{ name: 'later', dueMs: timeMs + 1_000 }])
        },
        onTimer: (): CompletedStep<unknown> => {
          throw new TypeError(quotes)
        },
      }
      const secret = { data: { SECRET: 'SECRET' } }
      const log = await captureLog(
        async observer => {
          const stage = new Stage(talkative as never, { report: observer.report })
          await stage.batch([
            record(0, reading('kept')),
            record(1, reading('throws', { at: 5 })),
            record(2, reading('refused')),
            record(3, { value: Buffer.from('SECRET') }),
            record(4, { value: Buffer.from('SECRET'), headers: [['ce_specversion', Buffer.from('SECRET')]] }),
            record(5, reading('invalid', secret)),
            record(6, reading('kept', { temperature: 99 })),
            record(7, { headers: [['content-type', Buffer.from('application/SECRET; charset=SECRET')]] }),
            record(8, {
              value: Buffer.from('{"SECRET":'),
              headers: [['content-type', Buffer.from('application/cloudevents+json')]],
            }),
          ])
          const store = new Stage(undefined, { report: observer.report })
          const failing = (error: Error) => ({
            ...store.ports,
            report: observer.report,
            store: { ...store.store, load: () => Promise.reject(error), commit: fails, trimOutbox: fails },
          })
          const fails = () => Promise.reject(new Error('SECRET'))
          const bad = [record(0, reading('x'))]
          await store.batch(bad, { ports: failing(Object.assign(new Error(quotes), { value: 'SECRET' })) })
          const reply = 'ERR unknown command, with args beginning with: SECRET'
          await store.batch(bad, { ports: failing(new Unavailable('store-unavailable', reply)) })
          await store.batch(bad, {
            ports: failing(new Unavailable('store-unavailable', 'away', { cause: new Error(quotes) })),
          })
          const cause = Object.assign(new Error(quotes), { code: quotes })
          observer.report({
            kind: 'outbox-not-trimmed',
            stateKey: STATE_KEY,
            count: 1,
            error: new Error(quotes, { cause }),
          })
          for (const code of [
            'not-accepted',
            'rejected',
            'unexpected-error',
            'timer-failed',
            'timer-rejected',
          ] as const)
            observer.report(failed(failure(code, 'SECRET')))
        },
        { level },
      )
      assert.doesNotMatch(JSON.stringify(log), /SECRET/)
      assert.deepEqual(
        log.flatMap(({ code, level }) => (level === 'WARN' && code ? [code] : [])).sort(),
        [
          'id-conflict',
          'malformed-event',
          'not-a-cloudevent',
          'not-accepted',
          'rejected',
          'schema-violated',
          'timer-failed',
          'timer-rejected',
          'unexpected-error',
        ],
        'each failure has been logged',
      )
      assert.match(
        String(log.find(line => line.code === 'unexpected-error')?.place),
        /^at .*secrets\.test\.ts/,
      )
    })

  it('given what a consumer says of a timer, or a sink of an event, then none of it is in the log', async () => {
    const said = retry('SECRET is busy')
    const sink = { name: 'bell', accepts: READING_TYPES, deliver: async () => [said] }
    const alarmed: KeyedProcess<{ at: number }> = {
      name: 'alarmed',
      accepts: READING_TYPES,
      onEvent: (_, { timeMs }) => completeStep('set', { at: timeMs }, [], [{ name: 't', dueMs: timeMs + 1 }]),
      onTimer: () => reject('SECRET is not wanted'),
    }
    const log = await captureLog(async observer => {
      await new Stage(sink, { report: observer.report }).batch([record(0, reading('a'))])
      const stage = new Stage(alarmed as KeyedProcess<never>, { report: observer.report })
      await stage.batch([record(0, reading('a')), record(1, reading('b', { at: 60 }))])
    })
    const codes = log.map(({ code }) => code)
    assert.ok(codes.includes('not-accepted') && codes.includes('timer-rejected'))
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
  })
})

describe('what the log says of a consumer that is wrong', () => {
  it('given a known error of the consumer, then the message is ours, without text of the error', async () => {
    const said = {
      ...failure('unexpected-error', 'the consumer was wrong: SECRET'),
      safeMessage: 'the consumer was wrong',
    }
    const log = await captureLog(observer => observer.report(failed(said)))
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
    assert.equal(log.find(line => line.code === 'unexpected-error')?.failure, 'the consumer was wrong')
  })
})

function failed(why: Failure): Report {
  const decision = { offset: 1, appendMs: 0, outcome: 'failed', reason: why.code, failure: why } as const
  return { kind: 'decisions', stateKey: STATE_KEY, decisions: [decision] }
}
