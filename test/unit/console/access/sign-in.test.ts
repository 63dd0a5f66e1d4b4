import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLocalAccess } from '../../../../console/access/access.ts'
import { BASE, localConsole, readJson, TOKEN } from './support.ts'

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

describe('who comes to the console', () => {
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

  // Promise docs/console.md#opening-it | The printed address leads to the console, and signs in.
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

  // Promise docs/console.md#what-protects-it
  it('given a sign-out, then the cookie is gone, and its session has ended, but no other', async () => {
    const [cookie, other] = [await signIn(), await signIn()]
    const answer = await ask('/sign-out', { ...FORM, cookie }, { method: 'POST' })
    assert.equal((await ask('/api/environment', { cookie })).status, 401)
    assert.equal((await ask('/api/environment', { cookie: other })).status, 200)
    assert.equal(answer.headers.get('location'), '/')
    assert.match(answer.headers.get('set-cookie') ?? '', new RegExp(`^${COOKIE}=; Max-Age=0`))
  })
})
