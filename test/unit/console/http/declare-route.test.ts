import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hono } from 'hono'
import { pipe, string, transform } from 'valibot'
import {
  addRoutes,
  declareChange,
  declarePostQuery,
  declareQuery,
  declareSharedQuery,
} from '../../../../console/http/declare-route.ts'
import type { ConsoleHono, Role } from '../../../../console/http/person.ts'
import { sendProblem } from '../../../../console/http/problem.ts'

const COUNT = pipe(string('must be a count'), transform(Number))

const TABLE = {
  '/things': declareSharedQuery({ least: COUNT }, async ({ least }) => ({ least })),
  '/things/file': declareQuery({}, async (_, request) =>
    request.text('a file', 200, { 'content-type': 'text/plain' }),
  ),
  'POST /things/preview': declarePostQuery({ name: string('must be a name') }, async ({ name }) => ({
    name,
  })),
  'POST /things': declareChange({ name: string('must be a name') }, async ({ name }, { name: by }) => ({
    name,
    by,
  })),
}

function appFor(role: Role): Hono<ConsoleHono> {
  const app = new Hono<ConsoleHono>()
  app.onError((error, context) => sendProblem(context, error, () => {}))
  app.use((context, next) => {
    context.set('person', { name: 'ada', role })
    return next()
  })
  addRoutes(app, TABLE)
  return app
}

async function answered(app: Hono<ConsoleHono>, path: string, init?: RequestInit) {
  const response = await app.request(path, init)
  return [response.status, await response.text()]
}

describe('a table of routes', () => {
  it('given a question, then its fields are read, and each that is wrong is named', async () => {
    const app = appFor('viewer')
    assert.deepEqual(await answered(app, '/things?least=3'), [200, '{"least":3}'])
    const [status, text] = await answered(app, '/things')
    assert.equal(status, 400)
    assert.match(String(text), /least: /)
  })

  it('given an answer that is a file, then it is sent as it is', async () => {
    const response = await appFor('viewer').request('/things/file')
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain/)
    assert.equal(await response.text(), 'a file')
  })

  it('given a viewer, then a question with a body is answered, and a change is refused', async () => {
    const app = appFor('viewer')
    const body = JSON.stringify({ name: 'x' })
    assert.deepEqual(await answered(app, '/things/preview', { method: 'POST', body }), [200, '{"name":"x"}'])
    const [status] = await answered(app, '/things', { method: 'POST', body: '{' })
    assert.equal(status, 403, 'before its body is read')
  })

  it('given an operator, then a change has its body, and who asks for it', async () => {
    const body = JSON.stringify({ name: 'x' })
    const [status, text] = await answered(appFor('operator'), '/things', { method: 'POST', body })
    assert.deepEqual([status, JSON.parse(String(text))], [200, { name: 'x', by: 'ada' }])
  })

  it('given several who ask the same at once, then it is asked once for all of them', async () => {
    let times = 0
    const app = new Hono<ConsoleHono>()
    const count = declareSharedQuery({}, async () => {
      times += 1
      return times
    })
    addRoutes(app, { '/count': count })
    assert.deepEqual(await Promise.all([answered(app, '/count'), answered(app, '/count')]), [
      [200, '1'],
      [200, '1'],
    ])
  })

  it('given a change, then whoever asks afterwards gets no answer from before it, even if it failed', async () => {
    let name = 'old'
    const app = new Hono<ConsoleHono>()
    app.onError((error, context) => sendProblem(context, error, () => {}))
    app.use((context, next) => {
      context.set('person', { name: 'ada', role: 'operator' })
      return next()
    })
    addRoutes(app, {
      '/name': declareSharedQuery({}, async () => name),
      'POST /name': declareChange({ name: string('must be a name') }, async body => {
        name = body.name
        if (name === 'bad') throw new Error('no')
        return {}
      }),
    })
    for (const next of ['new', 'bad']) {
      assert.deepEqual(await answered(app, '/name'), [200, JSON.stringify(name)])
      await answered(app, '/name', { method: 'POST', body: JSON.stringify({ name: next }) })
      assert.deepEqual(await answered(app, '/name'), [200, JSON.stringify(next)])
    }
  })
})
