import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FunctionDefinition } from '../../../../localstack/msk-trigger/framework.ts'
import { announceResponseType, writeResponseType } from '../../../../localstack/msk-trigger/response-type.ts'

const arn = 'arn:aws:kafka:us-east-1:1:cluster/c/id'
const reads = { msk: { arn, topic: 'a', functionResponseType: 'ReportBatchItemFailures' } }
const doesNot = { msk: { arn, topic: 'b' } }

describe('a handler is told whether its answer is read', () => {
  function announced(...events: Record<string, unknown>[]) {
    const definition: FunctionDefinition = { events, environment: { OWN: '1' } }
    const warnings: string[] = []
    announceResponseType({ f: definition }, { warning: line => warnings.push(line) })
    return { environment: definition.environment, warnings }
  }

  it('where it is', () => {
    const environment = { OWN: '1', REPORT_BATCH_ITEM_FAILURES: 'true' }
    assert.deepEqual(announced(reads, { http: 'GET /' }), { environment, warnings: [] })
  })

  it('not where it is not', () => {
    assert.deepEqual(announced(doesNot), { environment: { OWN: '1' }, warnings: [] })
  })

  it('not where only some of its mappings read it, which is said', () => {
    const { environment, warnings } = announced(reads, doesNot)
    assert.deepEqual(environment, { OWN: '1' })
    assert.match(warnings.join(), /function "f" has functionResponseType on some of its Kafka events only/)
  })
})

describe('the packaged template', () => {
  const naming = {
    getMSKEventLogicalId: (...parts: string[]) => `MSK.${parts.join('.')}`,
    getKafkaEventLogicalId: (...parts: string[]) => `Kafka.${parts.join('.')}`,
  }
  function written(id: string, event: Record<string, unknown>) {
    const template = {
      Resources: { [id]: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { BatchSize: 1 } } },
    }
    writeResponseType({ f: { events: [event] } }, template, naming)
    return template.Resources[id]?.Properties
  }
  const both = { BatchSize: 1, FunctionResponseTypes: ['ReportBatchItemFailures'] }

  it('has the response type in the mapping of an ARN, an import and a reference', () => {
    assert.deepEqual(written('MSK.f.c.a', reads), both)
    assert.deepEqual(written('MSK.f.X.a', { msk: { ...reads.msk, arn: { 'Fn::ImportValue': 'X' } } }), both)
    assert.deepEqual(written('MSK.f.Y.a', { msk: { ...reads.msk, arn: { Ref: 'Y' } } }), both)
  })

  it('has it for a self-managed cluster', () => {
    assert.deepEqual(written('Kafka.f.a', { kafka: { ...reads.msk } }), both)
  })

  it('is left alone where it is not asked for', () => {
    assert.deepEqual(written('MSK.f.c.b', doesNot), { BatchSize: 1 })
  })

  it('that lacks the mapping is an error', () => {
    assert.throws(() => written('Other', reads), /the template has no resource MSK\.f\.c\.a/)
  })
})
