import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hono } from 'hono'
import { LIMITS, limitRequests } from '../../../../console/access/limits.ts'
import type { ConsoleHono } from '../../../../console/http/person.ts'
import { sendProblem } from '../../../../console/http/problem.ts'
import { readJson } from './support.ts'

function questions(answerWithinMs: number, most: number, answer: () => Promise<string>) {
  const app = new Hono<ConsoleHono>()
  app.onError((error, context) => sendProblem(context, error, () => {}))
  app.use(limitRequests({ ...LIMITS, answerWithinMs, questions: most }))
  app.get('/', async context => context.text(await answer()))
  return async () => app.request('/')
}

describe('questions to the console', () => {
  it('given as many as it works on, then the next is refused, until one is answered', async () => {
    const answers: (() => void)[] = []
    const ask = questions(10_000, 2, () => new Promise(resolve => answers.push(() => resolve('done'))))
    const first = [ask(), ask()]
    const refused = await ask()
    assert.equal(refused.status, 429)
    assert.match((await readJson(refused)).message, /already processing 2 requests/)
    for (const answer of answers.splice(0)) answer()
    assert.deepEqual(await Promise.all(first.map(async asked => (await asked).status)), [200, 200])
    const next = ask()
    for (const answer of answers) answer()
    assert.equal((await next).status, 200)
  })

  it('given one that fails, then its place is free again', async () => {
    const ask = questions(10_000, 1, () => Promise.reject(new Error('no')))
    assert.deepEqual([(await ask()).status, (await ask()).status], [500, 500])
  })

  it('given one that takes too long, then it is answered with what to do', async () => {
    const ask = questions(1, 1, () => new Promise(() => {}))
    const answer = await ask()
    assert.equal(answer.status, 503)
    assert.match(
      (await readJson(answer)).message,
      /^\/ took longer than 0.001 s. Request a shorter time range/,
    )
  })
})
