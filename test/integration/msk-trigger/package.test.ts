import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { Project } from './project.ts'

describe('serverless package', { timeout: 60_000 }, () => {
  it('writes the response type into the mapping and tells the function', async () => {
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
    const msk = { arn, topic: 'a.b', functionResponseType: 'ReportBatchItemFailures' }
    const project = await Project.create(
      { f: { events: [{ msk }] }, g: { events: [{ msk: { arn, topic: 'a' } }] } },
      { f: '', g: '' },
      // The template is what matters: nothing needs to be zipped.
      { package: { artifact: 'package.json' } },
    )
    try {
      const { code, output } = await project.run('package')
      assert.equal(code, 0, output)
      assert.doesNotMatch(output, /Invalid configuration|Warning/i)
      const file = project.file('.serverless/cloudformation-template-update-stack.json')
      const { Resources } = JSON.parse(await readFile(file, 'utf8'))
      assert.deepEqual(Resources.FEventSourceMappingMSKShopAb.Properties.FunctionResponseTypes, [
        'ReportBatchItemFailures',
      ])
      assert.equal('FunctionResponseTypes' in Resources.GEventSourceMappingMSKShopA.Properties, false)
      assert.deepEqual(Resources.FLambdaFunction.Properties.Environment.Variables, {
        REPORT_BATCH_ITEM_FAILURES: 'true',
      })
      assert.equal('Environment' in Resources.GLambdaFunction.Properties, false)
    } finally {
      await project.remove()
    }
  })
})
