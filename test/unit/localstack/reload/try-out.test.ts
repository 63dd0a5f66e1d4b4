import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { tryOut } from '../../../../localstack/reload/try-out.ts'
import { temporaryFolder } from '../../../integration/localstack/support.ts'

describe('whether a function starts', () => {
  const { folder, remove } = temporaryFolder()
  after(() => remove())

  for (const [given, code, expected] of [
    ['a handler', 'export const handler = () => {}', undefined],
    ['a module that fails', "throw new TypeError('no')", 'it does not start: TypeError: no'],
    [
      'another export',
      'export const other = 1',
      'it does not start: Error: its module exports no function "handler"',
    ],
    [
      'a cold start that fails',
      "export const handler = Object.assign(() => {}, { start: async () => { throw new Error('no rules') } })",
      'it does not start: Error: no rules',
    ],
    [
      'a variable of its own',
      'export const handler = () => {}\nif (process.env.PLACE !== "here") throw new Error("elsewhere")',
      undefined,
    ],
    ['a module that ends', 'process.exit(3)', 'it ends its process with exit code 3 when it starts'],
  ] as const)
    it(`given ${given}, then the answer is ${expected ?? 'yes'}`, async () => {
      const file = join(folder, `${given.replaceAll(' ', '-')}.mjs`)
      await writeFile(file, code)
      assert.equal(await tryOut({ file, name: 'handler', environment: { PLACE: 'here' } }), expected)
    })
})
