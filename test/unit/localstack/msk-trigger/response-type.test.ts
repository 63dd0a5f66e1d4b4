import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FunctionDefinition } from '../../../../localstack/msk-trigger/framework.ts'
import { announceResponseType } from '../../../../localstack/msk-trigger/response-type.ts'

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
