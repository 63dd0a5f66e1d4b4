import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { codeBlocks } from '../../support/readme-code.ts'

const README = readFileSync(join(PROJECT, 'README.md'), 'utf8')

describe('the README', () => {
  it('shows first what one writes: the function with which the README of the engine begins', () => {
    const [block] = codeBlocks(README)
    const [ofEngine] = codeBlocks(readFileSync(join(PROJECT, 'packages/runtime/README.md'), 'utf8'))
    assert.ok(block?.code)
    assert.deepEqual(block, ofEngine)
  })

  it('has four promises, each with a link to its conditions', () => {
    const [, promises = ''] = /^## Promises$(.*?)^## /ms.exec(README) ?? []
    const items = promises.trim().split(/^- /m).slice(1)
    assert.equal(items.length, 4)
    for (const item of items) assert.match(item, /\]\(docs\/guarantees\.md#[\w-]+\)\)\.$/m)
  })
})
