import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLocalAccess } from '../../../../console/access/access.ts'
import { findRefusal, type Origins } from '../../../../console/access/guard.ts'

const LOCAL = createLocalAccess('t', { name: 'ada', role: 'operator' }, ['ksql-runner'])

/** A question that a page of the console asks. */
const QUESTION: Origins = {
  method: 'GET',
  url: new URL('http://127.0.0.1:8050/api/overview'),
  path: '/api/overview',
  host: '127.0.0.1:8050',
  origin: undefined,
  site: 'same-origin',
  hasBearer: false,
}
const CHANGE: Origins = { ...QUESTION, method: 'POST', origin: 'http://127.0.0.1:8050' }
const PAGE: Origins = { ...QUESTION, url: new URL('http://127.0.0.1:8050/alerts'), path: '/alerts' }

const evil = 'http://evil.example'

const CASES: [string, 'answered' | 'refused', Origins][] = [
  ['a question of the page', 'answered', QUESTION],
  ['a question of a program', 'answered', { ...QUESTION, site: undefined }],
  ['a question that a person has typed', 'answered', { ...QUESTION, site: 'none' }],
  ['a question of a foreign page', 'refused', { ...QUESTION, site: 'cross-site' }],
  ['a question of a page on another port', 'refused', { ...QUESTION, site: 'same-site' }],
  ['a question with a foreign origin', 'refused', { ...QUESTION, origin: evil }],
  ['a link on a foreign page to a page', 'answered', { ...PAGE, site: 'cross-site' }],
  ['a page under localhost', 'answered', hosted(PAGE, 'localhost:8050')],
  ['a page under another port, as a tunnel has it', 'answered', hosted(PAGE, '127.0.0.1:9000')],
  ['a page under IPv6', 'answered', hosted(PAGE, '[::1]:8050')],
  ['a page under LOCALHOST', 'answered', hosted(PAGE, 'LOCALHOST:8050')],
  ['a page under the name of its container', 'answered', hosted(PAGE, 'ksql-runner:8088')],
  ['a page under a name that ends like that', 'refused', hosted(PAGE, 'evil.ksql-runner:8088')],
  ['a page under a foreign name that leads here', 'refused', hosted(PAGE, 'evil.example:8050')],
  ['a page under a name that begins like ours', 'refused', hosted(PAGE, 'localhost.evil.example')],
  ['a page under no name', 'refused', { ...PAGE, host: undefined }],
  ['a change of the page', 'answered', CHANGE],
  ['a change of a program with a token', 'answered', program({ hasBearer: true })],
  ['a change of a program with a cookie alone', 'refused', program({})],
  ['a change of an older browser', 'answered', { ...CHANGE, site: undefined }],
  ['a change of a foreign page', 'refused', { ...CHANGE, origin: evil, site: 'cross-site' }],
  [
    'a change of a page on another port',
    'refused',
    { ...CHANGE, origin: 'http://127.0.0.1:9999', site: 'same-site' },
  ],
  ['a change of an older browser on a foreign page', 'refused', { ...CHANGE, origin: evil, site: undefined }],
  ['a change whose origin is hidden', 'refused', { ...CHANGE, origin: 'null', site: undefined }],
  ['a change that a person has typed', 'refused', { ...CHANGE, origin: undefined, site: 'none' }],
]

function hosted(asked: Origins, host: string): Origins {
  return { ...asked, host, url: new URL(asked.url.pathname, `http://${host}`) }
}

function program(more: Partial<Origins>): Origins {
  return { ...CHANGE, origin: undefined, site: undefined, ...more }
}

describe('a request to the console on this machine', () => {
  for (const [what, outcome, asked] of CASES)
    it(`given ${what}, then it is ${outcome}`, () => {
      assert.equal(findRefusal(asked, LOCAL) === undefined ? 'answered' : 'refused', outcome)
    })

  it('given a long host with other characters, then the refusal names the beginning, escaped', () => {
    const host = `evil"\u009b<b>:8050${'x'.repeat(300)}`
    const refusal = findRefusal({ ...QUESTION, host }, LOCAL) ?? ''
    assert.match(refusal, /the host "evil%22%C2%9B%3Cb%3E:8050x+" of the request/)
    assert.ok(refusal.length < 300 && refusal.includes('docs/console.md'))
  })
})
