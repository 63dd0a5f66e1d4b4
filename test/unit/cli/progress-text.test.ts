import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Progress, progressText } from '../../../cli/progress-text.ts'

const standing: Progress = { done: 3_270, total: 7_267, elapsedMs: 2_000 }
const text = (changed: Partial<Progress> = {}) => progressText({ ...standing, ...changed }, 'acknowledged')

test('given a total, then there is a bar, with the rate and the time left', () => {
  assert.equal(
    text(),
    `[${'='.repeat(13)}>${' '.repeat(16)}]  44 %  3270 of 7267 acknowledged, 1635/s, 2.4 s left`,
  )
  assert.match(text({ done: 7_267 }), /^\[={30}\] 100 % {2}7267 of 7267 acknowledged, 3634\/s$/)
  assert.match(text({ done: 0, total: 0, elapsedMs: 0 }), /100 % {2}0 of 0 acknowledged, 0\/s$/)
})

test('given no total, then there is only the rate', () => {
  assert.equal(text({ total: undefined }), '3270 acknowledged, 1635/s')
})

test('given what an earlier command did, then it does not count for the rate', () => {
  assert.match(text({ done: 300, doneBefore: 200, total: 400 }), /75 % {2}300 of 400 .*, 50\/s, 2 s left$/)
})
