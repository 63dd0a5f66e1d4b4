import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InProcessRuntime } from '../../invoke/runtimes/node/in-process-runtime.ts'
import { HANDLER_KINDS, handlerModule } from '../handler-kinds.ts'
import { errorOf, factsOf, folderOf, resultOf } from './node-runtime-support.ts'

/** Handlers that end the process of the plugin, or need an event loop of their own. */
const NOT_HERE = /timer throws|rejection|never settles|ends its process/

const STYLES = [
  ['callback', 'nodejs22.x'],
  ['promise', 'nodejs24.x'],
] as const

describe('a handler in the process of the plugin', () => {
  for (const [style, runtime] of STYLES)
    it(`has the outcome that it has in Lambda with ${runtime}`, async t => {
      const folder = await folderOf(t, { 'handler.mjs': handlerModule('() => {}') })
      let count = 0
      for (const [index, [kind, { [style]: expected }]] of Object.entries(HANDLER_KINDS).entries()) {
        if (!expected || NOT_HERE.test(kind)) continue
        const facts = factsOf({ runtime, folder, handler: `handler.kinds.${index}` })
        assert.deepEqual(await resultOf(new InProcessRuntime(facts)), expected, kind)
        count += 1
      }
      assert.ok(count > 20, `${count} kinds`)
    })

  it('fails if its module does not load', async t => {
    const facts = factsOf({ folder: await folderOf(t, {}), handler: 'none.handler' })
    const error = await errorOf(new InProcessRuntime(facts))
    assert.equal(error, "Runtime.ImportModuleError: Error: Cannot find module 'none'")
  })
})
