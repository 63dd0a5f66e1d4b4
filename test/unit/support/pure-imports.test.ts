import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../integration/localstack/support.ts'
import { findImpure, readImports } from '../../runner/checks/pure-imports.ts'

describe('given a pure file, and a file three imports away', () => {
  const found = async (last: string) => {
    const { folder, remove } = temporaryFolder()
    const files = {
      'start.ts': "import { one } from './one.ts'\nexport const start = one\n",
      'one.ts': "export { two as one } from './two.ts'\n",
      'two.ts': "import { three } from './three.ts'\nexport const two = three\n",
      'three.ts': last,
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return readImports(folder, ['start.ts'])
      .then(inputs => findImpure(inputs, ['start.ts']))
      .finally(remove)
  }

  for (const module of ['node:fs', 'node:process', 'node:net'])
    it(`when that one reads ${module}, then the whole chain is named`, async () => {
      const chain = ['start.ts', 'one.ts', 'two.ts', 'three.ts', module].join(' → ')
      assert.deepEqual(await found(`import * as outside from '${module}'\nexport const three = outside\n`), [
        `start.ts is pure, but reaches ${module}: ${chain}`,
      ])
    })

  it('when that one takes only a type, or a hash, then nothing is wrong', async () => {
    const type = "import type { Stats } from 'node:fs'\nexport const three: Stats | undefined = undefined\n"
    assert.deepEqual(await found(type), [])
    assert.deepEqual(await found("import { hash } from 'node:crypto'\nexport const three = hash\n"), [])
  })

  it('when it imports on demand, then this counts as well', async () => {
    assert.equal((await found("export const three = () => import('node:fs')\n")).length, 1)
  })
})
