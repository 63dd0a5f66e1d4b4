import assert from 'node:assert/strict'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { Watcher } from '../../../../localstack/reload/watcher.ts'
import { temporaryFolder } from '../../../integration/localstack/support.ts'

it('given files that the system cannot watch, then one line says so, and nothing ends', async t => {
  const { folder, remove } = temporaryFolder()
  t.after(remove)
  for (const name of ['loop', 'other']) symlinkSync(name, join(folder, name))
  writeFileSync(join(folder, 'rules.yaml'), 'rules: []')
  const failures: string[] = []
  const watcher = new Watcher({
    projectDir: folder,
    patterns: ['rules.yaml', 'loop', 'other'],
    sinceMs: Date.now(),
    onSave: async () => {},
    onFailure: message => failures.push(message),
  })
  await until('the failure is reported', async () => failures.length > 0)
  await watcher.close()
  assert.deepEqual(failures, ['files cannot be watched (ELOOP), so a saved file is in force after a restart'])
})
