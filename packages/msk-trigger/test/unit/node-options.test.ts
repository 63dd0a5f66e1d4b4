import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { readNodeOptions } from '../../invoke/runtimes/node/node-options.ts'
import { createFacts, invokeForResult, nodeRuntime, writeFolder } from './node-runtime-support.ts'

const read = (NODE_OPTIONS: string) =>
  readNodeOptions(createFacts({ environment: { NODE_OPTIONS }, servicePath: '/my shop' }))

describe('NODE_OPTIONS of a function', () => {
  const cases: [given: string, accepted: string, refused?: string[]][] = [
    ['', ''],
    ['  --enable-source-maps  --no-warnings ', '"--enable-source-maps" "--no-warnings"'],
    ['--openssl-legacy-provider', '', ['--openssl-legacy-provider']],
    [
      '--use-openssl-ca --import pkg --title shop --max-old-space-size=200 -r pkg/a --stack_trace_limit=3',
      '"--import" "pkg" "-r" "pkg/a"',
      ['--use-openssl-ca', '--title shop', '--max-old-space-size=200', '--stack_trace_limit=3'],
    ],
    // Node.js itself accepts none of these in the variable.
    ['--eval 1 --nonsense -r', '', ['--eval 1', '--nonsense', '-r']],
    ['stray --no-warnings stray', '"--no-warnings"', ['stray', 'stray']],
    ['--no-warnings --require "open', '', ['--no-warnings --require "open']],
    // Only double quotes group, a backslash escapes only within them, and only a space separates.
    [
      String.raw`--require "a \"b\\ c" -C'x y' --conditions="d e"f \--x`,
      String.raw`"--require" "a \"b\\ c" "--conditions=d ef"`,
      [`-C'x y'`, String.raw`\--x`],
    ],
    [
      '--require ./a.js -r ../b.js --require=./c.js',
      '"--require=/my shop/a.js" "--require=/b.js" "--require=/my shop/c.js"',
    ],
    [
      '--import ./a.mjs --loader=./b%20c.mjs',
      '"--import=file:///my%20shop/a.mjs" "--loader=file:///my%20shop/b%20c.mjs"',
    ],
    [
      '--import /opt/none.mjs --require /elsewhere/a.js',
      '"--import=file:///opt/none.mjs" "--require" "/elsewhere/a.js"',
    ],
  ]
  for (const [given, accepted, refused = []] of cases)
    it(`given ${given.slice(0, 80) || 'none'}, then each option is kept or named by itself`, () =>
      assert.deepEqual(read(given), { accepted, refused }))

  const files = {
    'service/first one.cjs': `globalThis.loaded = ['first']`,
    'layer/second.cjs': `globalThis.loaded.push('second')`,
    'service/third.mjs': `globalThis.loaded.push('third')`,
    'service/build/handler.mjs': `export const handler = () => [globalThis.loaded, process.env.NODE_OPTIONS]`,
  }
  const start = async (t: TestContext, environment: Record<string, string>) => {
    const folder = await writeFolder(t, files)
    const paths = { folder: join(folder, 'service/build'), servicePath: join(folder, 'service') }
    const layers = [join(folder, 'none'), join(folder, 'layer')]
    return nodeRuntime(t, {}, { ...paths, layers, environment })
  }

  it('given modules beside an option of a process, then they are loaded, and the variable is unchanged', async t => {
    const options = [
      '--openssl-legacy-provider',
      '-r "./first one.cjs"',
      '--require=/opt/second.cjs',
      '--import ./third.mjs',
    ]
    const NODE_OPTIONS = options.join(' ')
    const loaded = ['first', 'second', 'third']
    assert.deepEqual(await invokeForResult(await start(t, { NODE_OPTIONS })), { ok: [loaded, NODE_OPTIONS] })
    assert.deepEqual(await invokeForResult(await start(t, {})), { ok: [null, null] })
  })

  it('given a module that does not exist, then the thread ends with its path', async t => {
    const node = await start(t, { NODE_OPTIONS: '--import ./gone.mjs' })
    void node.load()
    assert.match(String((await node.termination).cause), /service\/gone\.mjs/)
  })
})
