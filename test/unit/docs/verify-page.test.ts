import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { EXCEPTIONS } from '../../../cli/verify/text.ts'
import { listCodeWords } from '../../support/code-words.ts'

it('given docs/verify.md, then it lists each reason for which a difference is only counted', () => {
  const page = readFileSync(join(PROJECT, 'docs/verify.md'), 'utf8')
  const [, list = ''] = /^## Exceptions$(.*?)^##/ms.exec(page) ?? []
  const items = [...list.matchAll(/^- (.+?): /gm)].map(([, names = '']) => names)
  const listed = items.flatMap(listCodeWords)
  assert.deepEqual(listed.toSorted(), Object.keys(EXCEPTIONS).toSorted())
})
