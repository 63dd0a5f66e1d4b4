import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { transform } from 'esbuild'
import { runBuilds } from '../../../infra/packaging/bundle-builder.ts'

const build = (code: string) => transform(code, { minify: true })
/** A file that takes longer to build than the others. */
const LARGE = Array.from({ length: 50_000 }, (_, at) => `export const v${at} = ${at}\n`).join('')

describe('the process of esbuild', () => {
  it('given builds of which one ends first, then the others end, too', async () => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow = runBuilds(async () => {
      const started = build(LARGE)
      first.resolve()
      await second.promise
      return (await started).code.length
    })
    await first.promise
    await runBuilds(() => build('b()'))
    second.resolve()
    assert.ok((await slow) > 0)
  })

  it('given a build that fails, then its error is thrown, and the next build works', async () => {
    await assert.rejects(
      runBuilds(() => build('const const')),
      /Expected identifier/,
    )
    assert.equal((await runBuilds(() => build('c( 1 )'))).code, 'c(1);\n')
  })
})
