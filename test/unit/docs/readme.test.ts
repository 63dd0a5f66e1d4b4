import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { buildConsumerFiles } from '../../../cli/new/consumer-files.ts'
import { formatEntities } from '../../../cli/state/entity-text.ts'
import { PROJECT } from '../../support/program.ts'

const README = readFileSync(join(PROJECT, 'README.md'), 'utf8')
const MAX_WORDS = 500

const BLOCKS = [...README.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
const listBlocks = (language: string) =>
  BLOCKS.flatMap(([, of, code = '']) => (of === language ? [code] : []))

describe('the README', () => {
  it(`has at most ${MAX_WORDS} words, with its code, as wc -w counts`, () => {
    const words = README.trim().split(/\s+/).length
    assert.ok(words <= MAX_WORDS, `${words} words: move something to the page where a reader looks for it`)
  })

  it('given its process, then sluice new consumer writes it, in fifteen lines', () => {
    const [code = '', ...others] = listBlocks('ts')
    assert.deepEqual(others, [])
    const written = buildConsumerFiles('counting').find(({ content }) => content.includes('defineProcess'))
    assert.ok(code !== '' && written?.content.endsWith(code), written?.content)
    assert.ok((written?.content.trimEnd().split('\n').length ?? 0) <= 15)
  })

  it('given the state of an entity, then sluice state entity prints it in that form', () => {
    const shown = listBlocks('').find(block => block.startsWith('$ npx sluice state entity'))
    const [, entity = '', partition, json = ''] =
      /^\$ .*\n(\S+ \S+) \(partition (\d+)\)\n(.*)$/s.exec(shown ?? '') ?? []
    const state = JSON.parse(json)
    assert.equal(
      formatEntities([{ partition: Number(partition), entity, state, timers: [] }]),
      shown?.replace(/.*\n/, ''),
    )
  })

  it('has four promises, each with a link to its conditions', () => {
    const [, promises = ''] = /^## Promises$(.*?)^## /ms.exec(README) ?? []
    const items = promises.trim().split(/^- /m).slice(1)
    assert.equal(items.length, 4)
    for (const item of items) assert.match(item, /\]\(docs\/guarantees\.md#[\w-]+\)\)\.$/m)
  })
})
