import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { checkedAnswer, frameworkRuntimes, isRun } from '../../invoke/runtimes/framework-runtimes.ts'
import { RuntimeEnded } from '../../invoke/runtimes/runtime.ts'
import { createServerless } from './framework.ts'
import { invokeForResult, writeFolder } from './node-runtime-support.ts'

describe("an answer of serverless-offline's runner", () => {
  for (const answer of [null, 'text', {}, { batchItemFailures: [] }])
    it(`given ${JSON.stringify(answer)}, then it is the answer`, () =>
      assert.equal(checkedAnswer(answer, 'java21'), answer))

  it('given nothing, then the handler has not answered, except where it may answer nothing', () => {
    assert.throws(() => checkedAnswer(undefined, 'java21'), RuntimeEnded)
    assert.throws(() => checkedAnswer(undefined, 'ruby3.4'), /did not answer: its process ended/)
    assert.equal(checkedAnswer(undefined, 'nodejs22.x'), undefined)
  })

  it('given an exception in Ruby, which is found on the PATH, then it has its type and message', async t => {
    const failure = { errorType: 'KeyError', errorMessage: 'no such key' }
    const ruby = `#!/bin/sh\nread event\necho '${JSON.stringify({ __offline_error__: failure })}'\nread end`
    const folder = await writeFolder(t, { ruby })
    await chmod(join(folder, 'ruby'), 0o755)
    t.mock.property(process, 'env', { ...process.env, PATH: folder })
    const definition = { name: 'f', runtime: 'ruby3.4', handler: 'app.f' }
    const runtime = frameworkRuntimes(createServerless({ f: definition }, {}), {}).start('f')
    t.after(() => runtime.close())
    assert.deepEqual(await invokeForResult(runtime), { error: 'KeyError: no such key' })
  })

  it('given a runtime whose handler would not be called, then it is not run here', () => {
    for (const runtime of ['nodejs24.x', 'python3.13', 'ruby3.4', 'java21']) assert.ok(isRun(runtime))
    for (const runtime of ['go1.x', 'provided.al2023', 'dotnet8']) assert.ok(!isRun(runtime))
  })
})
