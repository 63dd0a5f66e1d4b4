import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SESSION_MS, Sessions } from '../../../../console/access/sessions.ts'

const TOKEN = 'a'.repeat(32)
const NOW_MS = Date.parse('2026-03-01T12:00:00Z')

describe('a session', () => {
  let nowMs = NOW_MS
  const sessions = new Sessions(TOKEN, () => nowMs)
  const text = sessions.begin()
  const [until = '', id = '', signed = ''] = text.split('.')

  it('given the token that began it, even after a restart, then it is valid, and does not hold the token', () => {
    assert.equal(sessions.isValid(text), true)
    assert.equal(new Sessions(TOKEN, () => NOW_MS).isValid(text), true)
    assert.equal(new Sessions(`${TOKEN}b`, () => NOW_MS).isValid(text), false)
    assert.ok(!text.includes(TOKEN))
    assert.notEqual(sessions.begin(), text)
  })

  it('given twelve hours, then it ends, however much it was used', () => {
    nowMs = NOW_MS + SESSION_MS - 1
    assert.equal(sessions.isValid(text), true)
    nowMs += 1
    assert.equal(sessions.isValid(text), false)
    nowMs = NOW_MS
  })

  const other = (part: string) => part.replace(/^./, first => (first === 'a' ? 'b' : 'a'))
  for (const [what, changed] of [
    ['another end', `${Number(until) + 1}.${id}.${signed}`],
    ['another id', `${until}.${other(id)}.${signed}`],
    ['another signature', `${until}.${id}.${other(signed)}`],
    ['nothing', ''],
    ['the token', TOKEN],
    ['more', `${text}x`],
    ['less', text.slice(0, -1)],
    ['other forms', '9999999999999.x.y'],
  ] as const)
    it(`given a text with ${what}, then it is not valid`, () => {
      assert.equal(sessions.isValid(changed), false)
    })

  it('given a session that was ended, then it is not valid in any writing, and others are', () => {
    const ended = sessions.begin()
    sessions.end('no session')
    sessions.end(ended)
    // The last character of a signature has bits that count for nothing.
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = digits.indexOf(ended.at(-1) ?? '')
    for (const bits of [0, 1, 2, 3])
      assert.equal(sessions.isValid(`${ended.slice(0, -1)}${digits[(last & ~3) | bits]}`), false)
    assert.equal(sessions.isValid(text), true)
  })
})
