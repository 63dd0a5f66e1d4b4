import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isRegistryError, RegistrySubjects } from '@sluice/schema-registry'
import { type HttpServer, startHttpServer } from '@sluice/test-kit/http-server'

const SCHEMA = { format: 'PROTOBUF', text: 'syntax = "proto3";', references: [] } as const

describe('given a registry with scripted answers', () => {
  let answer = { status: 200, body: '[]' }
  const asked: { method: string; url: string; authorization: string; body: string }[] = []
  let server: HttpServer
  let address = ''
  let subjects: RegistrySubjects
  before(async () => {
    server = await startHttpServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += piece
      const { method = '', url = '', headers } = request
      asked.push({ method, url, authorization: headers.authorization ?? '', body })
      if (answer.status === 0) return
      response.statusCode = answer.status
      response.end(answer.body)
    })
    address = `${server.url}/api/`
    subjects = new RegistrySubjects(address, { login: { username: 'me', password: 'hunter2' } })
  })
  after(() => server.close())

  test('when a schema is registered, then its format and the login are sent, and the id is returned', async () => {
    answer = { status: 200, body: '{"id": 7}' }
    assert.equal(await subjects.register('a topic/record', SCHEMA), 7)
    const { method, url, authorization, body } = asked.at(-1) ?? {}
    assert.deepEqual([method, url], ['POST', '/api/subjects/a%20topic%2Frecord/versions'])
    assert.equal(authorization, `Basic ${Buffer.from('me:hunter2').toString('base64')}`)
    assert.deepEqual(JSON.parse(body ?? ''), { schema: SCHEMA.text, schemaType: 'PROTOBUF' })
  })

  test('when it knows no such subject, then nothing is found, and any schema fits', async () => {
    answer = { status: 404, body: '{"error_code": 40401, "message": "Subject not found"}' }
    assert.equal(await subjects.findId('s', SCHEMA), undefined)
    assert.equal(await subjects.version('s'), undefined)
    assert.deepEqual(await subjects.versions('s'), [])
    assert.deepEqual(await subjects.compatibility('s', SCHEMA), { isCompatible: true, reasons: [] })
  })

  for (const [what, status, body] of [
    ['a page', 200, '<html>'],
    ['something else', 200, '{"ok": true}'],
    ['the page of a proxy', 404, '{"message": "no route"}'],
    ['an error', 500, '{"error_code": 50001, "message": "store"}'],
    ['a text as id', 200, '{"id": "7"}'],
  ] as const)
    test(`when it answers ${what}, then it is unavailable, and the message has no password`, async () => {
      answer = { status, body }
      for (const ask of [() => subjects.findId('s', SCHEMA), () => subjects.register('s', SCHEMA)])
        await assert.rejects(ask(), error => {
          assert.ok(isRegistryError(error, 'unavailable'), String(error))
          assert.doesNotMatch(error.message, /hunter2/)
          return true
        })
    })

  test('when it refuses, then the error has its reason', async () => {
    answer = { status: 409, body: '{"error_code": 409, "message": "incompatible"}' }
    await assert.rejects(subjects.register('s', SCHEMA), error => {
      assert.ok(isRegistryError(error, 'refused'))
      assert.match(error.message, /incompatible/)
      return true
    })
  })

  test('when an answer is too large, then it is unavailable, and says so', async () => {
    answer = { status: 200, body: `{"id": 7, "more": "${'x'.repeat(5_000_000)}"}` }
    await assert.rejects(subjects.findId('s', SCHEMA), {
      code: 'unavailable',
      message: /its answer has more than 4194304 bytes/,
    })
  })

  test('when it does not answer in time, then it is unavailable', async () => {
    answer = { status: 0, body: '' }
    const hurried = new RegistrySubjects(address, { answerWithinMs: 50 })
    for (const ask of [() => hurried.versions('s'), () => subjects.findId('s', SCHEMA, 50)])
      await assert.rejects(ask(), { code: 'unavailable', message: /timeout/ })
  })

  for (const [own, general, rule] of [
    ['FULL', 'BACKWARD', 'FULL'],
    [undefined, 'BACKWARD', 'BACKWARD'],
    ['NONE', 'NONE', 'NONE'],
    ['NONE', 'BACKWARD', undefined],
  ] as const)
    test(`when a subject's rule is ${own} and the registry's ${general}, then it is ${rule}`, async t => {
      t.mock.method(globalThis, 'fetch', async (url: string) => {
        const level = url.endsWith('/config') ? general : own
        const unknown = Response.json({ error_code: 40408, message: 'not found' }, { status: 404 })
        return level ? Response.json({ compatibilityLevel: level }) : unknown
      })
      assert.equal(await subjects.rule('s'), rule)
    })
})
