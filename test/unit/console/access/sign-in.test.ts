import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import { createDeployedAccess, createLocalAccess, type Holder } from '../../../../console/access/access.ts'
import { createMemoryStore, type EndedSessions, SignOuts } from '../../../../console/access/sign-outs.ts'
import { BASE, createConsole, localConsole, readJson, TOKEN } from './support.ts'

const { cookieName: COOKIE } = createLocalAccess(TOKEN, { name: 'ada', role: 'operator' })
const FORM = {
  'content-type': 'application/x-www-form-urlencoded',
  origin: BASE,
  'sec-fetch-site': 'same-origin',
}

/** The cookie of an answer, as a browser sends it back. */
function getCookie(answer: Response): string {
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';')
  return cookie
}

const form = (fields: Record<string, string>) => ({
  method: 'POST',
  body: new URLSearchParams(fields).toString(),
})

describe('who comes to the console on this machine', () => {
  const { ask, page } = localConsole()
  const signIn = async () => getCookie(await ask(`/?token=${TOKEN}`))

  it('given no token, then a page is the sign-in page, with status 401 and the style of the console', async () => {
    const answer = await ask('/alerts?state=firing')
    assert.equal(answer.status, 401)
    const text = await answer.text()
    assert.match(text, /<h1>Sluice<\/h1>/)
    assert.ok(text.includes(`href="${page.styleAt}"`))
    assert.match(text, /name="to" value="\/alerts\?state=firing"/)
    assert.equal((await ask(page.styleAt)).status, 200)
  })

  it('given no token, then a question is answered with 401 and what to do', async () => {
    const answer = await ask('/api/environment')
    assert.equal(answer.status, 401)
    assert.deepEqual(await answer.json(), {
      code: 'signed-out',
      message: 'You are not signed in, or your session has ended. Reload the page to sign in.',
    })
  })

  for (const headers of [
    { authorization: 'Bearer wrong' },
    { cookie: `${COOKIE}=wrong` },
    { cookie: `${COOKIE}=${TOKEN}` },
  ])
    it(`given ${Object.entries(headers).join()}, then it is refused`, async () => {
      assert.equal((await ask('/api/environment', headers as Record<string, string>)).status, 401)
      assert.equal((await ask('/', headers as Record<string, string>)).status, 401)
    })

  it('given the token in a header, or a session in the cookie, then it is answered', async () => {
    for (const headers of [{ authorization: `Bearer ${TOKEN}` }, { cookie: await signIn() }]) {
      const answer = await ask('/api/environment', headers as Record<string, string>)
      assert.deepEqual((await readJson(answer)).person, { name: 'ada', role: 'operator' })
      assert.equal((await ask('/', headers as Record<string, string>)).status, 200)
    }
  })

  it('given the session as a bearer token, then it is refused: it is for the cookie of the console alone', async () => {
    const session = (await signIn()).replace(/^[^=]+=/, '')
    assert.equal((await ask('/api/environment', { authorization: `Bearer ${session}` })).status, 401)
  })

  it('given the printed address, then the token becomes a session of 12 hours and leaves the address', async () => {
    const answer = await ask(`/alerts?token=${TOKEN}&state=firing`)
    assert.equal(answer.status, 302)
    assert.equal(answer.headers.get('location'), '/alerts?state=firing')
    const cookie = answer.headers.get('set-cookie') ?? ''
    assert.ok(cookie.startsWith(`${COOKIE}=`))
    assert.ok(!cookie.includes(TOKEN), 'browsers send it to every port of the host')
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
      assert.ok(cookie.includes(attribute), cookie)
  })

  it('given a token of an earlier start in the address, then the sign-in page says that it is not valid', async () => {
    const answer = await ask('/?token=old')
    assert.equal(answer.status, 401)
    assert.match(await answer.text(), /role="alert">This token is invalid or has been revoked\./)
  })

  it('given an old token in the address and a valid cookie, then the cookie counts', async () => {
    assert.equal(
      (await ask('/alerts?token=old', { cookie: await signIn() })).headers.get('location'),
      '/alerts',
    )
  })

  it('given a token in an address of the API, then it does not count: only pages have such addresses', async () => {
    assert.equal((await ask(`/api/environment?token=${TOKEN}`)).status, 401)
  })

  it('given a path that names another host, then it does not redirect there', async () => {
    const { app } = localConsole()
    const request = new Request(`${BASE}//evil.example/?token=${TOKEN}`, {
      headers: { host: '127.0.0.1:8050' },
    })
    assert.equal((await app.fetch(request)).headers.get('location'), '/evil.example/')
    for (const to of ['//evil.example', '/\\evil.example', 'https://evil.example']) {
      const answer = await ask('/sign-in', FORM, form({ token: TOKEN, to }))
      assert.match(answer.headers.get('location') ?? '', /^\/[^/\\]/)
    }
  })

  it('given the form with the token, then it leads to where the person wanted to go', async () => {
    const answer = await ask('/sign-in', FORM, form({ token: ` ${TOKEN}\n`, to: '/alerts?x=1' }))
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.get('location'), '/alerts?x=1')
    assert.equal((await ask('/api/environment', { cookie: getCookie(answer) })).status, 200)
  })

  it('given the form with a wrong token, then it is shown again, and says so', async () => {
    const answer = await ask('/sign-in', FORM, form({ token: 'wrong', to: '/alerts' }))
    assert.equal(answer.status, 401)
    assert.equal(answer.headers.get('set-cookie'), null)
    assert.match(await answer.text(), /is invalid.*value="\/alerts"/s)
  })

  it('given the form on a foreign page, then the sign-in is refused', async () => {
    const foreign = { ...FORM, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }
    assert.equal((await ask('/sign-in', foreign, form({ token: TOKEN, to: '/' }))).status, 403)
  })

  it('given an address with markup, then the sign-in page shows it as text', async () => {
    const text = await (await ask('/?x="><script>alert(1)</script>')).text()
    assert.doesNotMatch(text, /<script/)
  })

  it('given a link on a foreign page, which brings no cookie, then the page asks again by itself', async () => {
    const answer = await ask('/alerts', { 'sec-fetch-site': 'cross-site' })
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /http-equiv="refresh" content="0; url=\/alerts"/)
  })

  it('given a session of one port, then another port of the same console does not ask, and another console has its own', async () => {
    const { app } = localConsole()
    const at = async (url: string, cookie: string) =>
      app.fetch(new Request(url, { headers: { host: new URL(url).host, cookie } }))
    assert.equal((await at('http://127.0.0.1:8080/kafka', await signIn())).status, 200)
    // Browsers share no cookies between the names of this machine.
    const answer = await at('http://localhost:8080/kafka?x=1', '')
    assert.equal(answer.headers.get('location'), 'http://127.0.0.1:8080/kafka?x=1')
    assert.notEqual(createLocalAccess('other', { name: 'ada', role: 'operator' }).cookieName, COOKIE)
  })

  it('given a sign-out, then the cookie is gone, and its session has ended, but no other', async () => {
    const [cookie, other] = [await signIn(), await signIn()]
    const answer = await ask('/sign-out', { ...FORM, cookie }, { method: 'POST' })
    assert.equal((await ask('/api/environment', { cookie })).status, 401)
    assert.equal((await ask('/api/environment', { cookie: other })).status, 200)
    assert.equal(answer.headers.get('location'), '/')
    assert.match(answer.headers.get('set-cookie') ?? '', new RegExp(`^${COOKIE}=; Max-Age=0`))
  })
})

describe('who comes to a deployed console', () => {
  const base = 'https://console.example'
  let holders: Holder[] = [
    { token: 'one', name: 'ada', role: 'operator' },
    { token: 'two', name: 'bo', role: 'viewer' },
  ]
  let nowMs = Date.now()
  let ended: EndedSessions = createMemoryStore()
  const signOuts = new SignOuts(async () => ended, { forMs: 0, now: () => nowMs, reportError: () => {} })
  const headers = { ...FORM, origin: base }
  const signIn = async (token: string) => getCookie(await ask('/sign-in', headers, form({ token, to: '/' })))
  const askForStatus = async (cookie: string) => (await ask('/api/environment', { cookie })).status
  const { ask } = createConsole(
    createDeployedAccess(
      async () => holders,
      signOuts,
      () => nowMs,
    ),
    base,
  )
  const readPerson = async (token: string) =>
    (await readJson(await ask('/api/environment', { authorization: `Bearer ${token}` }))).person

  it('given the tokens of two people, then each is who the token names', async () => {
    assert.deepEqual(await readPerson('one'), { name: 'ada', role: 'operator' })
    assert.deepEqual(await readPerson('two'), { name: 'bo', role: 'viewer' })
  })

  it('given a token that was taken away, then it is refused at once', async () => {
    const before = holders
    holders = []
    assert.equal((await ask('/api/environment', { authorization: 'Bearer one' })).status, 401)
    holders = before
  })

  it('given a token in the address, then it does not count: logs on the way keep addresses', async () => {
    assert.equal((await ask('/?token=one')).status, 401)
  })

  it('given the form, then the cookie is for HTTPS and this host alone', async () => {
    const answer = await ask('/sign-in', headers, form({ token: 'two', to: '/' }))
    const cookie = answer.headers.get('set-cookie') ?? ''
    assert.match(cookie, /^__Host-sluice-console=\d{13}\./)
    for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/'])
      assert.ok(cookie.includes(attribute), cookie)
    assert.doesNotMatch(cookie, /Domain=/)
    assert.equal((await ask('/', { cookie: getCookie(answer) })).status, 200)
  })

  it('given a token that was taken away, then its sessions end, and those of others go on', async () => {
    const [ada, bo] = [await signIn('one'), await signIn('two')]
    const before = holders
    holders = before.filter(({ name }) => name !== 'ada')
    assert.deepEqual([await askForStatus(ada), await askForStatus(bo)], [401, 200])
    holders = before
  })

  it('given twelve hours, then a session ends, however much it was used', async () => {
    const cookie = await signIn('one')
    nowMs += 12 * 3_600_000 - 1
    assert.equal(await askForStatus(cookie), 200)
    nowMs += 1
    assert.equal(await askForStatus(cookie), 401)
  })

  it('given a sign-out that cannot be kept, then the browser forgets the session, and the person hears it', async () => {
    const cookie = await signIn('one')
    const kept = ended
    const away = () => Promise.reject(new Unavailable('store-unavailable', 'Redis does not answer'))
    ended = { read: away, update: away }
    const answer = await ask('/sign-out', { ...headers, cookie }, { method: 'POST' })
    assert.equal(answer.status, 503)
    assert.match(answer.headers.get('set-cookie') ?? '', /Max-Age=0/)
    assert.match((await readJson(answer)).message, /Redis/)
    ended = kept
  })
})
