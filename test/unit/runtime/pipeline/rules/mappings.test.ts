/** Requirements of the applied offset for the event source mappings: see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFunctions } from '../../../../../control/environment/function-entries.ts'
import { expandFields } from '../../../../../infra/functions/expanded-fields.ts'
import { readThisMachine } from '../../../../../infra/place/this-machine.ts'
import { NAMES } from '../../../../support/families.ts'

interface KafkaEvent {
  readonly msk?: Readonly<Record<string, unknown>>
}

const functions = readFunctions()
const mappings = functions.flatMap(declared => {
  const { events } = expandFields(declared, functions, { ...readThisMachine({}, '/project'), names: NAMES })
  return (events as readonly KafkaEvent[]).flatMap(({ msk }) => (msk ? [[declared.name, msk] as const] : []))
})

/** Any other setting could hide records from the consumer, discard them, or decode them before it. */
const HARMLESS = [
  'arn',
  'topic',
  'consumerGroupId',
  'startingPosition',
  'batchSize',
  'maximumBatchingWindow',
  'functionResponseType',
  'provisionedPollerConfig',
]

describe('the mappings of consumers', () => {
  it('are looked at: there are some', () => assert.ok(mappings.length >= 3))

  for (const [name, mapping] of mappings) {
    it(`rule 5: that of ${name} begins where the log does`, () =>
      assert.equal(mapping.startingPosition, 'TRIM_HORIZON'))
    it(`rule 6: that of ${name} has nothing that filters or discards records`, () =>
      assert.deepEqual(
        Object.keys(mapping).filter(setting => !HARMLESS.includes(setting)),
        [],
      ))
    it(`rule 8: that of ${name} has partial responses`, () =>
      assert.equal(mapping.functionResponseType, 'ReportBatchItemFailures'))
  }
})
