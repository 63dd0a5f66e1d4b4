import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findDestinationProblems } from '../../../infra/checks/failure-destinations.ts'
import { NAMES } from '../../support/families.ts'

describe('on-failure destinations', () => {
  const READINGS = 'sluice.telemetry.readings.prod'
  const FAILURES = 'sluice.telemetry.failures.prod'
  const problems = (own: object, others: Record<string, object> = {}, resources = {}) =>
    findDestinationProblems(
      { one: { events: [own] }, ...others } as Parameters<typeof findDestinationProblems>[0],
      [
        { name: 'counter', forwards: ['dlq', 'retry-1h'] },
        { name: 'redriver', forwards: ['retry-1h'] },
      ],
      { env: 'prod', names: NAMES },
      resources,
    )
  const router = { router: { events: [{ msk: { topic: FAILURES } }] } }
  const reader = { reader: { events: [{ msk: { topic: READINGS } }] } }

  it('given none, an ARN, a topic that nothing reads, or failures, then nothing is said', () => {
    for (const onFailureDestination of [
      undefined,
      '',
      'arn:aws:sqs:eu-west-1:123456789012:given-up',
      { 'Fn::GetAtt': ['Queue', 'Arn'] },
      'kafka://given.up',
      `kafka://${FAILURES}`,
    ])
      assert.deepEqual(problems({ msk: { topic: READINGS, onFailureDestination } }, router), [])
    assert.deepEqual(problems({ schedule: 'rate(1 minute)' }), [])
  })

  it('given a FIFO queue or topic, then it is refused with the words of the trigger', () => {
    const Queue = { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } }
    for (const onFailureDestination of [
      'arn:aws:sqs:eu-west-1:123456789012:given-up.fifo',
      'arn:aws:sns:eu-west-1:123456789012:given-up.fifo',
      { 'Fn::GetAtt': ['Queue', 'Arn'] },
    ]) {
      const [said, ...more] = problems({ msk: { topic: READINGS, onFailureDestination } }, {}, { Queue })
      assert.deepEqual(more, [])
      assert.match(
        said ?? '',
        /^onFailureDestination of the msk event of function "one" is .*, which is FIFO: Lambda sends discarded records to standard queues and topics only$/,
      )
    }
  })

  it('given the topic that the function reads, then it is refused with the name of the field', () => {
    const [said, ...more] = problems({
      msk: { topic: READINGS, onFailureDestination: `kafka://${READINGS}` },
    })
    assert.deepEqual(more, [])
    assert.match(
      said ?? '',
      /^functions\.one\.events\.msk\.onFailureDestination of serverless\.yml: kafka:\/\/sluice\.telemetry\.readings\.prod is a topic that the function itself reads, /,
    )
  })

  it('given failures for who reads failures, or a source topic of another, then it is refused', () => {
    const own = { msk: { topic: FAILURES, onFailureDestination: `kafka://${FAILURES}` } }
    assert.match(problems(own).join(), /events\.msk\.onFailureDestination .* that the function itself reads/)
    const other = { kafka: { topic: 'orders', onFailureDestination: `kafka://${READINGS}` } }
    assert.match(
      problems(other, reader).join(),
      /events\.kafka\.onFailureDestination .* is a source topic of reader/,
    )
  })

  it('given a topic that only forwarders read, then it is refused, too', () => {
    const said = (signal: string) =>
      problems({
        msk: { topic: READINGS, onFailureDestination: `kafka://sluice.telemetry.${signal}.prod` },
      })
    for (const [signal, readers] of [
      ['dlq', 'counter'],
      ['retry-1h', 'counter, redriver'],
    ] as const)
      assert.deepEqual(said(signal), [
        `functions.one.events.msk.onFailureDestination of serverless.yml: kafka://sluice.telemetry.${signal}.prod is a source topic of ${readers}, ` +
          `which would process discarded records as its own. Instead, use kafka://${FAILURES}, or a topic that nothing reads.`,
      ])
    assert.deepEqual(said('analytics'), [])
  })
})
