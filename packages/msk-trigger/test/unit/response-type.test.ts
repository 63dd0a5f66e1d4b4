import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { announceResponseType } from '../../package/response-type.ts'
import type { FunctionDefinition } from '../../support/serverless.ts'

const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/c/id'
const reads = { msk: { arn, topic: 'a', functionResponseType: 'ReportBatchItemFailures' } }
const doesNot = { msk: { arn, topic: 'b' } }

describe('a handler learns that its response is read', () => {
  function announced(...events: Record<string, unknown>[]) {
    const definition: FunctionDefinition = { events, environment: { OWN: '1' } }
    const warnings: string[] = []
    announceResponseType({ f: definition }, { warning: line => warnings.push(line) })
    return { environment: definition.environment, warnings }
  }

  it('if it is', () => {
    const environment = { OWN: '1', REPORT_BATCH_ITEM_FAILURES: 'true' }
    assert.deepEqual(announced(reads, { http: 'GET /' }), { environment, warnings: [] })
  })

  it('but not if it is ignored', () => {
    assert.deepEqual(announced(doesNot), { environment: { OWN: '1' }, warnings: [] })
  })

  it('but not if only some of its mappings read it, with a warning', () => {
    const { environment, warnings } = announced(reads, doesNot)
    assert.deepEqual(environment, { OWN: '1' })
    assert.match(warnings.join(), /function "f" has functionResponseType on some of its Kafka events only/)
  })
})
