import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-rules-'))
after(() => rmSync(folder, { recursive: true }))

const RULE = 'rules:\n  - { name: HOT, family: device, metric: x, fireAbove: 1, severity: info }\n'
function put(file: string, text: string): void {
  mkdirSync(join(folder, file, '..'), { recursive: true })
  writeFileSync(join(folder, file), text)
}
put('good/a.yaml', RULE)
put('good/README.md', 'no rules')
put('good/more/b.yaml', 'neither: are these')
put('bad/a.yaml', RULE)
put('bad/b.yml', RULE.replace('x,', 'w,'))
put('none/README.md', 'no rules')
put('empty/a.yaml', 'rules: []\n')

describe('sluice rules check', () => {
  test('given the rules that ship, then it counts rules and files', async () => {
    const { status, stdout } = await ran(['rules', 'check'], { folder: PROJECT })
    assert.deepEqual([status, stdout], [0, '8 rules in 2 files: rules/database.yaml, rules/weather.yaml\n'])
  })

  test('given errors, then each is on its own line, and the exit status is 1', async () => {
    const { status, stdout, stderr } = await ran(['rules', 'check', 'bad'], { folder })
    assert.equal(status, 1)
    assert.match(
      stdout,
      /^bad\/b\.yml:2:7 {2}HOT\.name: HOT is already in bad\/a\.yaml: .*\nbad\/b\.yml:2:34 {2}HOT\.metric: must be one of x, y, z, activity, not "w"\n$/,
    )
    assert.equal(stderr, '2 errors in the alert rules of bad.\n')
  })

  test('given --json, then errors and figures are one document', async () => {
    const bad = await ran(['rules', 'check', 'bad', '--json'], { folder })
    assert.equal(bad.status, 1)
    assert.deepEqual(JSON.parse(bad.stdout).errors[1], {
      file: 'bad/b.yml',
      line: 2,
      column: 34,
      rule: 'HOT',
      key: 'metric',
      message: 'must be one of x, y, z, activity, not "w"',
    })
    const good = await ran(['rules', 'check', 'good', '--json'], { folder })
    assert.deepEqual(
      [good.status, JSON.parse(good.stdout)],
      [0, { files: ['good/a.yaml'], rules: 1, errors: [] }],
    )
  })

  test('given no argument, then RULES_DIR names the folder', async () => {
    const { status, stdout } = await ran(['rules', 'check'], { folder, environment: { RULES_DIR: 'good' } })
    assert.deepEqual([status, stdout], [0, '1 rule in 1 file: good/a.yaml\n'])
  })

  test('given files without a rule, then it says that nothing can fire', async () => {
    const { status, stdout } = await ran(['rules', 'check', 'empty'], { folder })
    assert.deepEqual([status, stdout], [0, '0 rules in 1 file, so that no alert can fire: empty/a.yaml\n'])
  })

  test('given files and folders, then all of them are one rule set, and each file counts once', async () => {
    const one = await ran(['rules', 'check', 'good/a.yaml'], { folder })
    assert.deepEqual([one.status, one.stdout], [0, '1 rule in 1 file: good/a.yaml\n'])
    const twice = await ran(['rules', 'check', './good/a.yaml', 'good', 'empty'], { folder })
    assert.deepEqual([twice.status, twice.stdout], [0, '1 rule in 2 files: good/a.yaml, empty/a.yaml\n'])
    const both = await ran(['rules', 'check', 'good', 'bad/a.yaml'], { folder })
    assert.equal(both.status, 1)
    assert.match(both.stdout, /^bad\/a\.yaml:2:\d+ {2}HOT\.name: HOT is already in good\/a\.yaml/)
    assert.equal(both.stderr, '1 error in the alert rules of good, bad/a.yaml.\n')
  })

  const unusable: [dir: string, said: string][] = [
    ['nowhere', 'nowhere: there is no such file or folder\n'],
    ['none', 'none: the folder has no *.yaml file and so no rules; is it the right folder?\n'],
  ]
  for (const [dir, said] of unusable)
    test(`given ${dir}, then it is refused`, async () => {
      const { status, stdout, stderr } = await ran(['rules', 'check', dir], { folder })
      assert.deepEqual([status, stdout, stderr], [1, '', said])
    })
})
