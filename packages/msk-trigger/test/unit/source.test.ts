import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { readSettings } from '../../config/settings.ts'
import { Semaphore } from '../../deliver/semaphore.ts'
import type { MemberListener } from '../../poll/member.ts'
import type { TopicState } from '../../poll/topic-watch.ts'
import { Outage } from '../../report/attempts.ts'
import { EventSource, type SourceParts } from '../../source.ts'
import { createMapping, inShort } from './support.ts'

interface Options {
  readonly custom?: object
  readonly cluster?: Partial<SourceParts['cluster']>
  readonly outage?: Outage
}

/** A source whose topic exists, and whose group member does what the test says, one call after another. */
function given(...reads: ((listener: MemberListener) => Promise<void>)[]) {
  return givenWith({}, ...reads)
}

/** The same, with what the brokers say of the topic each time that they are asked. */
function givenTopic(
  { states }: { states: (TopicState | undefined)[] },
  ...reads: ((listener: MemberListener) => Promise<void>)[]
) {
  const topicStates = async () => {
    const state = states.shift()
    return new Map<string, TopicState>(state ? [['t', state]] : [])
  }
  return givenWith({ cluster: { topicStates } }, ...reads)
}

function givenWith(
  { custom, cluster, outage = new Outage() }: Options,
  ...reads: ((listener: MemberListener) => Promise<void>)[]
) {
  const log: string[] = []
  const written: string[] = []
  const note = (line: string) => log.push(line)
  const calls: string[] = []
  const over = Promise.withResolvers<void>()
  const source = new EventSource(createMapping(), {
    settings: readSettings({ brokers: 'b:1', ...custom }, {}),
    log: { notice: note, warning: note, error: note },
    sender: undefined,
    outage,
    reserved: new Semaphore(1),
    report: line => void written.push(inShort(JSON.parse(line))),
    invoke: async () => {},
    cluster: {
      hasTopic: async () => true,
      fetchMaxBatchBytes: async () => 1_048_588,
      listGroupClients: async () => [],
      fetchCommittedOffsets: async () => new Map(),
      fetchOffsetsAt: async (_topic, { at }) => new Map([[0, at === 'LATEST' ? 9 : 1]]),
      topicStates: async () => new Map(),
      ...cluster,
    },
    member: (_, listener) => ({
      read: async () => {
        const read = reads.shift()
        if (read) return read(listener)
        over.resolve()
      },
      commit: async () => {},
      pause: () => {},
      resume: () => {},
      rejoin: () => void calls.push('rejoin'),
      refresh: () => void calls.push('refresh'),
      leave: async () => {},
    }),
  })
  const run = async () => {
    const running = source.run()
    await over.promise
    await source.stop(0)
    await running
    return log
  }
  return { run, written, calls, source }
}
const breaks = async () => assert.fail('not allowed to join the group')
const joinsAndBreaks = async (listener: MemberListener) => {
  listener.handleReadStart(new Map(), 0)
  await breaks()
}
const joinsAndFetches = async (listener: MemberListener) => {
  listener.handleReadStart(new Map(), 0)
  listener.handleFetch()
  listener.handleFetch()
}

describe('a source that cannot read', () => {
  it('given a topic that is missing at the start, then the others start without it, and it is read once it exists', async () => {
    let tries = 0
    const { run, source } = givenWith({ cluster: { hasTopic: async () => ++tries > 4 } }, joinsAndBreaks)
    const log = await run()
    assert.equal(await source.started, 'topic-missing')
    assert.match(log.join(), /topic t does not exist.* group .* ready/)
  })

  it('given a group that another application is in, then the others start without it, and its clients are named', async () => {
    const taken = async () => {
      throw Object.assign(new Error('not compatible'), { type: 'INCONSISTENT_GROUP_PROTOCOL' })
    }
    const { run, written, source } = givenWith(
      { cluster: { listGroupClients: async () => ['kafka-python-2.2'] } },
      taken,
      joinsAndFetches,
    )
    const log = await run()
    assert.equal(await source.started, 'group-taken')
    assert.ok(source.isHealthy)
    assert.match(log[0] ?? '', /group \S+ is used by another application \(client ids: kafka-python-2\.2\)/)
    assert.deepEqual(written, ['mapped', 'stalled reading group-taken 1', 'resumed reading all'])
  })

  it('given partitions that other processes of the group read, then the line of the group says how many, and what to do', async () => {
    const joins = (own: number, all: number) => async (listener: MemberListener) => {
      listener.handleReadStart(new Map(Array.from({ length: own }, (_, partition) => [partition, 0])), all)
      listener.handleFetch()
    }
    const { run, source } = given(joins(3, 3), joins(1, 3), joins(0, 1))
    const lines = (await run()).filter(line => line.includes('ready'))
    await source.joined
    const shared = ` To read all of them here, set custom.mskTrigger.groupPrefix, for example to \${env:USER}-`
    assert.deepEqual(
      lines.map(line => line.replace(/.*ready /, '')),
      [
        '(3 partitions)',
        `(1 of 3 partitions). Other processes of this group read 2.${shared}`,
        `(0 of 1 partitions). Other processes of this group read 1.${shared}`,
      ],
    )
  })

  it('also logs them for a member that joins repeatedly but cannot fetch', async () => {
    const { run, written } = given(joinsAndBreaks, joinsAndBreaks, joinsAndBreaks)
    const log = await run()
    assert.deepEqual(
      log.filter(line => line.includes('attempt')).map(line => /\(attempt (\d)\)/.exec(line)?.[1]),
      ['1', '2'],
    )
    assert.equal(log.filter(line => line.includes('ready')).length, 1)
    assert.deepEqual(written.slice(0, 4), [
      'mapped',
      'stalled reading error 1',
      'stalled reading error 2',
      'stalled reading error 3',
    ])
  })

  it('reports once that a fetch has succeeded', async () => {
    const { run, written } = given(breaks, joinsAndFetches)
    const log = await run()
    assert.deepEqual(written, ['mapped', 'stalled reading error 1', 'resumed reading all'])
    assert.deepEqual(
      log.filter(line => line.includes('again after')),
      ['msk  f ← t  reads again after 1 failed attempt'],
    )
  })
})

describe('a source whose topic changes while it is read', () => {
  const [OLD, NEW] = [
    { id: 'a', partitionCount: 1 },
    { id: 'b', partitionCount: 1 },
  ]

  /** Returns the log, because failures while a member reads are only logged. */
  async function collectLog(run: () => Promise<string[]>): Promise<string[]> {
    const log = await run()
    assert.deepEqual(
      log.filter(line => line.includes('not reading')),
      [],
    )
    return log
  }

  it('given the same topic, when the group is joined again, then positions are kept', async () => {
    const { run } = givenTopic({ states: [OLD, OLD] }, async listener => {
      assert.equal((await listener.startOffsets([0])).from.get(0), 9, 'the end')
      assert.equal(await listener.isSameTopic(), true)
    })
    await collectLog(run)
  })

  it('given a group without offsets, then one line says where it begins, what it skips and what it reads', async () => {
    const { run } = givenTopic({ states: [OLD, OLD] }, async listener => {
      await listener.startOffsets([0])
      listener.handleReadStart(new Map([[0, 9]]), 1)
      await listener.startOffsets([0])
    })
    const lines = (await collectLog(run)).filter(line => line.includes('offsets.retention.minutes'))
    assert.equal(lines.length, 1)
    assert.match(`${lines}`, /: it begins at LATEST \(offsets skipped: 8, to read: 0\)$/)
  })

  it('given one that was created again, then it is read from its beginning, once, with a log line', async () => {
    const { run } = givenTopic({ states: [OLD, NEW, NEW, NEW] }, async listener => {
      await listener.startOffsets([0])
      listener.handleReadStart(new Map([[0, 9]]), 1)
      assert.equal(await listener.isSameTopic(), false)
      assert.equal((await listener.startOffsets([0])).from.get(0), 1, 'the beginning')
      listener.handleReadStart(new Map([[0, 1]]), 1)
      assert.equal((await listener.startOffsets([0])).from.get(0), 9, 'it is known now')
    })
    const lines = (await collectLog(run)).filter(line => line.includes('deleted and created again'))
    assert.equal(lines.length, 1)
  })

  it('given one that is gone, when the group is joined again, then its positions are not used again', async () => {
    const { run, calls } = givenTopic({ states: [OLD, undefined, NEW] }, async listener => {
      await listener.startOffsets([0])
      listener.handleReadStart(new Map([[0, 9]]), 1)
      assert.equal(await listener.isSameTopic(), false)
      assert.equal((await listener.startOffsets([0])).from.get(0), 1, 'the beginning of the next one')
    })
    await collectLog(run)
    assert.deepEqual(calls, ['rejoin'])
  })

  for (const [what, state, expected] of [
    ['is the same', OLD, { mayDeliver: true, calls: [] }],
    ['was created again', NEW, { mayDeliver: false, calls: ['rejoin'] }],
    ['is gone', undefined, { mayDeliver: false, calls: ['rejoin'] }],
  ] as const)
    it(`given records after a pause, when the topic ${what}, then they are delivered, or read anew`, async () => {
      const { run, calls } = givenTopic({ states: [OLD, state] }, async listener => {
        await listener.startOffsets([0])
        listener.handleReadStart(new Map([[0, 9]]), 1)
        assert.equal(await listener.mayDeliver(), expected.mayDeliver)
      })
      await collectLog(run)
      assert.deepEqual(calls, expected.calls)
    })

  it('given records after a pause, when the answer is late, then they are delivered, and it counts', async () => {
    const late = Promise.withResolvers<Map<string, TopicState>>()
    const answers = [Promise.resolve(new Map([['t', OLD]]))]
    const topicStates = () => answers.shift() ?? late.promise
    const { run, calls } = givenWith({ cluster: { topicStates } }, async listener => {
      await listener.startOffsets([0])
      listener.handleReadStart(new Map([[0, 9]]), 1)
      assert.equal(await listener.mayDeliver(), true)
      assert.deepEqual(calls, [])
      late.resolve(new Map([['t', NEW]]))
      await turn()
      assert.deepEqual(calls, ['rejoin'])
    })
    await collectLog(run)
  })

  it('given brokers that have no ids for topics, when the group is joined again, then positions are kept', async () => {
    const { run, calls } = givenWith({ cluster: { topicStates: async () => undefined } }, async listener => {
      await listener.startOffsets([0])
      assert.equal(await listener.isSameTopic(), true)
    })
    await collectLog(run)
    assert.deepEqual(calls, [])
  })

  for (const [what, seen, expected] of [
    ['was deleted', undefined, ['rejoin']],
    ['was created again', NEW, ['rejoin']],
    ['has more partitions', { id: 'a', partitionCount: 2 }, ['refresh']],
  ] as const)
    it(`given one that ${what}, when a look shows it, then the source acts once`, async () => {
      const { run, source, calls } = givenTopic({ states: [OLD] }, async listener => {
        await listener.startOffsets([0])
        source.handleTopicState(seen)
        assert.deepEqual(calls, [], 'nothing before it reads')
        listener.handleReadStart(new Map([[0, 9]]), 1)
        source.handleTopicState(seen)
        source.handleTopicState(seen)
      })
      await collectLog(run)
      assert.deepEqual(calls, expected)
    })
})

describe('sources that no broker answers', () => {
  const unreachable = Object.assign(new Error('connect ECONNREFUSED'), { name: 'KafkaJSConnectionError' })
  const fails = async () => {
    throw unreachable
  }

  it('say so once for all of them, with the reason', async () => {
    const outage = new Outage()
    const logs = await Promise.all([1, 2, 3].map(() => givenWith({ outage }, fails, fails).run()))
    assert.deepEqual(logs.flat().sort(), [
      'msk  Kafka does not answer at b:1: connect ECONNREFUSED. Retrying (attempt 1)',
      'msk  Kafka does not answer at b:1: connect ECONNREFUSED. Retrying (attempt 2)',
    ])
  })
})
