import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { LEFT_OUT } from '../../../control/queries/dead-letters/redrive-decision.ts'
import { listCodeWords } from '../../support/code-words.ts'

it('given docs/failures.md, then it lists each reason for which a redrive leaves letters out', () => {
  const page = readFileSync(join(PROJECT, 'docs/failures.md'), 'utf8')
  const [, list = ''] = /^Some letters are left out\..*\n\n((?:- .+\n)+)/m.exec(page) ?? []
  const listed = list.split('\n').flatMap(line => {
    // The reasons precede the colon, behind which their meaning follows.
    const [reasons = ''] = line.split(': ')
    return listCodeWords(reasons)
  })
  assert.deepEqual(listed.toSorted(), Object.keys(LEFT_OUT).toSorted())
})
