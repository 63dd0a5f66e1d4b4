import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FAILURES, type FailedAttempt, type FailureData } from '#runtime/consumer'
import { RETRY_TOPICS, TOPICS } from '../../../lib/app/naming/topic-table.ts'
import {
  DEFAULT_POLICY,
  DELAYS_MS,
  type Delay,
  type FailurePolicy,
  MAX_RETRIES,
  POLICY_CLASSES,
} from '../../../lib/failures/policy.ts'
import { QUARANTINED_AFTER, route } from '../../../lib/failures/route.ts'
import { after, FAILURE, failed } from './failure.ts'

const HOUR_LATER = '2026-03-01T14:00:00Z'
const THREE_BY_HAND = [1, 2, 3].map(attempt => failed(attempt, HOUR_LATER))

const own: FailurePolicy = {
  ...DEFAULT_POLICY,
  codes: { 'unit-mismatch': ['1h'], 'unexpected-error': ['1m'], 'lambda-discarded': ['1h'] },
  consumers: {
    pager: { classes: { retryable: ['1m', '1m'] }, codes: { rejected: ['10m'] }, maxAgeMs: 120_000 },
    quiet: { classes: { retryable: [], unexpected: ['1h'] }, codes: {} },
  },
}

const failedAt = (attempt: number, at: string): FailedAttempt => ({ ...failed(attempt), failedAt: at })
const notAccepted = (history: readonly FailedAttempt[], at: string) =>
  after(history, { errorType: 'not-accepted', failedAt: at })

const unexpected = (consumer: string, ...history: readonly FailedAttempt[]) =>
  after(history, { errorType: 'unexpected-error', consumer })

type Row = readonly [given: string, failure: Partial<FailureData>, to: string, reason?: string]

const shipped: readonly Row[] = [
  ['a retryable failure', { errorType: 'not-accepted' }, 'retry-1m'],
  ['its second failure', after([failed(1)]), 'retry-10m'],
  ['its third failure', after([1, 2].map(n => failed(n))), 'retry-1h'],
  ['its fourth failure', after([1, 2, 3].map(n => failed(n))), 'dlq', 'retries-exhausted'],
  ['an unexpected failure', unexpected('processor'), 'retry-10m'],
  ['its second failure', unexpected('processor', failed(1)), 'retry-1h'],
  ['its third failure', unexpected('processor', failed(1), failed(2)), 'dlq', 'retries-exhausted'],
  ['one of alerting, for which events wait', unexpected('alerting'), 'retry-1m'],
  ['its second failure', unexpected('alerting', failed(1)), 'retry-10m'],
  ['a permanent failure', {}, 'dlq', 'not-retried'],
  ['a code that this version does not know', { errorType: 'from-the-future' }, 'dlq', 'not-retried'],
  ['a code with the name of a method', { errorType: 'toString' }, 'dlq', 'not-retried'],
  ['a consumer with the name of a method', after([], { consumer: 'toString' }), 'dlq', 'not-retried'],
  ['a class that no consumer writes', { errorType: 'store-unavailable' }, 'retry-1m'],
  [
    'a record without its value',
    after([], { errorType: 'not-accepted', omitted: ['value'] }),
    'dlq',
    'incomplete',
  ],
  [
    'a failure of the router itself',
    { errorType: 'not-accepted', consumer: 'dlq-router' },
    'dlq',
    'failed-in-router',
  ],
  ['the last redrive by hand', after([failed(1), failed(2), failed(3), failed(4, HOUR_LATER)]), 'retry-1m'],
  ['a retry after that', after([failed(1), failed(2, HOUR_LATER), failed(3)]), 'retry-10m'],
  ['two redrives by hand', after(THREE_BY_HAND.slice(1)), 'retry-1m'],
  ['three redrives by hand', after(THREE_BY_HAND), 'dlq', 'quarantined'],
  ['three redrives, and a permanent failure', after(THREE_BY_HAND, {}), 'dlq', 'quarantined'],
  ['three redrives, and a retry', after([...THREE_BY_HAND, failed(4)]), 'dlq', 'quarantined'],
  [
    'a history that is longer than what is kept of it',
    { ...after([18, 19].map(n => failed(n))), attempt: 20 },
    'dlq',
    'retries-exhausted',
  ],
  [
    'redrives that a forged history puts into the future',
    after([failed(8, HOUR_LATER), failed(9, HOUR_LATER), failed(7, HOUR_LATER)]),
    'dlq',
    'retries-exhausted',
  ],
  ['a first failure of an old record', notAccepted([], '2026-03-03T12:00:00Z'), 'retry-1m'],
  [
    'a second failure, after a backlog of two days',
    notAccepted([failed(1)], '2026-03-03T12:00:00Z'),
    'retry-10m',
  ],
  [
    'a third failure so long after the second that its delay ends the day',
    notAccepted([failed(1), failedAt(2, '2026-03-03T12:00:00Z')], '2026-03-04T10:59:00Z'),
    'retry-1h',
  ],
  [
    'one that would be retried after more than a day',
    notAccepted([failed(1), failedAt(2, '2026-03-03T12:00:00Z')], '2026-03-04T10:59:00.001Z'),
    'dlq',
    'too-old',
  ],
  [
    'one of whose history the first attempts were left out',
    { ...notAccepted([failedAt(19, '2026-03-03T12:00:00Z')], '2026-03-03T13:00:00Z'), attempt: 20 },
    'dlq',
    'retries-exhausted',
  ],
  [
    'a second failure with a forged history of later ones long ago',
    { ...notAccepted([failed(1), failedAt(7, '2020-01-01T00:00:00Z')], '2026-03-03T12:00:00Z'), attempt: 2 },
    'retry-10m',
  ],
  [
    'a second failure after a redrive that had waited for two days',
    notAccepted(
      [failed(1, '2026-03-09T13:00:00Z'), failedAt(2, '2026-03-09T13:00:00Z')],
      '2026-03-11T13:00:00Z',
    ),
    'retry-10m',
  ],
  [
    'an old one that was redriven a minute ago',
    after([failed(1, '2026-03-09T13:00:00Z')], {
      errorType: 'not-accepted',
      failedAt: '2026-03-09T13:01:00Z',
    }),
    'retry-1m',
  ],
]

const set: readonly Row[] = [
  ['a code with retries of its own', { errorType: 'unit-mismatch' }, 'retry-1h'],
  ['what Lambda has given up', { errorType: 'lambda-discarded' }, 'dlq', 'not-retried'],
  ['a code whose class has others', { errorType: 'unexpected-error' }, 'retry-1m'],
  ['a consumer with retries of its own', { errorType: 'not-accepted', consumer: 'pager' }, 'retry-1m'],
  ['its second failure', after([failed(1)], { errorType: 'not-accepted', consumer: 'pager' }), 'retry-1m'],
  ['a code of a consumer', { errorType: 'rejected', consumer: 'pager' }, 'dlq', 'too-old'],
  ['a consumer that retries nothing', { errorType: 'not-accepted', consumer: 'quiet' }, 'dlq', 'not-retried'],
  [
    'a class of a consumer, and its code for all',
    { errorType: 'unexpected-error', consumer: 'quiet' },
    'retry-1h',
  ],
  ['what a consumer does not say', { errorType: 'unit-mismatch', consumer: 'quiet' }, 'retry-1h'],
]

// Promise docs/failures.md#how-a-failure-is-routed | Class, attempts and age decide where a failure goes.
describe('the route of a failure', () => {
  for (const [rows, policy, named] of [
    [shipped, DEFAULT_POLICY, 'the policy that ships'],
    [set, own, 'settings of consumers and codes'],
  ] as const)
    describe(`by ${named}`, () => {
      for (const [given, failure, to, reason = to] of rows)
        it(`given ${given}, then ${to}: ${reason}`, () => {
          const taken = route({ ...FAILURE, ...failure }, policy)
          assert.deepEqual([taken.to, taken.reason], [to, reason])
          assert.equal(taken.quarantined, reason === 'quarantined')
        })
    })

  it('given any code, then the sentence says what the code means, and nothing of the record', () => {
    for (const [errorType, { description }] of Object.entries(FAILURES)) {
      const { because } = route({ ...FAILURE, errorType, error: 'secret' }, DEFAULT_POLICY)
      assert.ok(because.startsWith(description), because)
      assert.doesNotMatch(because, /secret/)
    }
  })

  it('given a retry, then the sentence counts it', () => {
    assert.match(route(after([failed(1)]), DEFAULT_POLICY).because, /; retry 2 of 3, after 10m$/)
  })

  it('given the delays of the policy, then they are those of the retry topics', () => {
    const delays = RETRY_TOPICS.map(topic => [topic.replace('retry-', ''), TOPICS[topic].delayMs])
    assert.deepEqual(Object.fromEntries(delays), DELAYS_MS)
  })
})

const retries = fc.array(fc.constantFrom(...(Object.keys(DELAYS_MS) as Delay[])), { maxLength: MAX_RETRIES })
const codes = fc.constantFrom(...Object.keys(FAILURES), 'from-the-future')
const rules = fc.record({
  classes: fc.dictionary(fc.constantFrom(...POLICY_CLASSES), retries),
  codes: fc.dictionary(codes, retries),
  maxAgeMs: fc.integer({ min: 0, max: 10 * 86_400_000 }),
})
const policies = rules.chain(all =>
  fc.dictionary(fc.constantFrom('alerting', 'pager'), rules).map(consumers => ({ ...all, consumers })),
)

describe('the chain of routes', () => {
  it('given any policy, then every failure becomes a dead letter, whatever code each attempt has', () => {
    let longest = 0
    fc.assert(
      fc.property(policies, fc.infiniteStream(codes), (policy, errorTypes) => {
        const chain = listRoutes(policy, errorTypes, 0)
        longest = Math.max(longest, chain)
        assert.ok(chain <= MAX_RETRIES, `${chain} retries`)
      }),
    )
    assert.ok(longest > 1, 'no policy has led to a retry')
  })

  it('given people who always redrive it, then it is quarantined in the end', () => {
    fc.assert(
      fc.property(policies, fc.infiniteStream(codes), (policy, errorTypes) => {
        const chain = listRoutes(policy, errorTypes, Number.POSITIVE_INFINITY)
        assert.ok(chain <= QUARANTINED_AFTER * (MAX_RETRIES + 1), `${chain} attempts`)
      }),
    )
  })
})

/** Counts the returns of a record that always fails, until it is a dead letter that is not redriven. */
function listRoutes(policy: FailurePolicy, errorTypes: Iterator<string>, redrives: number): number {
  let failure: FailureData = FAILURE
  let left = redrives
  for (let backs = 0; ; backs += 1) {
    failure = { ...failure, errorType: errorTypes.next().value }
    const { to, quarantined } = route(failure, policy)
    if (to === 'dlq' && (left === 0 || quarantined)) return backs
    if (backs > 1_000) throw new Error('returns forever')
    const byHand: Partial<FailedAttempt> =
      to === 'dlq' ? { redrivenBy: 'ann', redrivenAt: failure.failedAt } : {}
    if (to === 'dlq') left -= 1
    failure = {
      ...failure,
      attempt: failure.attempt + 1,
      history: [...failure.history, { ...failed(failure.attempt), ...byHand }].slice(-20),
      failedAt: new Date(Date.parse(failure.failedAt) + 60_000).toISOString(),
    }
  }
}
