import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filesBeside } from '../../../infra/files-beside.ts'

const path = 'invoke/node/runtime.ts'
const worker = { source: 'invoke/node/worker.ts', name: 'node-worker.js' }

describe('files that a package starts at run time', () => {
  it('given both names of a file, on one line or several, then it is found', () => {
    for (const code of [
      "new Worker(new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js', import.meta.url))",
      `const WORKER = new URL(
        import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js',
        import.meta.url,
      )`,
    ])
      assert.deepEqual(filesBeside(path, code), [worker])
  })

  it('given a file of another folder, then its source is found there', () => {
    const code = "new URL(import.meta.url.endsWith('.ts') ? '../other/run.ts' : './run.js', import.meta.url)"
    assert.deepEqual(filesBeside(path, code), [{ source: 'invoke/other/run.ts', name: 'run.js' }])
  })

  it('given code that looks for its own folder, or for a package, then that holds after compilation', () => {
    const code =
      "new URL('.', import.meta.url); createRequire(import.meta.url).resolve('a'); import.meta.resolve('a/b')"
    assert.deepEqual(filesBeside(path, code), [])
  })

  it('given code that starts no file, then the list is empty', () => {
    assert.deepEqual(
      filesBeside(path, '/** import.meta.url */\n// import.meta.dirname\nexport const a = 1'),
      [],
    )
  })

  for (const code of [
    "new URL('./worker.ts', import.meta.url)",
    "new URL('./runner.py', import.meta.url)",
    'join(import.meta.dirname, name)',
    "new URL(import.meta.url.endsWith('.ts') ? './a.ts' : './sub/a.js', import.meta.url)",
  ])
    it(`given ${code.slice(0, 70)}, then it is refused`, () => {
      assert.throws(() => filesBeside(path, code), /invoke\/node\/runtime\.ts uses import\.meta/)
    })
})
