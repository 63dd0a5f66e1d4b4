import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Answers } from '../../console/api/api.ts'
import type { MessageList } from '../../console/api/kafka/messages/list.ts'
import type { Message } from '../../console/api/kafka/messages/one.ts'
import type { Delivery } from '../../console/api/writing/publish.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { until } from '../support/until.ts'

/** Messages of the large topic: a million with SLUICE_MANY_MESSAGES=1000000, which takes a minute. */
const MANY = Number(process.env.SLUICE_MANY_MESSAGES ?? 20_000)

const LOCATION = { site: 'roof', latitude: 52, longitude: 4 }

describe('given a console beside Kafka', () => {
  let environment: TestEnvironment
  let served: ServedConsole
  const messages = (values: Record<string, string>) =>
    served.ask<MessageList>(`/kafka/messages?${new URLSearchParams(values)}`)
  const post = (path: string, body: unknown, on = served) =>
    on.request(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })

  before(async () => {
    environment = await TestEnvironment.create()
    served = await servedConsole({ env: environment.name })
  })

  after(async () => {
    await served?.close()
    await environment?.close()
  })

  it('when a reading is written, then Kafka has it, it is found there, and an audit event says who did it', async () => {
    const { families } = await served.ask<Answers['/writing']>('/writing')
    const form = families.find(({ family }) => family === 'environment')
    const response = await post('/writing/readings', { family: 'environment', data: form?.example })
    const { id, topic, partition, offset, traceId } = (await response.json()) as Delivery
    assert.equal(topic, environment.topic('readings'))
    const place = new URLSearchParams({ topic, partition: String(partition), offset: String(offset) })
    const message = await served.ask<Message>(`/kafka/messages/one?${place}`)
    assert.deepEqual([message.event?.id, message.event?.data], [id, form?.example])
    assert.match(String(message.event?.traceparent), new RegExp(traceId))
    const [audit] = (await messages({ topic: environment.topic('events') })).messages
    assert.equal(audit?.shortType, 'audit')
    assert.match(audit?.summary ?? '', /by=ada.*action=publish/)
  })

  it('when a recording is played, then its progress can be watched, and its events are found as they were', async () => {
    const response = await post('/writing/replays', { recording: 'heatwave', speed: 'max', shift: false })
    assert.equal(response.status, 202)
    const first = async () => (await served.ask<Answers['/writing/replays']>('/writing/replays')).replays[0]
    await until('it is played', async () => (await first())?.state === 'done')
    assert.deepEqual([(await first())?.total, (await first())?.acknowledged], [291, 291])
    const topic = environment.topic('readings')
    const hot = await messages({ topic, where: 'data.temperature>40 and subject=roof-1', limit: '200' })
    assert.equal(hot.endedBy, 'end')
    assert.ok(hot.messages.length > 5 && hot.messages.every(({ entity }) => entity === 'roof-1'))
    const times = hot.messages.map(({ recordTime }) => Date.parse(recordTime))
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
    )
    const file = await served.request(
      `/kafka/messages/download?${new URLSearchParams({ topic, text: 'roof-2' })}`,
    )
    assert.deepEqual([file.headers.get('sluice-records'), file.headers.get('sluice-is-cut')], ['96', 'false'])
    assert.equal((await file.text()).trim().split('\n').length, 96)
  })

  it('when the topic is large, then the newest come at once, and a search says where it stopped', async t => {
    const topic = environment.topic('analytics')
    for (let at = 0; at < MANY; at += 5_000)
      await environment.client.send(
        topic,
        Array.from({ length: Math.min(5_000, MANY - at) }, (_, index) => {
          return { key: `k${at + index}`, value: `{"number":${at + index}}` }
        }),
      )
    const newest = await timed('the newest', t, () => messages({ topic }))
    assert.deepEqual([newest.held, newest.messages.length, newest.looked], [MANY, 50, 50])
    let [cursor, looked]: [string | null | undefined, number] = [undefined, 0]
    do {
      const values = { topic, text: 'nowhere', ...(cursor ? { cursor } : {}) }
      const found: MessageList = await timed('a search', t, () => messages(values))
      assert.equal(found.messages.length, 0)
      assert.ok(found.looked <= 100_000)
      assert.equal(found.endedBy, found.cursor === null ? 'end' : 'limit')
      looked += found.looked
      cursor = found.cursor
    } while (cursor !== null)
    assert.equal(looked, MANY)
  })

  it('when the environment is deployed, or the person a viewer, then nothing is written', async () => {
    const body = { family: 'environment', data: { sensorId: 's', temperature: 1, location: LOCATION } }
    const person = { name: 'eve', role: 'viewer' } as const
    const [deployed, viewed] = await Promise.all([
      servedConsole({ env: environment.name, isLocal: false }),
      servedConsole({ env: environment.name, person }),
    ])
    try {
      for (const [path, content] of [
        ['/writing/readings', body],
        ['/writing/replays', { recording: 'heatwave', speed: 1, shift: true }],
        ['/writing/replays/x/stop', {}],
      ] as const)
        for (const on of [deployed, viewed]) assert.equal((await post(path, content, on)).status, 403, path)
    } finally {
      await Promise.all([deployed.close(), viewed.close()])
    }
  })
})

/** Tells how long it took; how fast it has to be depends on the machine. */
async function timed<T>(what: string, t: TestContext, ask: () => Promise<T>): Promise<T> {
  const startedMs = performance.now()
  const answer = await ask()
  t.diagnostic(`${what}: ${Math.round(performance.now() - startedMs)} ms`)
  return answer
}
