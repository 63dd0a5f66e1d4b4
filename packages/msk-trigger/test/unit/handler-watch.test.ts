import assert from 'node:assert/strict'
import { appendFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { HandlerWatch } from '../../invoke/handler-watch.ts'
import { writeFolder } from './node-runtime-support.ts'

/** Watches a file, which has two handlers, and returns the changes that are reported. */
async function watched(t: TestContext) {
  const folder = await writeFolder(t, { 'build/a.js': 'one' })
  const changes: string[] = []
  const watch = new HandlerWatch(file => void changes.push(file.slice(folder.length)))
  t.after(() => watch.close())
  for (const handler of ['build/a.run', 'build/a.other.run', 'package.run']) watch.add({ folder, handler })
  return { folder, changes, file: join(folder, 'build/a.js'), watch }
}

/** Writes until this is noticed, now and then: Node.js reads the first state of a file a moment after it was asked to watch it. */
async function writeUntil(isNoticed: () => boolean, write: () => Promise<void>): Promise<void> {
  let writtenAtMs = Number.NEGATIVE_INFINITY
  await until('the file is reloaded', async () => {
    if (!isNoticed() && performance.now() - writtenAtMs > 3_000) {
      writtenAtMs = performance.now()
      await write()
    }
    return isNoticed()
  })
}

describe('the file of a handler, while no plugin announces builds', () => {
  const writes: Record<string, (file: string) => Promise<void>> = {
    'written in steps': async file => {
      await writeFile(file, '')
      await writeFile(file, 'two')
      await appendFile(file, ' more')
    },
    removed: async file => {
      await rm(file)
      await writeFile(file, 'two')
    },
    replaced: async file => {
      await writeFile(`${file}.new`, 'two')
      await rename(`${file}.new`, file)
    },
  }
  for (const [how, write] of Object.entries(writes))
    it(`given one that is ${how}, then this is reported once it is complete`, async t => {
      const { changes, file } = await watched(t)
      await writeUntil(
        () => changes.length > 0,
        () => write(file),
      )
      assert.deepEqual(new Set(changes), new Set(['/build/a.js']))
    })

  it('given one that stays empty, then nothing is loaded', async t => {
    const [emptied, other] = [await watched(t), await watched(t)]
    await writeUntil(
      () => other.changes.length > 0,
      async () => {
        await writeFile(emptied.file, '')
        await writeFile(other.file, `${performance.now()}`)
      },
    )
    assert.deepEqual(emptied.changes, [])
  })

  it('given a plugin that announces builds, then it is not watched any more', async t => {
    const [announced, other] = [await watched(t), await watched(t)]
    announced.watch.close()
    await writeUntil(
      () => other.changes.length > 0,
      async () => {
        for (const { file } of [announced, other]) await writeFile(file, `${performance.now()}`)
      },
    )
    assert.deepEqual(announced.changes, [])
  })
})
