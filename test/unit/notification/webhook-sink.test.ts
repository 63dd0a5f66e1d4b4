import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Alert } from '../../../lib/alerting/alert.ts'
import type { WebhookReceiver } from '../../../lib/notification/receiver.ts'
import type { PostAnswer, PostRequest, WebhookPorts } from '../../../lib/notification/webhook/attempt.ts'
import { MAX_BATCH_MS } from '../../../lib/notification/webhook/lane.ts'
import { webhookSink } from '../../../lib/notification/webhook/sink.ts'
import { SinkKit } from '../../support/sink-kit.ts'
import { AT_MS, alert, notified, webhook } from './messages.ts'

const OK: PostAnswer = { kind: 'status', status: 200 }
const TIMED_OUT: PostAnswer = { kind: 'no-answer', why: 'did not answer within 5 s', timedOut: true }
const status = (code: number, retryAfter?: string): PostAnswer => ({
  kind: 'status',
  status: code,
  ...(retryAfter === undefined ? {} : { retryAfter }),
})

const WAITS = ['waits/receiver-unavailable']
const TEN_MINUTES_MS = 10 * 60_000

/** A network without servers: receivers answer as ordered, at last with 200; a time-out takes its time. */
class Network implements WebhookPorts {
  readonly posts: { to: string; id: string; body: string; headers: PostRequest['headers'] }[] = []
  clockMs = AT_MS
  readonly #answers: Readonly<Record<string, PostAnswer[]>>

  constructor(answers: Readonly<Record<string, PostAnswer[]>> = {}) {
    this.#answers = answers
  }

  readonly post = async ({ url, headers, body, timeoutMs }: PostRequest): Promise<PostAnswer> => {
    const to = new URL(url).hostname.replace('.example', '')
    this.posts.push({ to, id: headers['webhook-id'] ?? '', body, headers })
    const answer = this.#answers[to]?.shift() ?? OK
    this.clockMs += answer === TIMED_OUT ? timeoutMs : 1
    return answer
  }

  readonly access = async ({ name, url = '' }: WebhookReceiver) => {
    if (name === 'locked') throw new Error('secret sluice/test/receivers/locked cannot be read')
    return { url, keys: [Buffer.alloc(24)], headers: { authorization: 'Bearer x' } }
  }

  readonly nowMs = () => this.clockMs
  readonly pause = async (ms: number) => {
    this.clockMs += ms
  }

  get calls(): string[] {
    return this.posts.map(({ to, id }) => `${to} ${id}`)
  }
}

/** @param ageMs how old the first notifications are when they are delivered */
function given(
  names: readonly string[],
  answers: Readonly<Record<string, PostAnswer[]>> = {},
  ageMs: number = 0,
) {
  const network = new Network(answers)
  network.clockMs += ageMs
  const receivers = [{ name: 'sns', kind: 'sns' } as const, ...names.map(name => webhook(name))]
  const sink = webhookSink(receivers, 'prod', network)
  /** How long each call of the sink took. */
  const tookMs: number[] = []
  const deliver: typeof sink.deliver = async deliveries => {
    const fromMs = network.clockMs
    try {
      return await sink.deliver(deliveries)
    } finally {
      tookMs.push(network.clockMs - fromMs)
    }
  }
  return { network, tookMs, kit: new SinkKit({ ...sink, deliver }) }
}

describe('webhooks', () => {
  it('given notifications, then each goes to those that it names, in order', async () => {
    const { network, kit } = given(['a', 'b'])
    const outcomes = await kit.when(
      notified('n1', { receivers: ['a', 'b'] }),
      notified('n2', { receivers: ['b', 'sns'] }),
      notified('n3', { receivers: ['sns'] }),
    )
    assert.deepEqual(outcomes, ['applied/delivered', 'applied/delivered', 'applied/other-receivers'])
    assert.deepEqual(network.calls.sort(), ['a n1', 'b n1', 'b n2'])
  })

  it('given a webhook, then its request is signed, and has the id in headers and body', async () => {
    const { network, kit } = given(['a'])
    await kit.when(notified('n1', { receivers: ['a'] }))
    const [first] = network.posts
    assert.ok(first)
    const { headers, body } = first
    assert.equal(headers['webhook-id'], 'n1')
    assert.equal(headers['webhook-timestamp'], String(AT_MS / 1_000))
    assert.match(headers['webhook-signature'] ?? '', /^v1,[\w+/]{43}=$/)
    assert.equal(headers.authorization, 'Bearer x')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(JSON.parse(body).data.notificationId, 'n1')
    assert.equal(JSON.parse(body).data.env, 'prod')
  })

  const answers: [given: PostAnswer, outcome: string, why: RegExp][] = [
    [status(204), 'applied/delivered', /^$/],
    [
      status(301),
      'failed/rejected',
      /^a: answered with status 301, a redirect, which is not followed: use the final/,
    ],
    [status(400), 'failed/rejected', /^a: answered with status 400$/],
    [status(404), 'failed/rejected', /^a: answered with status 404$/],
    [status(410), 'failed/rejected', /^a: answered with status 410$/],
    [{ kind: 'refused', why: 'its address is private' }, 'failed/rejected', /^a: its address is private$/],
    [status(408), 'failed/not-accepted', /^a: answered with status 408$/],
    [status(429), 'failed/not-accepted', /^a: answered with status 429$/],
    [status(500), 'failed/not-accepted', /^a: answered with status 500$/],
    [status(503), 'failed/not-accepted', /^a: answered with status 503$/],
    [
      { kind: 'no-answer', why: 'refuses connections', timedOut: false },
      'failed/not-accepted',
      /^a: refuses connections$/,
    ],
  ]
  for (const [answer, outcome, why] of answers)
    it(`given the answer ${answer.kind === 'status' ? answer.status : answer.why} to an old one, then ${outcome}`, async () => {
      const { kit } = given(['a'], { a: Array.from({ length: 4 }, () => answer) }, TEN_MINUTES_MS)
      assert.deepEqual(await kit.when(notified('n1', { receivers: ['a'] })), [outcome])
      assert.match(kit.refusals.join(), why)
    })

  it('given one receiver that takes it and one that says later, then only the second is asked again', async () => {
    const { network, kit } = given(['a', 'b'], { b: Array.from({ length: 6 }, () => status(503)) })
    assert.deepEqual(await kit.when(notified('n1', { receivers: ['a', 'b'] })), WAITS)
    assert.deepEqual(await kit.when(), WAITS)
    assert.deepEqual(await kit.when(), ['applied/delivered'])
    assert.deepEqual(network.calls.sort(), ['a n1', ...Array(7).fill('b n1')])
  })

  it('given one that takes it and one that never will, then the failure names the second', async () => {
    const { kit } = given(['a', 'b'], { b: [status(404)] })
    assert.deepEqual(await kit.when(notified('n1', { receivers: ['a', 'b'] })), ['failed/rejected'])
    assert.deepEqual(kit.refusals, ['b: answered with status 404'])
  })

  it('given a fire that is not taken at once, then the resolve of its group waits behind it', async () => {
    const { network, kit } = given(['a'], { a: [status(503)] })
    const outcomes = await kit.when(
      notified('fire', { receivers: ['a'] }),
      notified('resolve', { receivers: ['a'], status: 'resolved' }),
      notified('other', { receivers: ['a'], group: 'site=bergen' }),
    )
    assert.deepEqual(outcomes, ['applied/delivered', 'applied/delivered', 'applied/delivered'])
    assert.deepEqual(network.calls, ['a fire', 'a other', 'a fire', 'a resolve'])
  })

  describe('given a fire that arrives after a later notification of its group', () => {
    const fails = (times: number) => Array.from({ length: times }, () => status(503))
    const resolved = (id: string) => alert(id, { endedAt: '2026-03-01T12:00:30.000Z' })

    it('then it is not sent any more', async () => {
      const { network, kit } = given(['a'])
      await kit.when(notified('resolve', { receivers: ['a'], status: 'resolved', at: 60 }))
      const outcomes = await kit.when(
        notified('fire', { receivers: ['a'] }),
        notified('other', { receivers: ['a'], group: 'site=bergen' }),
      )
      assert.deepEqual(outcomes, ['applied/superseded', 'applied/delivered'])
      assert.deepEqual(network.calls, ['a resolve', 'a other'])
    })

    it('then, from a batch before, it is not sent behind the resolve of a batch after', async () => {
      const { network, kit } = given(['a'], { a: fails(1) }, TEN_MINUTES_MS)
      const others = Array.from({ length: 99 }, (_, index) =>
        notified(`n${index}`, { receivers: ['a'], group: `g${index}` }),
      )
      const outcomes = await kit.when(
        notified('fire', { receivers: ['a'] }),
        ...others,
        notified('resolve', { receivers: ['a'], status: 'resolved', at: 1 }),
      )
      assert.equal(outcomes[0], 'applied/superseded')
      assert.equal(network.calls.at(-1), 'a resolve')
    })

    for (const status of ['firing', 'resolved'] as const)
      it(`then those that it resolves are sent alone, with the later status ${status}`, async () => {
        const { network, kit } = given(['a'])
        const standing = [alert('stands'), resolved('gone')]
        await kit.when(notified('later', { receivers: ['a'], status, at: 60, alerts: standing, omitted: 3 }))
        const alerts = [alert('fires'), resolved('gone')]
        const outcomes = await kit.when(notified('changed', { receivers: ['a'], alerts, omitted: 2 }))
        assert.deepEqual(outcomes, ['applied/delivered'])
        const { data } = JSON.parse(network.posts.at(-1)?.body ?? '')
        assert.deepEqual(
          [data.notificationId, data.status, data.reason, data.omitted],
          ['changed', status, ...(status === 'firing' ? ['changed', 4] : ['resolved', 0])],
        )
        assert.deepEqual(data.alerts, [resolved('gone')])
        const between = notified('between', { receivers: ['a'], at: 30 })
        assert.deepEqual(await kit.when(between), ['applied/superseded'])
      })

    it('then an alert that has fired again since is not sent as resolved', async () => {
      const { network, kit } = given(['a'])
      const again = alert('again', { fingerprint: 'one' })
      await kit.when(notified('later', { receivers: ['a'], alerts: [again], at: 60 }))
      const before = { ...resolved('before'), fingerprint: 'one' }
      const outcomes = await kit.when(notified('changed', { receivers: ['a'], alerts: [before] }))
      assert.deepEqual([outcomes, network.calls], [['applied/superseded'], ['a later']])
    })

    it('then the sequence orders the two, because the clock of a broker can go back', async () => {
      const { network, kit } = given(['a'])
      const [one, two, late] = [1, 2, 0].map(n => ({ extensions: { sequence: `0.${n}` } }))
      await kit.when({ ...notified('one', { receivers: ['a'], at: 60 }), ...one })
      assert.deepEqual(await kit.when({ ...notified('two', { receivers: ['a'] }), ...two }), [
        'applied/delivered',
      ])
      assert.deepEqual(await kit.when({ ...notified('late', { receivers: ['a'], at: 90 }), ...late }), [
        'applied/superseded',
      ])
      assert.deepEqual(network.calls, ['a one', 'a two'])
    })

    it('then another webhook, which has had no later one, still gets it', async () => {
      const { network, kit } = given(['a', 'b'])
      await kit.when(notified('resolve', { receivers: ['a'], status: 'resolved', at: 60 }))
      assert.deepEqual(await kit.when(notified('fire', { receivers: ['a', 'b'] })), ['applied/delivered'])
      assert.deepEqual(network.calls, ['a resolve', 'b fire'])
    })
  })

  it('given a secret that cannot be read, then nothing is sent there, and the others get theirs', async () => {
    const { network, kit } = given(['a', 'locked'])
    assert.deepEqual(await kit.when(notified('n1', { receivers: ['locked', 'a'] })), WAITS)
    assert.deepEqual(network.calls, ['a n1'])
    network.clockMs += TEN_MINUTES_MS
    assert.deepEqual(await kit.when(), ['failed/not-accepted'])
    assert.match(kit.refusals[0] ?? '', /^locked: /)
  })
})

describe('a webhook that does not answer', () => {
  const hanging = Array.from({ length: 100 }, () => TIMED_OUT)
  const twenty = (receivers: readonly string[]) =>
    Array.from({ length: 20 }, (_, index) => notified(`n${index}`, { receivers, group: `g${index}` }))
  const callsTo = (network: Network, to: string) => network.posts.filter(post => post.to === to).length

  it('given two time-outs, then it is left alone for a minute, and the others get all of theirs once', async () => {
    const { network, kit } = given(['a', 'dead'], { dead: [...hanging] })
    const outcomes = await kit.when(...twenty(['a', 'dead']))
    assert.deepEqual(new Set(outcomes), new Set(WAITS))
    assert.deepEqual([callsTo(network, 'a'), callsTo(network, 'dead')], [20, 2])
    assert.ok(network.clockMs - AT_MS < 11_000, 'it has held up the batch for two time-outs')

    network.clockMs += 60_000
    await kit.when()
    assert.equal(callsTo(network, 'dead'), 3, 'after a minute one attempt is enough to know')
    assert.equal(callsTo(network, 'a'), 20)
  })

  it('given ten minutes of it, then what waited fails, and what comes next does not wait', async () => {
    const { network, kit } = given(['a', 'dead'], { dead: [...hanging] })
    await kit.when(...twenty(['a', 'dead']))
    for (let minute = 1; minute < 10; minute += 1) {
      network.clockMs += 60_000
      assert.deepEqual(new Set(await kit.when()), new Set(WAITS))
    }
    network.clockMs += 60_000
    assert.deepEqual(new Set(await kit.when()), new Set(['failed/not-accepted']))
    assert.match(kit.refusals.at(-1) ?? '', /^dead: not called, because it could not be called \d+ times/)

    const next = notified('next', { receivers: ['a', 'dead'], at: 11 * 60 })
    assert.deepEqual(await kit.when(next), ['failed/not-accepted'])
  })

  it('given a failure hours ago, then it is waited for again', async () => {
    const { network, kit } = given(['a'], { a: Array.from({ length: 6 }, () => status(503)) }, TEN_MINUTES_MS)
    assert.deepEqual(await kit.when(notified('n1', { receivers: ['a'] })), ['failed/not-accepted'])
    network.clockMs += 3 * 3_600_000
    const later = (network.clockMs - AT_MS) / 1_000
    assert.deepEqual(await kit.when(notified('n2', { receivers: ['a'], at: later })), WAITS)
  })

  it('given an answer after that, then it is called as before', async () => {
    const { network, kit } = given(['dead'], { dead: [TIMED_OUT, TIMED_OUT] })
    await kit.when(notified('n1', { receivers: ['dead'] }))
    await kit.when()
    network.clockMs += 60_000
    const outcomes = await kit.when(notified('n2', { receivers: ['dead'] }))
    assert.deepEqual(outcomes, ['applied/delivered', 'applied/delivered'])
  })

  it('given the slowest secret and answer, then a batch still ends within the time that is reserved', async () => {
    const { network, tookMs, kit } = given(['slow'])
    const { access } = network
    Object.assign(network, {
      access: async (receiver: WebhookReceiver) => {
        const isLast = network.clockMs - AT_MS === 20_000
        network.clockMs += isLast ? 5_000 : 0
        return access(receiver)
      },
      post: async () => {
        network.clockMs += network.clockMs - AT_MS < 20_000 ? 20_000 : 30_000
        return OK
      },
    })
    await kit.when(...twenty(['slow']))
    const longestMs = Math.max(...tookMs)
    assert.equal(longestMs, 55_000)
    assert.ok(longestMs <= MAX_BATCH_MS)
  })

  for (const [age, ageMs] of Object.entries({ 'new ones': 0, 'old ones': 2 * TEN_MINUTES_MS }))
    it(`given one that takes 4.9 s each, then ${age} wait for the next batch, and all arrive`, async () => {
      const { network, tookMs, kit } = given(['slow'], {}, ageMs)
      const post = network.post
      Object.assign(network, {
        post: async (request: PostRequest) => {
          network.clockMs += 4_900
          return post(request)
        },
      })
      let outcomes = await kit.when(...twenty(['slow']))
      assert.ok(
        tookMs.every(ms => ms < 26_000),
        'a batch does not wait for it longer than that',
      )
      for (let batch = 2; outcomes.some(outcome => outcome === WAITS[0]); batch += 1) {
        assert.ok(batch <= 4, 'five are delivered in each batch')
        outcomes = await kit.when()
      }
      assert.deepEqual(new Set(outcomes), new Set(['applied/delivered']))
      assert.equal(callsTo(network, 'slow'), 20)
    })
})

describe('a webhook that asks for a pause', () => {
  const rests = async (retryAfter: string) => {
    const { network, kit } = given(['a'], { a: [status(429, retryAfter)] })
    const outcomes = await kit.when(notified('n1', { receivers: ['a'] }))
    return [outcomes[0], network.posts.length, Math.floor((network.clockMs - AT_MS) / 1_000)]
  }

  it('given some seconds, then they are waited for, and it is called again', async () => {
    assert.deepEqual(await rests('7'), ['applied/delivered', 2, 7])
  })

  it('given a date soon, then it is waited for', async () => {
    assert.deepEqual(await rests(new Date(AT_MS + 5_000).toUTCString()), ['applied/delivered', 2, 5])
  })

  it('given minutes, then it is not waited for, and nothing is sent before they are over', async () => {
    assert.deepEqual(await rests('120'), [...WAITS, 1, 0])
  })

  it('given half a minute, then the notification waits in Kafka and is delivered after it', async () => {
    const { network, kit } = given(['a'], { a: [status(429, '30')] })
    const first = notified('n1', { receivers: ['a'] })
    assert.deepEqual(await kit.when(first, notified('n2', { receivers: ['a'] })), WAITS)
    network.clockMs += 30_000
    assert.deepEqual(await kit.when(), ['applied/delivered', 'applied/delivered'])
    assert.deepEqual(network.calls, ['a n1', 'a n1', 'a n2'])
  })

  it('given nonsense, or a time that is past, then it is called again as after any other answer', async () => {
    assert.deepEqual(await rests('soon'), ['applied/delivered', 2, 0])
    assert.deepEqual(await rests('Thu, 01 Jan 1970 00:00:00 GMT'), ['applied/delivered', 2, 0])
  })

  it('given an hour, then it is called again after five minutes', async () => {
    const { network, kit } = given(['a'], { a: [status(503, '3600')] })
    await kit.when(notified('n1', { receivers: ['a'] }))
    network.clockMs += 5 * 60_000
    assert.deepEqual(await kit.when(), ['applied/delivered'])
  })
})

describe('a backlog', () => {
  it('given notifications older than an hour, then each receiver gets one digest of its own', async () => {
    const { network, kit } = given(['a', 'b'])
    const outcomes = await kit.whenLate(
      2 * 3_600_000,
      notified('n1', { receivers: ['a'] }),
      notified('n2', { receivers: ['a', 'b'], at: 60, omitted: 2 }),
      notified('n3', { receivers: ['a'], at: 90, group: 'site=bergen', groupLabels: { site: 'bergen' } }),
      notified('dog', { receivers: ['a', 'b'], at: 120, reason: 'watchdog' }),
    )
    assert.deepEqual(new Set(outcomes), new Set(['applied/delivered']))
    assert.deepEqual(network.posts.map(({ to }) => to).sort(), ['a', 'b'])
    const { data } = JSON.parse(network.posts.find(({ to }) => to === 'a')?.body ?? '')
    assert.deepEqual(data.digest, {
      notifications: 3,
      from: '2026-03-01T12:00:00.000Z',
      to: '2026-03-01T12:01:30.000Z',
    })
    assert.deepEqual(
      data.alerts.map(({ alertId }: { alertId: string }) => alertId),
      ['a-n1', 'a-n2', 'a-n3'],
    )
    assert.deepEqual([data.group, data.groupLabels, data.omitted], ['digest', {}, 2])
  })

  const HOURS_MS = 2 * 3_600_000
  const fire = notified('fire', { receivers: ['a', 'b'], alerts: [alert('x')] })
  const resolve = notified('resolve', {
    at: 600,
    receivers: ['a', 'b'],
    status: 'resolved',
    reason: 'resolved',
    alerts: [alert('x', { endedAt: '2026-03-01T12:10:00.000Z' })],
  })

  it('given a fire that comes back hours after its resolve was sent, then it is not sent', async () => {
    const { network, kit } = given(['a', 'b'], { a: [status(400)], b: [status(400)] })
    assert.deepEqual(await kit.when(fire), ['failed/rejected'])
    await kit.when(resolve)
    assert.deepEqual(await kit.whenLate(HOURS_MS, fire), ['applied/superseded'])
    assert.deepEqual(network.calls, ['a fire', 'b fire', 'a resolve', 'b resolve'])
  })

  it('given one of two webhooks that refused, when it comes back hours later, then only that one gets it', async () => {
    const { network, kit } = given(['a', 'b'], { a: [status(400)] })
    await kit.when(fire)
    assert.deepEqual(await kit.whenLate(HOURS_MS, fire), ['applied/delivered'])
    assert.deepEqual(
      network.posts.map(({ to }) => to),
      ['a', 'b', 'a'],
    )
  })

  it('given a digest that one of two webhooks refused, when it comes back, then only that one gets it', async () => {
    const { network, kit } = given(['a', 'b'], { a: [status(400)] })
    assert.deepEqual(new Set(await kit.whenLate(HOURS_MS, fire, resolve)), new Set(['failed/rejected']))
    // Alone, it would be another digest.
    assert.deepEqual(await kit.whenLate(HOURS_MS, resolve), ['applied/delivered'])
    assert.deepEqual(
      network.posts.map(({ to }) => to),
      ['a', 'b', 'a'],
    )
  })

  it('given a digest that a webhook took, when an earlier fire comes back, then it is not sent', async () => {
    const { network, kit } = given(['a', 'b'])
    await kit.whenLate(HOURS_MS, resolve)
    assert.deepEqual(await kit.whenLate(HOURS_MS, fire), ['applied/superseded'])
    assert.equal(network.posts.length, 2)
  })

  it('given a digest that a webhook did not take, when it comes back, then it is still news', async () => {
    const { network, kit } = given(['a'], { a: [status(400)] })
    await kit.whenLate(HOURS_MS, resolve)
    assert.deepEqual(await kit.whenLate(HOURS_MS, fire, resolve), ['applied/delivered', 'applied/delivered'])
    assert.equal(JSON.parse(network.posts.at(-1)?.body ?? '').data.digest.notifications, 2)
  })

  it('given digests of several groups, when an earlier one comes back behind a later one, then it is news', async () => {
    const { network, kit } = given(['a'], { a: [status(400)] })
    const of = (...at: readonly number[]) =>
      at.map(second => {
        const status = second % 2 === 0 ? 'resolved' : 'firing'
        return notified(`n${second}`, { at: second, receivers: ['a'], group: `g${second}`, status })
      })
    await kit.whenLate(HOURS_MS, ...of(1, 2))
    await kit.whenLate(HOURS_MS, ...of(3, 4))
    assert.deepEqual(new Set(await kit.whenLate(HOURS_MS, ...of(1, 2))), new Set(['applied/delivered']))
    assert.equal(network.posts.length, 3)
    assert.equal(JSON.parse(network.posts.at(-1)?.body ?? '').data.status, 'firing')
  })

  it('given a fire behind its resolve in one digest, then the digest says that the alert has resolved', async () => {
    const { network, kit } = given(['a'])
    const between = notified('between', { at: 300, receivers: ['a'], alerts: [alert('y')] })
    await kit.whenLate(HOURS_MS, resolve, fire, between)
    const { data, timestamp } = JSON.parse(network.posts[0]?.body ?? '')
    const alerts = data.alerts.map(({ alertId, status }: Alert) => `${alertId} ${status}`)
    assert.deepEqual([data.group, data.status, alerts], ['site=oslo', 'resolved', ['y firing', 'x resolved']])
    assert.deepEqual([data.digest.from, timestamp], [fire.time, resolve.time])
  })

  it('given only what says nothing any more, then nothing is sent', async () => {
    const { network, kit } = given(['a'])
    const outcomes = await kit.whenLate(
      2 * 3_600_000,
      notified('dog', { receivers: ['a'], reason: 'watchdog' }),
      notified('try', { receivers: ['a'], reason: 'test' }),
    )
    assert.deepEqual(new Set(outcomes), new Set(['applied/other-receivers']))
    assert.deepEqual(network.calls, [])
  })
})
