import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { codeBlocks, TYPED_FROM_THE_README } from '../../support/readme-code.ts'

const EXAMPLE = join(PROJECT, 'examples', 'orders')
const ENGINE = join(PROJECT, 'packages', 'runtime')

const read = (...path: string[]) => readFileSync(join(...path), 'utf8')
const README = read(ENGINE, 'README.md')

describe('the README of the engine', () => {
  it('given its first code, then that is a whole function, in fifteen lines', () => {
    const [{ file, code = '' } = {}] = codeBlocks(README)
    assert.equal(file, 'orders.ts')
    assert.ok(code.trim().split('\n').length <= 15)
    for (const part of [/^import /m, /\.process</, /^export const handler/m]) assert.match(code, part)
    assert.equal(README.indexOf('\n#'), README.indexOf('\n## Ten minutes'))
  })

  it('given a code block that names its file, then it is that file of examples/orders', () => {
    const blocks = codeBlocks(README).filter(({ file }) => !TYPED_FROM_THE_README.includes(file))
    for (const { file, code } of blocks) assert.equal(code, read(EXAMPLE, file), file)
    assert.deepEqual(
      blocks.map(({ file }) => file),
      [
        'src/application.ts',
        'src/orders.ts',
        'src/orders.test.ts',
        'src/handlers/orders.ts',
        'src/handlers/clock.ts',
        'package.json',
        'tsconfig.json',
        'build.mjs',
        'serverless.yml',
      ],
    )
  })
})
