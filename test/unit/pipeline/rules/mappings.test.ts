/** What the rules of the mark ask of the event source mappings: see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'

interface Service {
  readonly functions: Readonly<Record<string, { readonly events: readonly { readonly msk?: Mapping }[] }>>
}
type Mapping = Readonly<Record<string, unknown>>

const { functions } = load(
  readFileSync(new URL('../../../../serverless.yml', import.meta.url), 'utf8'),
) as Service
const mappings = Object.entries(functions).flatMap(([name, { events }]) =>
  events.flatMap(({ msk }) => (msk ? [[name, msk] as const] : [])),
)

/** Any other could hide records from the consumer, give up on them, or decode them before it. */
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
    it(`rule 6: that of ${name} has nothing that leaves out records or gives up on them`, () =>
      assert.deepEqual(
        Object.keys(mapping).filter(setting => !HARMLESS.includes(setting)),
        [],
      ))
    it(`rule 8: that of ${name} has partial responses`, () =>
      assert.equal(mapping.functionResponseType, 'ReportBatchItemFailures'))
  }
})
