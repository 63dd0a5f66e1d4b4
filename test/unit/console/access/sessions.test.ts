import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSession, parseSession, SESSION_MS } from '../../../../console/access/sessions.ts'
import { createMemoryStore, type EndedSessions, SignOuts } from '../../../../console/access/sign-outs.ts'

const TOKEN = 'a'.repeat(32)
const NOW_MS = Date.parse('2026-03-01T12:00:00Z')

describe('a session', () => {
  const text = createSession(TOKEN, NOW_MS)

  it('given the token that began it, then it is its session, and the text does not hold the token', () => {
    const session = parseSession(text, NOW_MS)
    assert.equal(session?.isSignedWith(TOKEN), true)
    assert.equal(session?.isSignedWith(`${TOKEN}b`), false)
    assert.ok(!text.includes(TOKEN))
    assert.notEqual(createSession(TOKEN, NOW_MS), text)
  })

  it('given its last millisecond, then it lasts; a millisecond later it is over', () => {
    assert.equal(parseSession(text, NOW_MS + SESSION_MS - 1)?.untilMs, NOW_MS + SESSION_MS)
    assert.equal(parseSession(text, NOW_MS + SESSION_MS), undefined)
  })

  it('given a text in which the end, the id or the signature was changed, then it is not of the token', () => {
    const [until = '', id = '', signed = ''] = text.split('.')
    const changed = [
      `${Number(until) + 1}.${id}.${signed}`,
      `${until}.${id.replace(/^./, first => (first === 'a' ? 'b' : 'a'))}.${signed}`,
      `${until}.${id}.${signed.replace(/^./, first => (first === 'a' ? 'b' : 'a'))}`,
    ]
    for (const text of changed) assert.equal(parseSession(text, NOW_MS)?.isSignedWith(TOKEN), false, text)
  })

  it('given any other text, then it is not a session', () => {
    for (const other of ['', TOKEN, `${text}x`, ` ${text}`, text.slice(0, -1), '9999999999999.x.y'])
      assert.equal(parseSession(other, NOW_MS), undefined, other)
  })
})

describe('sign-outs', () => {
  const session = parseSession(createSession(TOKEN, NOW_MS), NOW_MS)
  assert.ok(session)
  const told = () => assert.fail('nothing is to be reported')

  it('given another instance, then it knows of a sign-out after its time', async () => {
    const kept = createMemoryStore()
    let nowMs = NOW_MS
    const options = { forMs: 60_000, now: () => nowMs, reportError: told }
    const [one, other] = [new SignOuts(async () => kept, options), new SignOuts(async () => kept, options)]
    assert.equal(await other.has(session, 'ada'), false)
    await one.end(session, 'ada')
    assert.deepEqual([await one.has(session, 'ada'), await other.has(session, 'ada')], [true, false])
    nowMs += 60_000
    assert.equal(await other.has(session, 'ada'), true)
  })

  it('given sessions that would be over by themselves, then they are forgotten', async () => {
    const kept = createMemoryStore()
    const later = NOW_MS + SESSION_MS
    await new SignOuts(async () => kept, { forMs: 0, now: () => NOW_MS, reportError: told }).end(
      session,
      'ada',
    )
    const next = parseSession(createSession(TOKEN, later), later)
    assert.ok(next)
    await new SignOuts(async () => kept, { forMs: 0, now: () => later, reportError: told }).end(next, 'bo')
    assert.deepEqual(await kept.read(), { bo: { [next.id]: next.untilMs } })
  })

  it('given a person who signs in and out without end, then her newest are kept, and those of others', async () => {
    const kept = createMemoryStore()
    let nowMs = NOW_MS
    const signOuts = new SignOuts(async () => kept, { forMs: 0, now: () => nowMs, reportError: told })
    await signOuts.end(session, 'ada')
    for (; nowMs < NOW_MS + 150; nowMs += 1) {
      const next = parseSession(createSession(TOKEN, nowMs), nowMs)
      assert.ok(next)
      await signOuts.end(next, 'bo')
    }
    const ended = await kept.read()
    assert.equal(Object.keys(ended?.bo ?? {}).length, 100)
    assert.equal(Math.min(...Object.values(ended?.bo ?? {})), NOW_MS + 50 + SESSION_MS)
    assert.equal(await signOuts.has(session, 'ada'), true)
  })

  it('given that they cannot be kept, then signing out fails, and counts here all the same', async () => {
    const errors: unknown[] = []
    const away: EndedSessions = {
      read: () => Promise.reject(new Error('away')),
      update: () => Promise.reject(new Error('away')),
    }
    const signOuts = new SignOuts(async () => away, {
      forMs: 0,
      now: () => NOW_MS,
      reportError: error => errors.push(error),
    })
    assert.equal(await signOuts.has(session, 'ada'), false)
    await assert.rejects(signOuts.end(session, 'ada'), /away/)
    assert.equal(await signOuts.has(session, 'ada'), true)
    assert.equal(errors.length, 2)
  })
})
