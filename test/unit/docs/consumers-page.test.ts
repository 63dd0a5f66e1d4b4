import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { buildEntrySchema } from '../../../infra/functions/entry-schema.ts'
import { USES } from '../../../infra/roles/uses.ts'
import { listCodeWords } from '../../support/code-words.ts'

const PAGE = readFileSync(join(PROJECT, 'docs/consumers.md'), 'utf8')
const [, LIST = ''] = /An entry can have these keys:\n\n((?:- .+\n)+)/.exec(PAGE) ?? []

it('given docs/consumers.md, then it lists the keys of an entry', () => {
  const keys = LIST.split('\n').flatMap(line => {
    const [names = ''] = line.split(':')
    return listCodeWords(names)
  })
  assert.deepEqual(keys.toSorted(), Object.keys(buildEntrySchema().properties).toSorted())
})

it('given docs/consumers.md, then it lists the words of the key `uses`', () => {
  const [, words = ''] = /^- `uses`: [^:]*: (.*)$/m.exec(LIST) ?? []
  assert.deepEqual(listCodeWords(words).toSorted(), Object.keys(USES).toSorted())
})
