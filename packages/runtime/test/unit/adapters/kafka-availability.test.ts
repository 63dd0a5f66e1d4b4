import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import kafkajs from 'kafkajs'
import { isAway, isRefusal } from '../../../adapters/kafka/availability.ts'

const {
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
  KafkaJSSASLAuthenticationError,
  // biome-ignore lint/suspicious/noExplicitAny: the library exports more errors than its types say
} = kafkajs as any

const answer = (type: string, retriable: boolean) =>
  new KafkaJSProtocolError({ type, code: 1, message: type, retriable })
const network = (code: string) => Object.assign(new Error(code), { code })
const retried = (error: Error) => new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 3, retryTime: 1 })

describe('whether Kafka is away', () => {
  const away: [string, Error][] = [
    ['a lost connection', new KafkaJSConnectionError('Connection error', { code: 'ECONNRESET' })],
    ['a request without an answer', new KafkaJSRequestTimeoutError('Request Fetch timed out')],
    ['a lost connection after all retries', retried(new KafkaJSConnectionError('refused'))],
    [
      'retries of which no more is known',
      Object.assign(new Error(), { name: 'KafkaJSNumberOfRetriesExceeded' }),
    ],
    ['a leader that has changed', answer('NOT_LEADER_FOR_PARTITION', true)],
    ['a topic that is not there yet', retried(answer('UNKNOWN_TOPIC_OR_PARTITION', true))],
    ['too few replicas', retried(answer('NOT_ENOUGH_REPLICAS', true))],
    ['a broker that is not available', answer('BROKER_NOT_AVAILABLE', false)],
    ['a refused connection', network('ECONNREFUSED')],
    ['a name that is not found', network('ENOTFOUND')],
    [
      'a connection that is lost during a login',
      new KafkaJSSASLAuthenticationError('SASL PLAIN authentication failed: Closed connection'),
    ],
  ]
  for (const [what, error] of away)
    it(`given ${what}, then it is`, () => assert.deepEqual([isAway(error), isRefusal(error)], [true, false]))

  const refused: [string, Error][] = [
    ['a permission that is missing', answer('TOPIC_AUTHORIZATION_FAILED', false)],
    [
      'a token that is not accepted',
      Object.assign(new Error('invalid_token'), { type: 'SASL_AUTHENTICATION_FAILED' }),
    ],
    ['a login that fails', new KafkaJSSASLAuthenticationError('SASL failed')],
    ['an offset that the log does not have', answer('OFFSET_OUT_OF_RANGE', false)],
    ['a batch that is corrupt in the log', retried(answer('CORRUPT_MESSAGE', true))],
  ]
  for (const [what, error] of refused)
    it(`given ${what}, then it is not, and Kafka refuses`, () =>
      assert.deepEqual([isAway(error), isRefusal(error)], [false, true]))

  const bugs: [string, unknown][] = [
    ['a programming error', new TypeError('undefined is not a function')],
    [
      'a programming error that the library wraps',
      new KafkaJSNonRetriableError(new TypeError(), { cause: new TypeError() }),
    ],
    ['bytes that cannot be decoded', new RangeError('The value of "offset" is out of range')],
    ['an error that the library has retried without success', retried(new Error('of another owner'))],
    ['an error of the file system', network('ENOENT')],
    ['what is not an error', 'text'],
    ['nothing', undefined],
  ]
  for (const [what, error] of bugs)
    it(`given ${what}, then it is not, and Kafka has no part in it`, () =>
      assert.deepEqual([isAway(error), isRefusal(error)], [false, false]))
})
