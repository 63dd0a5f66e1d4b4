import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import { listConsumers } from '../../../control/environment/functions.ts'
import { readPolicy } from '../../../lib/failures/parse-policy.ts'
import { DEFAULT_POLICY, PARKING_CODE, rulesFor } from '../../../lib/failures/policy.ts'
import { errorLine, InvalidFile } from '../../../lib/support/file-errors.ts'

const SHIPPED = readFileSync(new URL('../../../config/failures/policy.yaml', import.meta.url), 'utf8')

function listErrors(text: string): readonly string[] {
  try {
    readPolicy(text, 'p.yaml', ['alerting', 'pager'])
  } catch (error) {
    assert.ok(error instanceof InvalidFile, String(error))
    return error.errors.map(errorLine)
  }
  return []
}

describe('the file of the policy', () => {
  it('given the one that ships, then it says what counts without it, also with what it shows as a comment', () => {
    assert.deepEqual(readPolicy(SHIPPED, 'p.yaml'), DEFAULT_POLICY)
    const shown = SHIPPED.replaceAll(/^# (codes:|consumers:| )/gm, '$1')
    const { consumers, codes } = readPolicy(shown, 'p.yaml', listConsumers(readFunctions()))
    assert.deepEqual(codes, { 'unexpected-error': ['1m', '10m'] })
    assert.deepEqual(Object.keys(consumers), ['alerting', 'deliver'])
  })

  it('given nothing but comments, then what ships counts', () => {
    assert.deepEqual(readPolicy('# later\n', 'p.yaml'), DEFAULT_POLICY)
  })

  it('given a class, then the others stay as they ship', () => {
    const { classes, maxAgeMs } = readPolicy('classes: { retryable: [1m] }\nmaxAge: 1h30m\n', 'p.yaml')
    assert.deepEqual(classes, { ...DEFAULT_POLICY.classes, retryable: ['1m'] })
    assert.equal(maxAgeMs, 90 * 60_000)
  })

  it('given a consumer, then it has what is said of it, and nothing that is not', () => {
    const text = 'consumers:\n  pager: { codes: { rejected: [1m] } }\n'
    assert.deepEqual(readPolicy(text, 'p.yaml', ['pager']).consumers, {
      ...DEFAULT_POLICY.consumers,
      pager: { classes: {}, codes: { rejected: ['1m'] } },
    })
  })

  it('given other delays, then the first retry of alerting still comes while events wait for it', () => {
    for (const text of [
      'classes: { unexpected: [1h] }',
      'codes: { unexpected-error: [10m] }',
      'consumers: { alerting: { maxAge: 6h, classes: { retryable: [10m] } } }',
      'consumers: { alerting: { codes: { timer-failed: [1h] } } }',
    ]) {
      const about = { consumer: 'alerting', code: PARKING_CODE, kind: 'unexpected' } as const
      assert.deepEqual(rulesFor(readPolicy(text, 'p.yaml'), about).retries, ['1m', '10m', '1h'])
    }
  })

  const TOO_LATE =
    'is too late for the first retry: later events of an entity wait 15 min for it, and are then applied before it'
  const NO_CONSUMER = 'unknown consumer. Did you mean pager?'
  for (const [given, text, ...errors] of [
    ['no YAML', 'classes: [', 'p.yaml:1:11  not YAML: unexpected end of the stream within a flow collection'],
    [
      'an unknown class',
      'classes: { retriable: [1m] }\n',
      'p.yaml:1:12  classes.retriable: unknown key. Did you mean retryable?',
    ],
    [
      'what Lambda has given up',
      'codes:\n  lambda-discarded: [1m]\n',
      'p.yaml:2:3  codes.lambda-discarded: is never tried again: its consumer reads the record from the log by itself',
    ],
    ['an unknown consumer', 'consumers:\n  pagr: {}\n', `p.yaml:2:3  consumers.pagr: ${NO_CONSUMER}`],
    [
      'a delay without a topic',
      'classes: { retryable: [1m, 5m] }\n',
      'p.yaml:1:28  classes.retryable.1: unknown value. Use 1m, 10m, 1h',
    ],
    [
      'a cycle of delays',
      'classes: { retryable: [1m, 10m, 1m] }\n',
      'p.yaml:1:33  classes.retryable.2: 1m is out of order: a delay must not be shorter than the previous one, 10m',
    ],
    [
      'an alias',
      'classes: { retryable: &again [1m, *again] }\n',
      'p.yaml:1:35  aliases are not supported: replace it with the value',
    ],
    [
      'no duration',
      'maxAge: 90\n',
      'p.yaml:1:1  maxAge: must be a text, not a number: put it in quotes. Duration such as 6h or 1d after the first attempt, or after a redrive by an operator, when retries end. Default: 1d.',
    ],
    ['an age that cuts off what ships', 'maxAge: 1h\n'],
    ['a retry of alerting that comes in time', 'consumers: { alerting: { classes: { unexpected: [10m] } } }'],
    [
      'no retry of alerting, for which nothing waits',
      'consumers: { alerting: { classes: { unexpected: [] } } }',
    ],
    [
      'a retry of alerting that comes when nothing waits any more',
      'consumers:\n  alerting: { classes: { unexpected: [1h] } }\n',
      `p.yaml:2:39  consumers.alerting.classes.unexpected.0: 1h ${TOO_LATE}`,
    ],
    [
      'retries that never happen, and a wrong name',
      'consumers:\n  pagr: { maxAge: 1h, classes: { retryable: [1m, 1h] } }\n',
      `p.yaml:2:3  consumers.pagr: ${NO_CONSUMER}`,
      'p.yaml:2:34  consumers.pagr.classes.retryable: the last of these retries is never made, because the delays together exceed maxAge',
    ],
  ] as const)
    it(`given ${given}, then ${errors.length === 0 ? 'it is accepted' : 'the error has file, line and column'}`, () =>
      assert.deepEqual(listErrors(text), errors))
})
