import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newSession, SESSION_MS, sessionIn } from '../../../../console/access/sessions.ts'
import { type EndedSessions, endedHere, SignOuts } from '../../../../console/access/sign-outs.ts'

const TOKEN = 'a'.repeat(32)
const NOW_MS = Date.parse('2026-03-01T12:00:00Z')

describe('a session', () => {
  const text = newSession(TOKEN, NOW_MS)

  it('given the token that began it, then it is its session, and the text does not hold the token', () => {
    const session = sessionIn(text, NOW_MS)
    assert.equal(session?.isOf(TOKEN), true)
    assert.equal(session?.isOf(`${TOKEN}b`), false)
    assert.ok(!text.includes(TOKEN))
    assert.notEqual(newSession(TOKEN, NOW_MS), text)
  })

  it('given its last millisecond, then it lasts; a millisecond later it is over', () => {
    assert.equal(sessionIn(text, NOW_MS + SESSION_MS - 1)?.untilMs, NOW_MS + SESSION_MS)
    assert.equal(sessionIn(text, NOW_MS + SESSION_MS), undefined)
  })

  it('given a text in which the end, the id or the signature was changed, then it is not of the token', () => {
    const [until = '', id = '', signed = ''] = text.split('.')
    const changed = [
      `${Number(until) + 1}.${id}.${signed}`,
      `${until}.${id.replace(/^./, first => (first === 'a' ? 'b' : 'a'))}.${signed}`,
      `${until}.${id}.${signed.replace(/^./, first => (first === 'a' ? 'b' : 'a'))}`,
    ]
    for (const one of changed) assert.equal(sessionIn(one, NOW_MS)?.isOf(TOKEN), false, one)
  })

  it('given any other text, then it is not a session', () => {
    for (const other of ['', TOKEN, `${text}x`, ` ${text}`, text.slice(0, -1), '9999999999999.x.y'])
      assert.equal(sessionIn(other, NOW_MS), undefined, other)
  })
})

describe('sign-outs', () => {
  const session = sessionIn(newSession(TOKEN, NOW_MS), NOW_MS)
  assert.ok(session)
  const told = () => assert.fail('nothing is to be reported')

  it('given another instance, then it knows of a sign-out after its time', async () => {
    const kept = endedHere()
    let nowMs = NOW_MS
    const options = { forMs: 60_000, now: () => nowMs, told }
    const [one, other] = [new SignOuts(async () => kept, options), new SignOuts(async () => kept, options)]
    assert.equal(await other.has(session), false)
    await one.end(session)
    assert.deepEqual([await one.has(session), await other.has(session)], [true, false])
    nowMs += 60_000
    assert.equal(await other.has(session), true)
  })

  it('given sessions that would be over by themselves, then they are forgotten', async () => {
    const kept = endedHere()
    const later = NOW_MS + SESSION_MS
    await new SignOuts(async () => kept, { forMs: 0, now: () => NOW_MS, told }).end(session)
    const next = sessionIn(newSession(TOKEN, later), later)
    assert.ok(next)
    await new SignOuts(async () => kept, { forMs: 0, now: () => later, told }).end(next)
    assert.deepEqual(Object.keys((await kept.read()) ?? {}), [next.id])
  })

  it('given that they cannot be kept, then signing out fails, and counts here all the same', async () => {
    const errors: unknown[] = []
    const away: EndedSessions = {
      read: () => Promise.reject(new Error('away')),
      update: () => Promise.reject(new Error('away')),
    }
    const signOuts = new SignOuts(async () => away, { forMs: 0, told: error => errors.push(error) })
    assert.equal(await signOuts.has(session), false)
    await assert.rejects(signOuts.end(session), /away/)
    assert.equal(await signOuts.has(session), true)
    assert.equal(errors.length, 2)
  })
})
