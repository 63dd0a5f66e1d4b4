import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { confirmDelivery, type Event } from '#runtime/consumer'
import { deliverSink } from '../../../lib/notification/deliver.ts'
import type { NotificationMessage } from '../../../lib/notification/message.ts'
import type { WebhookReceiver } from '../../../lib/notification/receiver.ts'
import type { PostAnswer, PostRequest, WebhookPorts } from '../../../lib/notification/webhook/attempt.ts'
import { MAX_BATCH_MS, Webhook } from '../../../lib/notification/webhook/webhook.ts'
import { SinkKit } from '../../support/sink-kit.ts'
import { AT_MS, alert, IN_PROD, notified, webhook } from './messages.ts'

const OK: PostAnswer = { kind: 'status', status: 200 }
const TIMED_OUT: PostAnswer = { kind: 'no-answer', why: 'did not answer within 5 s', timedOut: true }
const status = (code: number, retryAfter?: string): PostAnswer => ({
  kind: 'status',
  status: code,
  ...(retryAfter === undefined ? {} : { retryAfter }),
})

const times = (count: number, answer: PostAnswer) => Array.from({ length: count }, () => answer)

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

function given(names: readonly string[], answers: Readonly<Record<string, PostAnswer[]>> = {}) {
  const network = new Network(answers)
  const start = () =>
    deliverSink(
      names.map(name => new Webhook(webhook(name), network)),
      IN_PROD,
    )
  let sink = start()
  /** How long each call of the sink took. */
  const tookMs: number[] = []
  const deliver: typeof sink.deliver = async (deliveries, openGroups) => {
    const fromMs = network.clockMs
    const outcomes = await sink.deliver(deliveries, openGroups)
    tookMs.push(network.clockMs - fromMs)
    for (const outcome of outcomes)
      if (outcome.kind !== 'delivered')
        assert.equal(outcome.safeMessage, outcome.why, 'the log has the reason')
    return outcomes
  }
  /** A new process goes on, with the same store. */
  const restart = () => {
    sink = start()
  }
  return { network, tookMs, restart, kit: new SinkKit({ ...sink, deliver }) }
}

describe('receivers', () => {
  it('given a webhook that hangs, then the other receivers get theirs meanwhile', async () => {
    const published = Promise.withResolvers<void>()
    const network = new Network()
    const post = async (request: PostRequest) => {
      await published.promise
      return network.post(request)
    }
    const mail = {
      names: ['mail'],
      async deliver(messages: readonly NotificationMessage[]) {
        published.resolve()
        return messages.map(() => confirmDelivery('delivered'))
      },
    }
    const hanging = new Webhook(webhook('hanging'), {
      access: network.access,
      nowMs: network.nowMs,
      pause: network.pause,
      post,
    })
    const kit = new SinkKit(deliverSink([hanging, mail], IN_PROD))
    const outcomes = await kit.when(notified('n1', { receivers: ['hanging', 'mail'] }))
    assert.deepEqual(outcomes, ['applied/delivered'])
  })

  it('given three that answer differently, then only those that have not accepted it get it again', async () => {
    const { network, kit } = given(['a', 'later', 'never'], {
      later: times(3, status(503)),
      never: times(3, status(404)),
    })
    const outcomes = await kit.when(notified('n1', { receivers: ['a', 'later', 'never'] }))
    assert.deepEqual(outcomes, ['failed/not-accepted'])
    assert.deepEqual(kit.refusals, ['later: answered with status 503; never: answered with status 404'])
    assert.deepEqual(kit.receiversLeft, [['later', 'never']])
    assert.equal(network.calls.filter(call => call === 'a n1').length, 1)
  })

  it('given a name that no receiver has, then it fails for that name, and the others get theirs', async () => {
    const { network, kit } = given(['a'])
    assert.deepEqual(await kit.when(notified('n1', { receivers: ['a', 'pagr'] })), ['failed/rejected'])
    assert.deepEqual([kit.refusals, kit.receiversLeft], [['unknown receiver pagr'], [['pagr']]])
    assert.deepEqual(network.calls, ['a n1'])
  })
})

describe('webhooks', () => {
  it('given notifications, then each goes to those that it names, in order', async () => {
    const { network, kit } = given(['a', 'b'])
    const outcomes = await kit.when(
      notified('n1', { receivers: ['a', 'b'] }),
      notified('n2', { receivers: ['b'] }),
    )
    assert.deepEqual(outcomes, ['applied/delivered', 'applied/delivered'])
    assert.deepEqual(network.calls.sort(), ['a n1', 'b n1', 'b n2'])
  })

  // Promise docs/notifications.md#what-a-webhook-gets | A request has the id in headers and body, and a repeat the same. A chat that ignores blocks shows entity, value and link of each alert.
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
    [status(404), 'failed/rejected', /^a: answered with status 404$/],
    [{ kind: 'refused', why: 'its address is private' }, 'failed/rejected', /^a: its address is private$/],
    [status(503), 'failed/not-accepted', /^a: answered with status 503$/],
    [
      { kind: 'no-answer', why: 'refuses connections', timedOut: false },
      'failed/not-accepted',
      /^a: refuses connections$/,
    ],
  ]
  for (const [answer, outcome, why] of answers)
    it(`given the answer ${answer.kind === 'status' ? answer.status : answer.why}, then ${outcome}`, async () => {
      const { kit } = given(['a'], { a: times(4, answer) })
      assert.deepEqual(await kit.when(notified('n1', { receivers: ['a'] })), [outcome])
      assert.match(kit.refusals.join(), why)
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

  describe('given a fire that returns after a later notification of its group, by another process', () => {
    const resolved = (id: string) => alert(id, { endedAt: '2026-03-01T12:00:30.000Z' })
    /** A notification that a webhook has refused, and that returns after a later one. */
    const givenReturning = async (late: Event, later: readonly Event[], names = ['a']) => {
      const stage = given(names, { a: times(3, status(500)) })
      assert.deepEqual(await stage.kit.when(late), ['failed/not-accepted'])
      assert.deepEqual(
        await stage.kit.when(...later),
        later.map(() => 'applied/delivered'),
      )
      stage.restart()
      stage.network.posts.length = 0
      return { ...stage, outcomes: await stage.kit.when(late) }
    }
    const resolve = notified('resolve', { receivers: ['a'], status: 'resolved', at: 60 })

    it('then it is not sent any more', async () => {
      const fire = notified('fire', { receivers: ['a'] })
      const { network, kit, outcomes } = await givenReturning(fire, [resolve])
      assert.deepEqual(outcomes, ['applied/superseded'])
      assert.deepEqual(await kit.when(notified('other', { receivers: ['a'], group: 'site=bergen' })), [
        'applied/delivered',
      ])
      assert.deepEqual(network.calls, ['a other'])
    })

    for (const status of ['firing', 'resolved'] as const)
      it(`then those that it resolves are sent alone, with the later status ${status}`, async () => {
        const later = notified('later', {
          receivers: ['a'],
          status,
          at: 60,
          alerts: [alert('stands'), resolved('gone')],
          omitted: 3,
        })
        const alerts = [alert('fires'), resolved('gone')]
        const changed = notified('changed', { receivers: ['a'], alerts, omitted: 2 })
        const { network, outcomes } = await givenReturning(changed, [later])
        assert.deepEqual(outcomes, ['applied/delivered'])
        const { data } = JSON.parse(network.posts.at(-1)?.body ?? '')
        assert.deepEqual(
          [data.notificationId, data.status, data.reason, data.omitted],
          ['changed', status, ...(status === 'firing' ? ['changed', 4] : ['resolved', 0])],
        )
        assert.deepEqual(data.alerts, [resolved('gone')])
      })

    it('then an alert that has fired again since is not sent as resolved', async () => {
      const later = notified('later', {
        receivers: ['a'],
        alerts: [alert('again', { fingerprint: 'one' })],
        at: 60,
      })
      const before = { ...resolved('before'), fingerprint: 'one' }
      const changed = notified('changed', { receivers: ['a'], alerts: [before] })
      const { network, outcomes } = await givenReturning(changed, [later])
      assert.deepEqual([outcomes, network.calls], [['applied/superseded'], []])
    })

    it('then the sequence orders the two, because the clock of a broker can go back', async () => {
      const [late, one, two] = [0, 1, 2].map(n => ({ extensions: { sequence: `0.${n}` } }))
      const { outcomes } = await givenReturning(
        { ...notified('late', { receivers: ['a'], at: 90 }), ...late },
        [
          { ...notified('one', { receivers: ['a'], at: 60 }), ...one },
          { ...notified('two', { receivers: ['a'] }), ...two },
        ],
      )
      assert.deepEqual(outcomes, ['applied/superseded'])
    })

    it('then another webhook, which has had no later one, still gets it', async () => {
      const { network, kit, restart } = given(['a', 'b'], {
        a: times(3, status(500)),
        b: times(3, status(500)),
      })
      const fire = notified('fire', { receivers: ['a', 'b'] })
      assert.deepEqual(await kit.when(fire), ['failed/not-accepted'])
      assert.deepEqual(await kit.when(resolve), ['applied/delivered'])
      restart()
      network.posts.length = 0
      assert.deepEqual(await kit.when(fire), ['applied/delivered'])
      assert.deepEqual(network.calls, ['b fire'])
    })
  })

  it('given a secret that cannot be read, then nothing is sent there, and the others get theirs', async () => {
    const { network, kit } = given(['a', 'locked'])
    const outcomes = await kit.when(notified('n1', { receivers: ['locked', 'a'] }))
    assert.deepEqual(outcomes, ['failed/not-accepted'])
    assert.deepEqual([network.calls, kit.receiversLeft], [['a n1'], [['locked']]])
    assert.match(kit.refusals[0] ?? '', /^locked: /)
  })
})

describe('a webhook that does not answer', () => {
  const twenty = (receivers: readonly string[], from = 0) =>
    Array.from({ length: 20 }, (_, index) =>
      notified(`n${from + index}`, { receivers, group: `g${from + index}` }),
    )
  const callsTo = (network: Network, to: string) => network.posts.filter(post => post.to === to).length

  // Promise docs/notifications.md#slow-and-dead-receivers | A dead receiver holds up no other one, and its retries reach it alone.
  it('given tries in vain, then all fail for it alone, and soon it is not called for a minute', async () => {
    const { network, kit } = given(['a', 'dead'], { dead: times(100, TIMED_OUT) })
    const outcomes = await kit.when(...twenty(['a', 'dead']))
    assert.deepEqual(new Set(outcomes), new Set(['failed/not-accepted']))
    assert.deepEqual([callsTo(network, 'a'), callsTo(network, 'dead')], [20, 3])
    assert.deepEqual(new Set(kit.receiversLeft.flat()), new Set(['dead']))
    assert.ok(network.clockMs - AT_MS < 16_000, 'it has held up the batch for three time-outs')

    await kit.when(...twenty(['a', 'dead'], 20))
    assert.deepEqual([callsTo(network, 'a'), callsTo(network, 'dead')], [40, 4])
    network.clockMs += 60_000
    await kit.when(...twenty(['a', 'dead'], 40))
    assert.equal(callsTo(network, 'dead'), 5, 'after a minute one attempt is enough to know')
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

  it('given one that takes 4.9 s each, then five are delivered in each try, and the rest is retried', async () => {
    const { network, tookMs, kit } = given(['slow'])
    const { post } = network
    Object.assign(network, {
      post: async (request: PostRequest) => {
        network.clockMs += 4_900
        return post(request)
      },
    })
    const outcomes = await kit.when(...twenty(['slow']))
    assert.ok(
      tookMs.every(ms => ms < 26_000),
      'a batch does not wait for it longer than that',
    )
    assert.deepEqual(
      ['applied/delivered', 'failed/not-accepted'].map(
        text => outcomes.filter(outcome => outcome === text).length,
      ),
      [15, 5],
    )
    assert.equal(callsTo(network, 'slow'), 15)
  })
})

describe('a notification for which a webhook is not called', () => {
  const three = ['n1', 'n2', 'n3'].map(id => notified(id, { receivers: ['a', 'locked'], group: id }))

  it('given one that did not answer the one before, or has no readable secret, then that is the reason', async () => {
    const { kit } = given(['a', 'locked'], { a: times(9, TIMED_OUT) })
    await kit.when(...three)
    const [unanswered, unread] = [
      'did not answer within 5 s',
      'secret sluice/test/receivers/locked cannot be read',
    ]
    const skipped = 'not called again after this failure:'
    const sorted = () => kit.refusals.map(refusal => refusal.split('; ').sort().join('; '))
    assert.deepEqual(sorted(), [
      `a: ${unanswered}; locked: ${unread}`,
      ...Array(2).fill(`a: ${skipped} ${unanswered}; locked: ${skipped} ${unread}`),
    ])
    // The fourth attempt in a row begins a pause.
    await kit.when(...three.slice(0, 1).map(event => ({ ...event, id: 'n4' })))
    await kit.when(...three.slice(0, 1).map(event => ({ ...event, id: 'n5' })))
    const paused = 'not called for a minute after 4 failures:'
    assert.equal(sorted().at(-1), `a: ${paused} ${unanswered}; locked: ${paused} ${unread}`)
  })

  it('given a batch whose time is over, then that is the reason', async () => {
    const { network, kit } = given(['slow'])
    const { post } = network
    Object.assign(network, {
      post: async (request: PostRequest) => {
        network.clockMs += 21_000
        return post(request)
      },
    })
    await kit.when(...['1', '2', '3', '4', '5'].map(id => notified(id, { receivers: ['slow'], group: id })))
    assert.equal(kit.refusals.at(-1), 'slow: not called: its batch took too long')
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

  it('given minutes, then it is not waited for, and nothing is sent before they are over', async () => {
    assert.deepEqual(await rests('120'), ['failed/not-accepted', 1, 0])
  })

  it('given nonsense, or a time that is past, then it is called again as after any other answer', async () => {
    assert.deepEqual(await rests('soon'), ['applied/delivered', 2, 0])
    assert.deepEqual(await rests('Thu, 01 Jan 1970 00:00:00 GMT'), ['applied/delivered', 2, 0])
  })

  it('given a later answer with no pause, a shorter one or one without the grammar, then the longer one goes on', async () => {
    for (const later of [undefined, '1', '11.5', '1.5', '', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
      const { network, kit } = given(['a'], { a: [status(429, '30'), status(503, later)] })
      const both = ['n1', 'n2'].map(id => notified(id, { receivers: ['a'], group: id }))
      // The second call is under way when the first is answered.
      await Promise.all(both.map(event => kit.when(event)))
      assert.equal(network.posts.length, 2, `after ${later}`)
      network.clockMs = AT_MS + 29_000
      await kit.when(notified('n3', { receivers: ['a'], group: 'n3' }))
      assert.deepEqual(network.calls, ['a n1', 'a n2', 'a n3'], `after ${later}`)
      assert.ok(network.clockMs >= AT_MS + 30_000, `after ${later}`)
    }
  })

  it('given a shorter pause first, then the longer one counts', async () => {
    const { network, kit } = given(['a'], { a: [status(429, '2'), status(429, '300')] })
    await kit.when(notified('n1', { receivers: ['a'] }))
    network.clockMs = AT_MS + 290_000
    assert.deepEqual(await kit.when(notified('n2', { receivers: ['a'] })), ['failed/not-accepted'])
    assert.equal(kit.refusals.at(-1), 'a: not called, because it requested a pause')
  })

  it('given an hour, then it is called again after five minutes', async () => {
    const { network, kit } = given(['a'], { a: [status(503, '3600')] })
    await kit.when(notified('n1', { receivers: ['a'] }))
    network.clockMs += 5 * 60_000
    assert.deepEqual(await kit.when(notified('n2', { receivers: ['a'] })), ['applied/delivered'])
  })
})

describe('a backlog', () => {
  const HOURS_MS = 2 * 3_600_000

  // Promise docs/notifications.md#late-notifications | Notifications older than an hour are one digest for each receiver.
  it('given notifications older than an hour, then each receiver gets one message with their number', async () => {
    const { network, kit } = given(['a', 'b'])
    const outcomes = await kit.whenLate(
      HOURS_MS,
      notified('n1', { receivers: ['a'], alerts: [alert('x')] }),
      notified('n2', { receivers: ['a', 'b'], at: 60, omitted: 2 }),
      notified('n3', { receivers: ['a'], at: 90, alerts: [alert('x'), alert('y')] }),
    )
    assert.deepEqual(new Set(outcomes), new Set(['applied/delivered']))
    assert.deepEqual(network.posts.map(({ to }) => to).sort(), ['a', 'b'])
    const { data } = JSON.parse(network.posts.find(({ to }) => to === 'a')?.body ?? '')
    assert.deepEqual(
      [data.isDigest, data.group, data.status, data.alerts, data.omitted],
      [true, 'digest', 'firing', [], 5],
    )
  })

  it('given a receiver that does not accept its digest, then the notifications fail for it alone', async () => {
    const { network, kit } = given(['a', 'b'], { b: times(3, status(503)) })
    const outcomes = await kit.whenLate(
      HOURS_MS,
      notified('n1', { receivers: ['a'] }),
      notified('n2', { receivers: ['a', 'b'], at: 60 }),
    )
    assert.deepEqual(outcomes, ['applied/delivered', 'failed/not-accepted'])
    assert.deepEqual(kit.receiversLeft, [['b']])
    assert.equal(network.posts.filter(({ to }) => to === 'a').length, 1)
  })

  it('given only what says nothing any more, then nothing is sent', async () => {
    const { network, kit } = given(['a'])
    const outcomes = await kit.whenLate(HOURS_MS, notified('try', { receivers: ['a'], reason: 'test' }))
    assert.deepEqual(new Set(outcomes), new Set(['applied/no-receiver']))
    assert.deepEqual(network.calls, [])
  })
})
