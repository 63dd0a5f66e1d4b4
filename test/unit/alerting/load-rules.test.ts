import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadRules } from '../../../lib/alerting/adapters/load-rules.ts'
import { FileError } from '../../../lib/support/file-errors.ts'
import { FAMILIES } from '../../support/families.ts'

const createRule = (name: string) =>
  `rules:\n  - { name: ${name}, family: environment, metric: temperature, fireAbove: 40, severity: info }\n`

describe('a folder of rules', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-rules-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function given(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const path = join(folder, name)
    await mkdir(path)
    for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text)
    return path
  }

  it('given several files, then all rules are read, in the order of the names of their files', async () => {
    const path = await given('several', {
      'c.yaml': createRule('THIRD'),
      'a.yml': createRule('FIRST'),
      'b.yaml': createRule('SECOND'),
      'notes.txt': 'no rules',
    })
    await mkdir(join(path, 'd.yaml'))
    const names = (await loadRules(FAMILIES, path)).map(({ name }) => name)
    assert.deepEqual(names, ['FIRST', 'SECOND', 'THIRD'])
  })

  it('given rules with errors, then each error names its file', async () => {
    const path = await given('errors', { 'a.yaml': 'rules: 7', 'b.yaml': createRule('GOOD') })
    await assert.rejects(loadRules(FAMILIES, path), {
      name: 'InvalidFile',
      message: /^1 error in the alert rules:\n.*a\.yaml:1:1 /,
    })
    await writeFile(join(path, 'b.yaml'), 'rules: 8')
    await assert.rejects(loadRules(FAMILIES, path), {
      message: /^2 errors in the alert rules:\n.*a\.yaml:1:1 .*\n.*b\.yaml:1:1 /,
    })
  })

  const unusable: [what: string, path: () => string | Promise<string>, message: RegExp][] = [
    ['no such folder', () => join(folder, 'nowhere'), /^RULES_DIR: .*nowhere: the folder does not exist$/],
    [
      'a file',
      async () => join(await given('file', { 'a.yaml': '' }), 'a.yaml'),
      /^RULES_DIR: .*a\.yaml: it is a file; name the folder/,
    ],
    [
      'no file of rules',
      () => given('empty', { 'notes.txt': '' }),
      /has no \*\.yaml file, so it has no rules/,
    ],
  ]
  for (const [what, path, message] of unusable)
    it(`given ${what}, then that is said, and that RULES_DIR names it`, async () => {
      await assert.rejects(loadRules(FAMILIES, await path()), error => {
        assert.ok(error instanceof FileError)
        assert.match(error.message, message)
        return true
      })
    })

  it('given a file that cannot be read, then it is not taken for a fault of the folder', async () => {
    const path = await given('dangling', {})
    await symlink(join(path, 'nowhere'), join(path, 'a.yaml'))
    await assert.rejects(loadRules(FAMILIES, path), {
      message: /^RULES_DIR: .*a\.yaml: there is no such file$/,
    })
  })
})
