/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Drafts,
  isOvertaken,
  isUnsaved,
  unsavedOf,
  withSaved,
  withText,
} from '../../../../console/page/alerts/drafts.ts'

const FILE = { name: 'a.yaml', text: 'rules: []', hash: '1' }
const CHANGED = { ...FILE, text: 'rules: [] # theirs', hash: '2' }

describe('texts of rule files that are edited', () => {
  it('given a text, when it is typed and taken back, then there is no draft any more', () => {
    const typed = withText({}, 'a.yaml', 'mine', FILE)
    assert.deepEqual(typed, { 'a.yaml': { text: 'mine', of: FILE } })
    assert.deepEqual(withText(typed, 'a.yaml', FILE.text, FILE), {})
  })

  it('given that the file changes meanwhile, when more is typed, then the draft is still overtaken', () => {
    const typed = withText({}, 'a.yaml', 'mine', FILE)
    assert.equal(isOvertaken(typed['a.yaml'], FILE), false)
    const more = withText(typed, 'a.yaml', 'mine, too', CHANGED)
    assert.equal(isOvertaken(more['a.yaml'], CHANGED), true)
    assert.equal(more['a.yaml']?.of?.hash, '1', 'it is not saved over what it has not seen')
  })

  it('given a new file, when it is saved, then its draft goes, and the saved text is shown by its name', () => {
    const drafts: Drafts = withText({}, '+', 'mine', undefined)
    const saved = withSaved(drafts, '+', { ...FILE, text: 'mine' })
    assert.deepEqual(Object.keys(saved), ['a.yaml'])
    assert.deepEqual(Object.values(saved).map(isUnsaved), [false])
    assert.deepEqual(unsavedOf(saved), {})
    assert.equal(isOvertaken(saved['a.yaml'], FILE), false, 'the answer on the page is older')
  })
})
