import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { namedRuleFiles, RULE_FILE_NAME, saveRuleFile } from '../../../lib/operations/rule-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-rule-file-'))
after(() => rmSync(folder, { recursive: true }))

const ruleText = (name: string, limit: number | string) =>
  `rules:\n  - { name: ${name}, family: environment, metric: temperature, fireAbove: ${limit}, severity: info }\n`
writeFileSync(join(folder, 'a.yaml'), ruleText('HOT', 30))
writeFileSync(join(folder, 'b.yaml'), ruleText('WARM', 20))

const textOf = (file: string) => readFileSync(join(folder, file), 'utf8')
const hashOf = async (file: string) =>
  (await namedRuleFiles(folder)).find(({ name }) => name === file)?.hash ?? null

describe('saving a rule file', () => {
  it('given a right text, then the file has it, and nothing else is left in the folder', async () => {
    const text = ruleText('HOT', 35)
    const saved = await saveRuleFile(folder, 'a.yaml', text, await hashOf('a.yaml'))
    assert.equal(saved.outcome, 'saved')
    assert.equal(textOf('a.yaml'), text)
    assert.deepEqual(readdirSync(folder), ['a.yaml', 'b.yaml'])
    assert.equal(saved.outcome === 'saved' && saved.file.hash, await hashOf('a.yaml'))
    assert.equal(saved.outcome === 'saved' && saved.rules, 2)
  })

  it('given an error, or a rule that another file has, then nothing is written, and each has its place', async () => {
    const before = textOf('a.yaml')
    for (const [text, message] of [
      [ruleText('HOT', 'x'), /must be a number/],
      [ruleText('WARM', 30), /already in/],
    ] as const) {
      const saved = await saveRuleFile(folder, 'a.yaml', text, await hashOf('a.yaml'))
      assert.ok(saved.outcome === 'wrong')
      assert.match(saved.errors[0]?.message ?? '', message)
      assert.equal(saved.errors[0]?.line, 2)
    }
    assert.equal(textOf('a.yaml'), before)
  })

  it('given that the file has been changed meanwhile, then nothing is written', async () => {
    const was = await hashOf('b.yaml')
    writeFileSync(join(folder, 'b.yaml'), ruleText('WARM', 21))
    assert.equal(
      (await saveRuleFile(folder, 'b.yaml', ruleText('WARM', 22), was)).outcome,
      'changed-meanwhile',
    )
    assert.equal(
      (await saveRuleFile(folder, 'b.yaml', ruleText('WARM', 22), null)).outcome,
      'changed-meanwhile',
    )
    assert.equal(textOf('b.yaml'), ruleText('WARM', 21))
  })

  it('given two who save the same file at once, then the second one hears of it', async () => {
    const was = await hashOf('a.yaml')
    const texts = [40, 41].map(limit => ruleText('HOT', limit))
    const saved = await Promise.all(texts.map(text => saveRuleFile(folder, 'a.yaml', text, was)))
    assert.deepEqual(
      saved.map(({ outcome }) => outcome),
      ['saved', 'changed-meanwhile'],
    )
    assert.equal(textOf('a.yaml'), texts[0])
  })

  it('given a new file, then it is written beside the others', async () => {
    assert.equal((await saveRuleFile(folder, 'c.yml', ruleText('COLD', 5), null)).outcome, 'saved')
    assert.equal((await namedRuleFiles(folder)).length, 3)
  })

  for (const name of ['../a.yaml', 'a/b.yaml', '.a.yaml', 'a.txt', 'a\\b.yaml', 'a.yaml\n', ''])
    it(`given the name ${JSON.stringify(name)}, then it is invalid for a rule file`, () =>
      assert.equal(RULE_FILE_NAME.test(name), false))
})
