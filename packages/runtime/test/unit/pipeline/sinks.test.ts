import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import { createRedrivenRecord } from '../../../cloudevents/redriven-record.ts'
import { PermanentError, RetryableError } from '../../../consumer/author-errors.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { reject } from '../../../consumer/process.ts'
import {
  confirmDelivery,
  type Delivered,
  type Delivery,
  type Digest,
  retry,
  type Sink,
} from '../../../consumer/sink.ts'
import { READING_TYPES } from '../../support/application.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

type Answer = (id: string, call: number) => Delivered | Error

/** An outside that answers for each event by its id, and remembers what reached it. */
function receiver(answer: Answer, more: Partial<Sink> = {}) {
  const calls: string[][] = []
  const keys = new Map<string, Set<string>>()
  const sink: Sink = {
    name: 'bell',
    accepts: READING_TYPES,
    async deliver(deliveries: readonly Delivery[]) {
      calls.push(deliveries.map(({ event }) => event.id))
      return deliveries.map(({ event: { id }, key }) => {
        keys.set(id, (keys.get(id) ?? new Set()).add(key))
        const given = answer(id, calls.length)
        if (given instanceof Error) throw given
        return given
      })
    },
    ...more,
  }
  return { sink, calls, keys }
}

const RUNG = confirmDelivery('rung')
const records = (ids: string) => [...ids].map((id, offset) => record(offset, reading(id, { sensor: id })))

/** An invocation whose time passes by pauses, and by `pass`. */
function createInvocation(ms: number) {
  let remainingMs = ms
  const waits: number[] = []
  return {
    waits,
    remainingMs: () => remainingMs,
    pass(passedMs: number) {
      remainingMs -= passedMs
    },
    async pause(pauseMs: number) {
      waits.push(pauseMs)
      remainingMs -= pauseMs
    },
  }
}

describe('a sink', () => {
  it('given events, then they reach the receiver in order and in batches, and the applied offset follows', async () => {
    const { sink, calls } = receiver(() => RUNG, { batchSize: 2 })
    const stage = new Stage(sink)
    assert.deepEqual(await stage.batch(records('abc')), { batchItemFailures: [] })
    assert.deepEqual(calls, [['a', 'b'], ['c']])
    assert.deepEqual(stage.outcomes, ['applied/rung', 'applied/rung', 'applied/rung'])
    let commits = 0
    const commit = stage.store.commit.bind(stage.store)
    stage.store.commit = (...change) => {
      commits += 1
      return commit(...change)
    }
    await stage.batch(records('abc'))
    assert.equal(calls.length, 2, 'what is delivered is not delivered again')
    assert.equal(commits, 0, 'nothing is stored for records that were decided before')
  })

  // Promise packages/runtime/README.md#A sink delivers each event at least once, each time with the same key
  // Promise docs/consumers.md#other-shapes | A sink gets events in order, each with a key that is the same at every delivery.
  it('given a crash after the delivery, then the repeat has the same key, and no other event has it', async () => {
    const { sink, keys } = receiver(() => RUNG)
    const stage = new Stage(sink)
    const commit = stage.store.commit.bind(stage.store)
    stage.store.commit = () => Promise.reject(new Error('killed'))
    await stage.batch(records('ab'))
    stage.store.commit = commit
    await stage.batch(records('ab'))
    assert.deepEqual(
      [...keys.values()].map(({ size }) => size),
      [1, 1],
    )
    assert.equal(new Set([...keys.values()].flatMap(own => [...own])).size, 2)
  })

  it('given an event sent twice in a chunk, when the first is refused, then the second is offered', async () => {
    const { sink, calls } = receiver((_, call) => (call === 1 ? reject('not yet') : RUNG))
    const stage = new Stage(sink)
    assert.deepEqual(await stage.batch([record(0, reading('a')), record(1, reading('a'))]), {
      batchItemFailures: [],
    })
    assert.deepEqual(calls, [['a'], ['a']])
    assert.deepEqual(stage.outcomes, ['failed/rejected', 'applied/rung'])
  })

  it('given one event of a batch that makes it throw, then the others are delivered without it', async () => {
    const { sink, calls } = receiver(id => (id === 'b' ? new Error('a bug') : RUNG), { batchSize: 3 })
    const stage = new Stage(sink)
    await stage.batch(records('abc'))
    assert.deepEqual(calls, [['a', 'b', 'c'], ['a'], ['b'], ['c'], ['b'], ['b']])
    assert.deepEqual(stage.outcomes, ['applied/rung', 'failed/unexpected-error', 'applied/rung'])
  })

  it('given an event that is not taken at first, then it is offered again, after waits that double', async () => {
    const { sink, calls } = receiver((_, call) => (call < 3 ? retry('busy') : RUNG))
    const stage = new Stage(sink)
    const waits: number[] = []
    await stage.batch(records('a'), { pause: async ms => void waits.push(ms) })
    assert.equal(calls.length, 3)
    assert.deepEqual(waits, [2_000, 4_000])
    assert.deepEqual(stage.outcomes, ['applied/rung'])
    assert.deepEqual(
      stage.observer.list('offer-failed').map(({ attempt, of, records }) => [attempt, of, records]),
      [
        [1, 3, 1],
        [2, 3, 1],
      ],
    )
  })

  it('given many that are not taken, then each try is reported once, with what may be said of it', async () => {
    const { sink } = receiver(() => retry('busy with a', 'busy'), { batchSize: 2 })
    const stage = new Stage(sink)
    await stage.batch(records('abcde'))
    assert.deepEqual(
      stage.observer.list('offer-failed'),
      [1, 2, 3].map(attempt => ({ attempt, of: 3, records: 5, offset: 0, cause: { safeMessage: 'busy' } })),
    )
  })

  it('given a wait that does not fit behind what was delivered, then the record waits and has offers left', async () => {
    const { sink, calls } = receiver((id, call) => (id === 'b' && call < 5 ? retry('busy') : RUNG))
    const stage = new Stage(sink)
    const { pause, remainingMs, waits } = createInvocation(stage.consumer.reserveMs + 5_000)
    const { batchItemFailures } = await stage.batch(records('ab'), { remainingMs, pause })
    assert.equal(batchItemFailures.length, 2)
    assert.deepEqual([calls.length, stage.observer.waits[0]?.reason], [3, 'out-of-time'])
    assert.deepEqual([waits, stage.outcomes], [[2_000], ['applied/rung']])
    await stage.batch(records('ab'))
    assert.deepEqual(stage.outcomes, ['applied/rung', 'applied/rung'])
  })

  it('given an invocation too short for three tries, then its first record fails after those that fit', async () => {
    const { sink, calls } = receiver(() => retry('busy'))
    const stage = new Stage(sink)
    const { pause, remainingMs } = createInvocation(stage.consumer.reserveMs + 5_000)
    assert.deepEqual(await stage.batch(records('a'), { remainingMs, pause }), { batchItemFailures: [] })
    assert.deepEqual([calls.length, stage.outcomes], [2, ['failed/not-accepted']])
    assert.equal(stage.observer.list('offer-failed').length, 2)
  })

  for (const [name, answer, batchSize] of [
    ['does not take', () => retry('busy'), 1],
    ['throws for', () => new Error('a bug'), 1],
    ['throws for in batches', () => new Error('a bug'), 100],
  ] as const)
    it(`given many that a slow receiver ${name}, then each invocation decides some`, async () => {
      const offers = new Map<string, number>()
      const { sink } = receiver(
        id => {
          offers.set(id, (offers.get(id) ?? 0) + 1)
          time.pass(1_000)
          return answer()
        },
        { batchSize },
      )
      const stage = new Stage(sink)
      let time = createInvocation(57_000)
      const log = Array.from({ length: 40 }, (_, offset) => record(offset, reading(`r${offset}`)))
      for (let invocations = 1; stage.outcomes.length < log.length; invocations += 1) {
        assert.ok(invocations <= 8, `${stage.outcomes.length} decided after 8 invocations`)
        time = createInvocation(57_000)
        await stage.batch(log.slice(stage.outcomes.length), time)
        assert.ok(time.remainingMs() >= stage.consumer.reserveMs)
      }
      assert.ok([...offers.values()].every(count => count >= 3))
      if (batchSize === 1) assert.ok([...offers.values()].every(count => count === 3))
    })

  it('given a batch that throws late, then its events are offered alone, and the first is decided', async () => {
    const time = createInvocation(57_000)
    const { sink, calls } = receiver(
      () => {
        time.pass(10_000)
        return new Error('a bug')
      },
      { batchSize: 100 },
    )
    const stage = new Stage(sink)
    await stage.batch(records('abc'), time)
    assert.deepEqual(stage.outcomes, ['failed/unexpected-error'])
    assert.deepEqual(calls, [['a', 'b', 'c'], ['a'], ['a'], ['a']])
  })

  // Promise docs/failures.md#three-tries | A sink offers an event three times before it fails.
  it('given one never taken, then it fails as not-accepted after three offers; a refused one at once', async () => {
    const { sink, calls } = receiver(id => (id === 'a' ? retry('busy') : reject('no such bell')))
    const stage = new Stage(sink)
    assert.deepEqual(await stage.batch(records('ab')), { batchItemFailures: [] })
    assert.deepEqual(stage.outcomes, ['failed/not-accepted', 'failed/rejected'])
    assert.deepEqual(calls.flat().sort(), ['a', 'a', 'a', 'b'])
    assert.equal(stage.events.length, 2)
  })

  it('given reasons that may be logged, then the failures have them', async () => {
    const { sink } = receiver(id => (id === 'a' ? retry('busy, says a', 'busy') : reject('no bell', 'none')))
    const stage = new Stage(sink)
    await stage.batch(records('ab'))
    const loggable = stage.observer.decisions.map(({ failure }) => failure?.safeMessage)
    assert.deepEqual(loggable, ['busy', 'none'])
  })

  it('given one that its sink calls permanent, then it alone is rejected, after one offer', async () => {
    const { sink, calls } = receiver(id => (id === 'b' ? new PermanentError('no such bell') : RUNG), {
      batchSize: 2,
    })
    const stage = new Stage(sink)
    assert.deepEqual(await stage.batch(records('ab')), { batchItemFailures: [] })
    assert.deepEqual(stage.outcomes, ['applied/rung', 'failed/rejected'])
    assert.deepEqual(calls, [['a', 'b'], ['a'], ['b']])
  })

  it('given a receiver that goes away, then the partition waits, and what was delivered is committed', async () => {
    let isAway = true
    const { sink, calls } = receiver(id => (isAway && id === 'b' ? new RetryableError('no line') : RUNG))
    const stage = new Stage(sink)
    const { batchItemFailures } = await stage.batch(records('abc'))
    assert.ok(batchItemFailures.some(({ itemIdentifier }) => itemIdentifier.offset === 1))
    const [wait] = stage.observer.waits
    assert.equal(wait?.reason, 'receiver-unavailable')
    assert.equal((wait.error as Error).message, 'no line', 'the report lacks its cause')
    assert.deepEqual(stage.outcomes, ['applied/rung'])
    isAway = false
    await stage.batch(records('abc'))
    assert.deepEqual(calls.flat(), ['a', 'b', 'b', 'b', 'b', 'c'])
    assert.deepEqual(stage.outcomes, ['applied/rung', 'applied/rung', 'applied/rung'])
  })

  it('given a receiver that is away for a moment, then it is called again after a wait, and nothing waits', async () => {
    const away = new RetryableError('no line')
    const { sink, calls } = receiver((_, call) => (call === 2 || call === 3 ? away : RUNG), { batchSize: 2 })
    const stage = new Stage(sink)
    const time = createInvocation(60_000)
    assert.deepEqual(await stage.batch(records('abcd'), time), { batchItemFailures: [] })
    assert.deepEqual(
      calls.map(ids => ids.join('')),
      ['ab', 'cd', 'cd', 'cd'],
    )
    assert.deepEqual([time.waits, new Set(stage.outcomes)], [[2_000, 4_000], new Set(['applied/rung'])])
    assert.deepEqual(
      stage.observer.list('offer-failed'),
      [1, 2].map(attempt => ({ attempt, of: 3, records: 2, offset: 2, cause: { error: away } })),
    )
  })

  it('given no time for a wait and a call like the last one, then an absent receiver is not called again', async () => {
    const time = createInvocation(30_000)
    const { sink, calls } = receiver(() => {
      time.pass(14_000)
      return new RetryableError('silent')
    })
    const stage = new Stage(sink)
    await stage.batch(records('a'), time)
    assert.deepEqual([calls.length, time.waits], [1, []])
    assert.deepEqual([stage.outcomes, stage.observer.waits[0]?.reason], [[], 'receiver-unavailable'])
  })

  it('given an absent receiver of one partition, then the others go on while it is waited for', async () => {
    let goOn = () => {}
    const hasGoneOn = new Promise<void>(resolve => {
      goOn = resolve
    })
    const { sink } = receiver(id => {
      if (id === 'away') return new RetryableError('no line')
      goOn()
      return RUNG
    })
    const stage = new Stage(sink)
    const batch = [record(0, reading('away')), record(0, reading('b'), { partition: 1 })]
    const { batchItemFailures } = await stage.batch(batch, { pause: () => hasGoneOn })
    assert.deepEqual([batchItemFailures.length, stage.outcomes], [1, ['applied/rung']])
    assert.equal(stage.observer.list('offer-failed').length, 3)
  })

  describe('with several receivers', () => {
    /** Receivers that each offer is for, and a sink whose receivers answer in turn, at last by accepting the event. */
    function createSink(...answers: Delivered[]) {
      const offers: (readonly string[] | undefined)[] = []
      const { sink } = receiver(() => RUNG, {
        deliver: async deliveries =>
          deliveries.map(({ receivers }) => {
            offers.push(receivers)
            return answers.shift() ?? RUNG
          }),
      })
      return { stage: new Stage(sink), offers }
    }
    const left = (...receivers: string[]): Delivered => ({ kind: 'retry', why: 'busy', receivers })
    const failures = ({ events }: Stage) => events.map(({ data }) => data as FailureData)

    it('given some that do not accept an event, then further offers are for them alone', async () => {
      const { stage, offers } = createSink(left('a', 'b'), left('b'))
      await stage.batch(records('x'))
      assert.deepEqual([offers, stage.outcomes], [[undefined, ['a', 'b'], ['b']], ['applied/rung']])
    })

    // Promise docs/notifications.md#slow-and-dead-receivers
    it('given one that never accepts it, then its failure, retries and later failures are for it alone', async () => {
      const { stage, offers } = createSink(...Array.from({ length: 6 }, () => left('b')))
      await stage.batch(records('x'))
      const again = (offset: number): LogRecord => {
        const { key, value, headers } = createRedrivenRecord(failures(stage).at(-1) as FailureData)
        return { ...record(offset, {}), key, value, headers }
      }
      await stage.batch([again(1)])
      await stage.batch([again(2)])
      assert.deepEqual(stage.outcomes, ['failed/not-accepted', 'failed/not-accepted', 'applied/rung'])
      assert.deepEqual(
        failures(stage).map(({ receivers, attempt }) => [receivers, attempt]),
        [
          [['b'], 1],
          [['b'], 2],
        ],
      )
      assert.deepEqual(offers, [undefined, ...Array(6).fill(['b'])])
    })

    it('given a retry at which the sink throws, then its failure is still for the same receivers', async () => {
      const { stage, offers } = createSink(left('b'), left('b'), left('b'))
      await stage.batch(records('x'))
      const { key, value, headers } = createRedrivenRecord(failures(stage)[0] as FailureData)
      const { sink } = receiver(() => new Error('a bug'))
      stage.consumer = { ...stage.consumer, process: sink as never }
      await stage.batch([{ ...record(1, {}), key, value, headers }])
      assert.deepEqual(failures(stage).at(-1)?.receivers, ['b'])
      assert.equal(offers.length, 3)
    })
  })

  const wrong: [name: string, answers: (count: number) => unknown][] = [
    ['too few', () => []],
    ['nothing, and then one for each', count => [undefined, ...Array(count).fill(RUNG)]],
    ['none at all', () => undefined],
    ['nothing for each', count => Array(count).fill(undefined)],
    ['promises', count => Array.from({ length: count }, async () => RUNG)],
    ['words', count => Array(count).fill('done')],
  ]
  for (const [name, answers] of wrong)
    it(`given answers that are ${name}, then each event is retried and fails as a bug`, async () => {
      let offers = 0
      const { sink } = receiver(() => RUNG, {
        batchSize: 2,
        deliver: async deliveries => {
          offers += 1
          if (offers > 20) throw new RetryableError('it never ends')
          return answers(deliveries.length) as Delivered[]
        },
      })
      const stage = new Stage(sink)
      await stage.batch(records('ab'))
      assert.deepEqual(stage.outcomes, ['failed/unexpected-error', 'failed/unexpected-error'])
      assert.equal(offers, 3)
    })
})

describe('what a sink remembers', () => {
  /** Remembers the last answer for each event, in the order of the partition. */
  const remembering = (answer: Answer, more: Partial<Sink> = {}) => {
    const given: (readonly string[])[] = []
    const base = receiver(answer, more)
    const sink: Sink<unknown, readonly string[]> = {
      ...base.sink,
      deliver(deliveries, memory = []) {
        given.push(memory)
        return base.sink.deliver(deliveries)
      },
      memory: {
        initial: [],
        read: data => data as readonly string[],
        after: (memory, { event: { id }, receivers = ['all'] }, { kind }) =>
          id === 'x' ? memory : [...memory, `${id} ${kind} ${receivers.join()}`],
      },
    }
    return { ...base, sink, given }
  }

  it('given events, then each call gets what was remembered before it, and the next batch all of it', async () => {
    const { sink, given } = remembering(() => RUNG)
    const stage = new Stage(sink)
    await stage.batch(records('ab'))
    await stage.batch([record(2, reading('c'))])
    const [a, b] = ['a', 'b'].map(id => `${id} delivered all`)
    assert.deepEqual(given, [[], [a], [a, b]])
  })

  it('given a try again after a later event, then it gets the memory of that, and the order stays', async () => {
    const { sink, given } = remembering((id, call) => (id === 'a' && call === 1 ? retry('busy') : RUNG))
    const stage = new Stage(sink)
    await stage.batch(records('ab'))
    assert.deepEqual(given, [[], ['a retry all'], ['a retry all', 'b delivered all']])
    await stage.batch([record(2, reading('c'))])
    assert.deepEqual(given.at(-1), ['a delivered all', 'b delivered all'])
  })

  it('given one that some receivers refuse, then it is remembered for all that it was for', async () => {
    const refused = { ...retry('busy'), receivers: ['two'] }
    const { sink, given } = remembering(id => (id === 'a' ? refused : RUNG))
    const stage = new Stage(sink)
    await stage.batch(records('ab'))
    await stage.batch([record(2, reading('c'))])
    assert.deepEqual(given.at(-1), ['a retry all', 'b delivered all'])
  })

  it('given a kill before the commit, or nothing to remember, then only what is committed is remembered', async () => {
    const { sink, given } = remembering(() => RUNG)
    const stage = new Stage(sink)
    const commit = stage.store.commit.bind(stage.store)
    stage.store.commit = () => Promise.reject(new Error('killed'))
    await stage.batch(records('a'))
    stage.store.commit = async (...change) => {
      assert.equal(change[1].context, undefined, 'what has not changed is not stored')
      return commit(...change)
    }
    await stage.batch(records('x'))
    assert.deepEqual(given, [[], []])
  })
})

describe('what is too old for a sink', () => {
  const HOUR = 3_600_000
  const START = Date.parse('2026-03-01T12:00:00Z')

  function digesting(answer: () => Delivered) {
    const digests: Digest[] = []
    const made = receiver(() => RUNG, {
      digest: {
        olderThanMs: HOUR,
        async deliver(digest) {
          digests.push(digest)
          return digest.deliveries.map(answer)
        },
      },
    })
    return { ...made, digests }
  }
  const log = [0, 60, 7_200].map((at, offset) =>
    record(offset, reading(`r${offset}`, { at }), { timestampMs: START + 3 * HOUR }),
  )
  const now = { nowMs: () => START + 2 * HOUR }

  it('given old events and a new one, then the old ones are one message, and the new one is its own', async () => {
    const { sink, calls, digests } = digesting(() => confirmDelivery('digest'))
    const stage = new Stage(sink)
    await stage.batch(log, now)
    assert.deepEqual(
      digests.map(({ deliveries }) => deliveries.map(({ event }) => event.id)),
      [['r0', 'r1']],
    )
    assert.deepEqual(calls, [['r2']])
    assert.deepEqual(stage.outcomes, ['applied/digest', 'applied/digest', 'applied/rung'])
  })

  it('given an event that is exactly as old as the limit, then it is not too old', async () => {
    const { sink, calls, digests } = digesting(() => confirmDelivery('digest'))
    const { timestampMs } = log[0] as { timestampMs: number }
    const edge = [
      record(0, reading('on it'), { timestampMs }),
      record(1, reading('beyond', { at: -0.001 }), { timestampMs }),
    ]
    await new Stage(sink).batch(edge, { nowMs: () => START + HOUR })
    assert.deepEqual(calls, [['on it']])
    assert.deepEqual(
      digests.map(({ deliveries }) => deliveries.map(({ event }) => event.id)),
      [['beyond']],
    )
  })

  it('given a digest that is refused for one of its events, then that event fails', async () => {
    const answers = [confirmDelivery('digest'), reject('too long ago')]
    const { sink } = digesting(() => answers.shift() as Delivered)
    const stage = new Stage(sink)
    await stage.batch(log, now)
    assert.deepEqual(stage.outcomes, ['applied/digest', 'failed/rejected', 'applied/rung'])
  })
})
