import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { it } from 'node:test'

const deployment = createRequire(import.meta.url)('../../../infra/deployment.cjs')

it('given an entry of serverless.yml that nothing else knows, then it says where the name is missing', async () => {
  const { topics, groups } = await deployment({ resolveVariable: async () => 'local' })
  const told = (read: () => unknown) => {
    try {
      return read()
    } catch (thrown) {
      return thrown
    }
  }
  assert.equal(groups.processor, 'sluice-processor-local')
  assert.equal(
    told(() => groups.forgotten),
    'there is no "forgotten" in FUNCTIONS of infra/deployment.cjs',
  )
  assert.equal(
    told(() => topics.reading),
    'there is no "reading" in SIGNALS of lib/domain/topics.ts',
  )
})
