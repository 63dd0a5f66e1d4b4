import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { checkAnew } from '../../../../localstack/reload/check-anew.ts'

it('given saved inputs, then each error of the list and its mappings is named with its file, and none without one', async context => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-inputs-'))
  context.after(() => {
    delete process.env.INPUTS_FILE
    rmSync(folder, { recursive: true })
  })
  const saved = async (name: string, text: string) => {
    process.env.INPUTS_FILE = join(folder, name)
    writeFileSync(process.env.INPUTS_FILE, text)
    return (await checkAnew({ inputs: true })).join('\n').replaceAll(folder, '')
  }
  assert.equal(await saved('a.yaml', 'inputs: [{ topic: beds, mappings: [device] }]'), '')
  assert.match(
    await saved('b.yaml', 'inputs: [{ topics: beds }]'),
    /b\.yaml:1:10 {2}inputs\.0: needs the key topic/,
  )
  assert.match(
    await saved('c.yaml', 'inputs: [{ topic: beds, mappings: [devise] }]'),
    /c\.yaml: .* "devise", .* device/,
  )
})
