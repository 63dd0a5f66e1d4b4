import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Hono } from 'hono'
import { derivedId } from '#runtime/consumer'
import { declareQuestions } from '../../../../console/api/questions.ts'
import type { ConsoleEnvironment } from '../../../../console/environment.ts'
import { addRoutes } from '../../../../console/http/declare-route.ts'
import type { ConsoleHono } from '../../../../console/http/person.ts'
import { readConfig } from '../../../../control/environment/config.ts'

const [A, B] = [derivedId('a'), derivedId('b')]

/** An environment in which nothing fires, with one record on the alerts topic that takes a while to read. */
function quiet() {
  const reads: string[] = []
  const environment = {
    config: readConfig({
      SLUICE_ENV: 'test',
      KAFKA_BROKERS: '127.0.0.1:1',
      REDIS_URL: 'redis://127.0.0.1:1',
    }),
    topic: (signal: string) => signal,
    topicSize: async () => ({ topic: 'alerts', partitions: 1 }),
    offsets: async () => ({ bounds: async () => [{ start: 0, end: 1 }] }),
    inspection: async () => ({ states: async function* () {}, summary: async () => ({ appliedOffset: 0 }) }),
    log: async () => ({
      read: async (...[, , , text]: readonly unknown[]) => {
        reads.push(String(text))
        await pause(50)
        return { records: [], nextOffset: 1 }
      },
    }),
  } as unknown as ConsoleEnvironment
  const routes = new Hono<ConsoleHono>()
  addRoutes(routes, declareQuestions(environment))
  return { routes, reads }
}

describe('one alert that does not fire', () => {
  it('given a slow search, or an invalid id, when it is requested, then no topic is searched', async () => {
    const { routes, reads } = quiet()
    const told: unknown[] = []
    routes.onError((error, context) => {
      told.push(error.message.replace(/^Alert \S+ (was not found).*/s, '$1'))
      return context.text('')
    })
    for (const alert of [A, A, B, 'e']) await routes.request(`/alerts/one?alert=${alert}`)
    const none = 'was not found'
    assert.deepEqual(told, [none, none, none, none])
    assert.deepEqual(reads, [A, B])
  })
})
