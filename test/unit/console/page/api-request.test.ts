/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { afterEach, describe, it, mock } from 'node:test'
import { sendRequest, toProblem, toRepeatedProblem } from '../../../../console/page/client/api-request.ts'

const getFailure = (answer: Promise<unknown>) => answer.then(() => assert.fail(), problems)
const problems = (error: unknown) => [toProblem(error).message, toRepeatedProblem(error).message]

const AWAY = 'The console does not respond. Check that it is running.'

describe('a question to the console', () => {
  afterEach(() => mock.restoreAll())

  it('given a console that is away, then only a question that is asked again says that it is', async () => {
    mock.method(globalThis, 'fetch', async () => {
      throw new TypeError('fetch failed')
    })
    assert.deepEqual(await getFailure(sendRequest('/alerts')), [
      AWAY,
      `${AWAY} The page retries automatically.`,
    ])
  })

  it('given a proxy that answers for a console that is away, then that is the same', async () => {
    mock.method(globalThis, 'fetch', async () => new Response('Bad gateway', { status: 502 }))
    assert.deepEqual(await getFailure(sendRequest('/alerts')), [
      AWAY,
      `${AWAY} The page retries automatically.`,
    ])
  })

  it('given a console that says why it cannot answer, then its sentence stays as it is', async () => {
    const problem = { code: 'unavailable', message: 'Kafka does not answer' }
    mock.method(globalThis, 'fetch', async () => Response.json(problem, { status: 503 }))
    assert.deepEqual(await getFailure(sendRequest('/alerts')), [problem.message, problem.message])
  })

  it('given a console that answers, then that is the answer', async () => {
    mock.method(globalThis, 'fetch', async () => Response.json({ count: 3 }))
    assert.deepEqual(await sendRequest('/alerts'), { count: 3 })
  })
})
