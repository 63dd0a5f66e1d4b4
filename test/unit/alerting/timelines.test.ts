/** The timelines in `timelines/` and those of the rules that ship, each as a test of its own. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { formatResult } from '../../../cli/rules/test.ts'
import { runTest } from '../../../control/trials/rule-tests/run.ts'
import { readTestFile } from '../../../control/trials/rule-tests/test-file.ts'
import { FAMILIES, VOCABULARY } from '../../support/families.ts'

const PROJECT = join(import.meta.dirname, '../../..')

for (const folder of ['test/unit/alerting/timelines', 'config/rules/tests']) {
  const files = readdirSync(join(PROJECT, folder)).sort()
  assert.ok(files.length > 0, `${folder} has no timelines`)
  for (const name of files) {
    const file = `${folder}/${name}`
    const { tests, errors } = await readTestFile(FAMILIES, join(PROJECT, file), file)
    assert.deepEqual(errors, [])
    assert.ok(tests && tests.tests.length > 0, `${file} has no tests`)
    describe(`the timelines of ${file}`, () => {
      for (const ruleTest of tests.tests)
        test(ruleTest.name, async () => {
          const result = await runTest(VOCABULARY, tests, ruleTest)
          assert.ok(result.passed, formatResult(result))
        })
    })
  }
}
