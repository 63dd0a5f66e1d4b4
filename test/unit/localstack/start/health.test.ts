import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WatchedLag } from '../../../../lib/diagnosis/stalls/progress-watch.ts'
import { Drain } from '../../../../localstack/start/drain.ts'
import { Health } from '../../../../localstack/start/health.ts'
import { readLogLine } from '../../../../localstack/start/lines.ts'
import type { Report } from '../../../../packages/msk-trigger/report/reports.ts'

const TOPIC = 'readings'
const KNOWN = { brokers: '127.0.0.1:9092' }
const CONSUMERS = ['processor', 'alerting', 'activity', 'dlq-router']
const PARTITIONS = Array.from({ length: 12 }, (_, partition) => partition)

type Stalled = Extract<Report, { report: 'stalled' }>

/** Running functions, and a user who looks at the screen four times a second. */
class Person {
  readonly health = new Health(KNOWN)
  readonly seen: string[] = []
  nowMs = 1_000_000

  look(forMs = 0): this {
    const untilMs = this.nowMs + forMs
    for (;;) {
      this.seen.push(...this.health.due(this.nowMs))
      if (this.nowMs >= untilMs) return this
      this.nowMs += 250
    }
  }

  mapped(name: string, timeoutMs = 60_000): void {
    this.#report({ ...of(name), report: 'mapped', windowMs: 1_000, timeoutMs })
  }

  /** A batch of the partitions fails, at offset 5 of each. */
  fails(name: string, reason: string, part: Partial<Stalled> = {}, partitions = [0]): void {
    const offsets = Object.fromEntries(partitions.map(partition => [partition, 5]))
    this.stalls(name, { reason, offsets, ...part })
  }

  stalls(name: string, part: Partial<Stalled>): void {
    const stall = { obstacle: 'invocation', kind: 'error', reason: '', attempt: 1, ...part } as const
    this.#report({ ...of(name), report: 'stalled', ...stall })
  }

  resumes(
    name: string,
    partitions: readonly number[] | undefined = [0],
    obstacle: Stalled['obstacle'] = 'invocation',
  ) {
    this.#report({ ...of(name), report: 'resumed', obstacle, ...(partitions && { partitions }) })
  }

  discards(name: string, destination: string | null): void {
    this.#report({ ...of(name), report: 'discarded', reason: 'boom', records: 3, destination })
  }

  logs(line: object | string): void {
    const read = readLogLine(typeof line === 'string' ? line : JSON.stringify(line))
    assert.ok(read)
    this.health.logged(read, this.nowMs)
  }

  /** An invocation of partition 0 has run for 20 s. */
  runs(name: string): void {
    this.#report({ ...of(name), report: 'running', forMs: 20_000, offsets: { 0: 5 } })
  }

  returns(name: string): void {
    this.#report({ ...of(name), report: 'returned', partitions: [0] })
  }

  /** Looks at the lag each second, and at the screen. */
  lagsFor(name: string, forMs: number, pending: number, next = 5): void {
    for (let passed = 0; passed < forMs; passed += 1_000) {
      this.lags(name, pending, next)
      this.look(1_000)
    }
  }

  lags(name: string, pending: number, next = 5): void {
    this.health.lagging([lagOf(name, pending, next)], this.nowMs)
  }

  #report(report: Report): void {
    this.health.reported(JSON.parse(JSON.stringify(report)), this.nowMs)
  }
}

function lagOf(name: string, pending: number, next: number): WatchedLag {
  const partitions = [{ partition: 0, next, end: next + pending, pending }]
  return { ...of(name), windowMs: 1_000, pending, partitions }
}

function of(name: string) {
  return { function: name, topic: TOPIC, group: `${name}-group` }
}

function error(service: string, message: string, details: object = {}) {
  return { level: 'ERROR', message, timestamp: 't', service, ...details }
}

function deferred(service: string, partition: number, reason: string, details: object = {}) {
  const place = { consumer: service, topic: TOPIC, partition, fromOffset: 5 }
  return error(service, 'a partition waits', { kind: 'deferred', ...place, reason, ...details })
}

const REDIS_AWAY = 'Redis at 127.0.0.1:6379 does not answer: ECONNREFUSED'

describe('a stalled consumer', () => {
  it('because it throws: is reported once, however its attempts differ, and once when it continues', () => {
    const person = new Person()
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      person.fails('throws', `no room ${attempt * 17} at 5f3a${attempt}${attempt}${attempt}${attempt}`, {
        attempt,
      })
      person.look(1_500)
    }
    person.resumes('throws')
    person.look(10_000)
    assert.deepEqual(person.seen, [
      '✗ throws is stalled: no room 17 at 5f3a1111. Fix its code or its settings. It is retried.',
      '✓ throws continues (after 12 s)',
    ])
    assert.deepEqual(person.health.verdict(), [])
  })

  it('because AWS has lost its resources: is reported in one line with all others', () => {
    const person = new Person()
    person.health.ran('generator', 'parameter /p cannot be read: Parameter /p not found.', person.nowMs)
    person.fails('archiver', '', { kind: 'reported' })
    person.logs(deferred('archiver', 0, 'receiver-unavailable', { error: 'The bucket "b" does not exist' }))
    person.look(3_000)
    person.health.ran('generator', undefined, person.nowMs)
    person.resumes('archiver')
    person.look(3_000)
    assert.deepEqual(person.seen, [
      '✗ archiver and generator are stalled: The bucket "b" does not exist. Restart npm start: it creates what is missing. It is retried.',
      '✓ archiver and generator continue (after 3 s)',
    ])
  })

  const reasons: [what: string, stall: Partial<Stalled>, line: RegExp][] = [
    [
      'because it times out',
      { kind: 'timeout', reason: 'timeout: the handler took longer than 3000 ms' },
      /: its handler takes longer than its timeout of 3 s\. Make it faster.* npx sluice skip f PARTITION@OFFSET$/,
    ],
    [
      'because its handler ends its process',
      { reason: 'RuntimeEnded: the handler ended its process with exit code 1' },
      /It is retried\. If it stops at one record, skip that record: npx sluice skip f PARTITION@OFFSET$/,
    ],
    [
      'whose topic does not exist',
      { obstacle: 'reading', kind: 'no-topic' },
      /: the topic readings does not exist\. Create it/,
    ],
    [
      'that reports records without a reason',
      { kind: 'reported', reason: 'it reported t-0@5' },
      /: it reports records as failed .*\.local\/logs\/functions\/f\.log\)$/,
    ],
  ]
  for (const [what, stall, line] of reasons)
    it(`${what}: is reported with the remedy, and when it continues`, () => {
      const person = new Person()
      person.mapped('f', 3_000)
      person.stalls('f', stall)
      person.look(2_000)
      assert.match(person.seen[0] ?? '', /^✗ f is stalled: /)
      assert.match(person.seen[0] ?? '', line)
      person.resumes('f', undefined, stall.obstacle)
      person.look(3_000)
      assert.match(person.seen[1] ?? '', /^✓ f continues/)
    })

  it('because it cannot be loaded: is reported with every line of the reason, without stacks', () => {
    const person = new Person()
    person.fails(
      'alerting',
      'the rules have 2 faults:\n    weather.yaml: severty: unknown key\n    at load (a.js:1:2)',
    )
    person.look(2_000)
    assert.deepEqual(person.seen.join('\n').split('\n'), [
      '✗ alerting is stalled: the rules have 2 faults:',
      '    weather.yaml: severty: unknown key',
      '    Fix its code or its settings. It is retried.',
    ])
    person.lags('alerting', 40)
    assert.deepEqual(person.health.verdict(), [
      'alerting is stalled: the rules have 2 faults (40 records pending)',
    ])
  })

  it('because nothing ended its handler at its timeout: is reported with the question whether that returns', () => {
    const person = new Person()
    person.mapped('never')
    person.lags('never', 7)
    person.runs('never')
    person.lagsFor('never', 90_000, 7)
    assert.deepEqual(person.seen, [], 'within its timeout, and a while for loading and for a busy machine')
    person.lagsFor('never', 60_000, 7)
    assert.deepEqual(person.seen, [
      '✗ never is stalled: its handler has been processing a batch for 2 min 1 s and has not ended. Check that its handler returns. If it stops at one record, skip that record: npx sluice skip never PARTITION@OFFSET',
    ])
    person.returns('never')
    person.lagsFor('never', 5_000, 0, 12)
    assert.match(person.seen.at(-1) ?? '', /^✓ never continues/)
  })

  it('for a moment only: is reported when it is over, and once a minute if that repeats', () => {
    const person = new Person()
    for (let time = 1; time <= 15; time += 1) {
      person.fails('flaky', 'the third time')
      person.look(500)
      person.resumes('flaky')
      person.look(4_500)
    }
    assert.deepEqual(person.seen, [
      '! flaky stalled for 0.5 s: the third time',
      '! flaky stalled for 0.5 s (and 11 more times since the last message): the third time',
    ])
    assert.deepEqual(person.health.verdict(), [])
  })

  it('without a reason: is reported when it has processed nothing for long, though it could', () => {
    const person = new Person()
    for (let second = 0; second < 40; second += 1) {
      person.lags('quiet', second < 5 ? 0 : 7)
      person.look(1_000)
    }
    assert.deepEqual(person.seen, [
      '✗ quiet is stalled: 7 records pending, without progress for 31 s. Check its log (.local/logs/functions/quiet.log). If it stops at one record, skip that record: npx sluice skip quiet PARTITION@OFFSET',
    ])
    assert.deepEqual(person.health.verdict(), [
      'quiet is stalled: 7 records pending, without progress for 31 s (7 records pending)',
    ])
    person.fails('quiet', 'boom')
    person.lags('quiet', 7, 6)
    person.look(3_000)
    assert.equal(
      person.seen.filter(line => line.startsWith('✓')).length,
      0,
      'the better known cause replaces it',
    )
  })

  it('is over as soon as its group has passed the batch, whichever member did that', () => {
    const person = new Person()
    person.fails('f', 'boom')
    person.look(2_000)
    person.lags('f', 1, 5)
    assert.equal(person.health.verdict().length, 1)
    person.lags('f', 0, 6)
    person.look(3_000)
    assert.deepEqual(person.seen.slice(1), ['✓ f continues (after 2 s)'])
    assert.deepEqual(person.health.verdict(), [])
  })

  it('continues with a new process, except for obstacles of its batches', () => {
    const person = new Person()
    person.stalls('f', { obstacle: 'commit', reason: 'not the coordinator' })
    person.look(2_000)
    person.mapped('f')
    assert.deepEqual(person.health.verdict(), [])
  })

  it('has no invocations of a process that has ended', () => {
    const person = new Person()
    person.mapped('f')
    person.runs('f')
    person.mapped('f')
    person.lagsFor('f', 35_000, 7)
    assert.match(person.seen[0] ?? '', /^✗ f is stalled: 7 records pending, without progress for 3\d s\./)
  })
})

describe('one outage is reported in one line', () => {
  it('of Kafka, for all functions that wait for it, at whatever time', () => {
    const person = new Person()
    person.health.away('Kafka', 'connect ECONNREFUSED', person.nowMs)
    person.look(5_000)
    for (const name of CONSUMERS) {
      person.stalls(name, { obstacle: 'reading', kind: 'unreachable' })
      person.stalls(name, { obstacle: 'commit', kind: 'unreachable' })
      person.look(1_000)
    }
    for (const name of CONSUMERS) {
      person.resumes(name, undefined, 'reading')
      person.resumes(name, undefined, 'commit')
    }
    person.health.answers('Kafka', person.nowMs)
    person.look(5_000)
    assert.deepEqual(person.seen, [
      '✗ Kafka does not answer at 127.0.0.1:9092. Check that it is running. Everything continues when it answers.',
      '✓ activity, alerting, dlq-router and processor continue (after 9 s)',
    ])
  })

  it('of Kafka, whose connections are refused, for consumers and for scheduled functions', () => {
    const person = new Person()
    person.stalls('alerting', {
      obstacle: 'reading',
      reason: 'not reading: Connection error: connect ECONNREFUSED 127.0.0.1:9092',
    })
    person.health.ran(
      'redriver',
      'Kafka does not answer about the offsets of retry-1m: connect ECONNREFUSED',
      person.nowMs,
    )
    person.look(5_000)
    assert.equal(person.seen.length, 1)
    assert.match(
      person.seen[0] ?? '',
      /^✗ alerting and redriver are stalled: Kafka does not .* Check that it is running/,
    )
  })

  it('of Redis, whose reason a scheduled function names after its failed parts', () => {
    const person = new Person()
    person.health.ran('clock', `rules, silences: ${REDIS_AWAY}`, person.nowMs)
    person.look(5_000)
    assert.deepEqual(
      person.seen.map(line => line.split('.')[0]),
      [`✗ clock is stalled: ${REDIS_AWAY}`.split('.')[0]],
    )
  })

  it('of Redis, whose reason functions report once a minute, before or after they report partitions', () => {
    const person = new Person()
    const outage = (isSaid: boolean) => {
      for (const name of ['processor', 'alerting']) {
        if (isSaid && name === 'processor')
          person.logs(deferred(name, 0, 'store-unavailable', { error: REDIS_AWAY }))
        person.fails(name, `it reported ${TOPIC}-3@7`, { kind: 'reported' }, PARTITIONS)
        if (isSaid && name === 'alerting')
          person.logs(deferred(name, 3, 'store-unavailable', { error: REDIS_AWAY }))
      }
      person.look(10_000)
      for (const name of ['processor', 'alerting']) person.resumes(name, PARTITIONS)
      person.look(5_000)
    }
    outage(true)
    outage(false)
    const one = [
      `✗ alerting and processor are stalled: ${REDIS_AWAY}. Check that it is running. Everything continues when it answers.`,
      '✓ alerting and processor continue (after 10 s)',
    ]
    assert.deepEqual(person.seen, [...one, ...one])
  })

  it('of code that several functions share; later ones are reported later', () => {
    const person = new Person()
    person.fails('processor', 'log is not a function')
    person.fails('alerting', 'log is not a function')
    person.look(5_000)
    person.fails('activity', 'log is not a function')
    person.look(5_000)
    const what = 'log is not a function. Fix its code or its settings. It is retried.'
    assert.deepEqual(person.seen, [
      `✗ alerting and processor are stalled: ${what}`,
      `✗ activity is stalled: ${what}`,
    ])
  })

  it('of a setting that stops both consumers and scheduled functions', () => {
    const person = new Person()
    person.fails('alerting', 'LOG_TIME: must be one of append, carried')
    person.health.ran('clock', 'LOG_TIME: must be one of append, carried', person.nowMs)
    person.look(3_000)
    assert.match(
      person.seen.join(),
      /^✗ alerting and clock are stalled: LOG_TIME: must be one of append, carried\. /,
    )
  })

  it('of the clock of the log, which every partition of every consumer has noticed', () => {
    const person = new Person()
    for (const service of CONSUMERS) {
      for (const partition of PARTITIONS) {
        const gap = { kind: 'clock-gap', partition, ms: 312_000 - partition }
        person.logs({ level: 'WARN', message: 'the log was silent', timestamp: 't', service, ...gap })
        person.look(250)
      }
    }
    person.look(5_000)
    assert.deepEqual(person.seen, ['! The log was silent for 5 min 12 s; timers do not count that time.'])
    assert.deepEqual(person.health.verdict(), [])
  })

  it('of a circuit breaker, with where the code fails and what to do', () => {
    const person = new Person()
    person.logs(error('alerting', 'nearly all', { kind: 'breaker-open', place: 'at f (handler.js:3:1)' }))
    person.logs(deferred('alerting', 0, 'breaker-open'))
    person.fails('alerting', 'it reported', { kind: 'reported' }, [0, 1, 2])
    person.look(3_000)
    assert.deepEqual(person.seen, [
      '✗ alerting is stalled: nearly all of its records fail unexpectedly (at f (handler.js:3:1)), so they stay in Kafka. ' +
        'Fix its code: another version is tried at once. After 15 minutes, records that fail become failures.',
    ])
  })
})

describe('an unresolved problem at the end', () => {
  it('is an error that a function has logged and nothing has resolved', () => {
    const person = new Person()
    person.logs(error('frost', 'cannot believe it'))
    person.logs(error('frost', 'cannot believe it'))
    assert.deepEqual(person.look().seen, ['✗ frost: cannot believe it'])
    assert.deepEqual(person.health.verdict(), ['frost logged an error: cannot believe it (2 times)'])
  })

  it('is not an error of an attempt whose batch then succeeded', () => {
    const person = new Person()
    person.logs(error('frost', 'cannot believe it'))
    person.fails('frost', 'boom')
    person.logs(error('frost', 'cannot believe it'))
    person.resumes('frost')
    assert.deepEqual(person.health.verdict(), [])
  })

  it('is not a range that was read back, once the consumer has passed it', () => {
    const person = new Person()
    const range = { kind: 'range-read-back', topic: TOPIC, partition: 0, fromOffset: 3, toOffset: 8 }
    person.logs(error('processor', 'offsets that were never delivered', range))
    person.lags('processor', 0, 8)
    assert.equal(person.health.verdict().length, 1)
    person.lags('processor', 0, 9)
    assert.deepEqual(person.health.verdict(), [])
  })

  it('is a loss of records, however far the consumer gets', () => {
    const person = new Person()
    const range = { kind: 'records-lost', topic: TOPIC, partition: 0, fromOffset: 3, toOffset: 8 }
    person.logs(error('processor', 'their records are lost', range))
    person.fails('processor', 'boom')
    person.resumes('processor')
    person.lags('processor', 0, 100)
    assert.deepEqual(person.health.verdict(), ['processor logged an error: their records are lost'])
  })

  it('is a discard of records, unless a destination has received them', () => {
    const person = new Person()
    person.discards('orders', null)
    person.discards('bills', 'arn:aws:sqs:eu-west-1:000000000000:failed')
    person.look()
    assert.deepEqual(person.seen, [
      '✗ orders: 3 records discarded: boom. There is no destination, so they are lost.',
      '! bills: 3 records discarded: boom. Sent to arn:aws:sqs:eu-west-1:000000000000:failed.',
    ])
    assert.deepEqual(person.health.verdict(), ['orders logged an error: 3 records discarded: boom'])
  })

  it('is a scheduled function whose last run failed, until its next run succeeds', () => {
    const person = new Person()
    person.logs('× Failed to execute scheduled function: [generator] Error: Error: the topic is gone')
    person.look(2_000)
    assert.deepEqual(person.health.verdict(), ['generator is stalled: the topic is gone'])
    person.logs('Successfully invoked scheduled function: [generator]')
    person.look(3_000)
    assert.deepEqual(person.health.verdict(), [])
    assert.deepEqual(person.seen, [
      '✗ generator is stalled: the topic is gone. Fix its code or its settings. It is retried.',
      '✓ generator continues (after 2 s)',
    ])
  })

  it('is a run that failed because of Kafka, until the next one succeeds', () => {
    const person = new Person()
    person.health.away('Kafka', 'connect ECONNREFUSED', person.nowMs)
    person.look(5_000)
    person.health.ran('clock', 'Delivery failed: Kafka did not take it: Broker not connected', person.nowMs)
    person.look(5_000)
    person.health.answers('Kafka', person.nowMs)
    person.look(3_000)
    assert.deepEqual(
      person.seen.map(line => line.slice(0, 23)),
      ['✗ Kafka does not answer', '✓ clock continues (afte'],
    )
    assert.deepEqual(person.health.verdict(), [
      'the last run of clock failed: Delivery failed: Kafka did not take it: Broker not connected',
    ])
    person.health.ran('clock', undefined, person.nowMs)
    assert.deepEqual(person.health.verdict(), [])
  })

  it('is a consumer with pending records', () => {
    const person = new Person()
    person.lags('alerting', 12)
    assert.deepEqual(person.health.verdict(), ['alerting is busy: 12 records still pending'])
    assert.equal(person.health.pending, 12)
  })

  it('is not a warning', () => {
    const person = new Person()
    const said = {
      reason: 'bad-time',
      code: 'bad-time',
      entity: '/s e',
      place: 'at f (x.js:1:2)',
      records: 2,
    }
    person.logs({
      level: 'WARN',
      message: 'records leave as failures',
      service: 'processor',
      timestamp: 't',
      ...said,
    })
    assert.deepEqual(person.look().seen, [
      '! processor: records leave as failures reason=bad-time place=at f (x.js:1:2) entity=/s e records=2',
    ])
    assert.deepEqual(person.health.verdict(), [])
  })
})

describe('a busy consumer', () => {
  it('is not stalled while its handler runs, however long its batches take', () => {
    const person = new Person()
    person.mapped('slow')
    for (let batch = 0; batch < 6; batch += 1) {
      person.lagsFor('slow', 20_000, 90 - batch, 5 + batch)
      person.runs('slow')
      person.lagsFor('slow', 30_000, 90 - batch, 5 + batch)
      person.returns('slow')
    }
    assert.deepEqual(person.seen, [])
    assert.deepEqual(person.health.busy, [{ function: 'slow', is: 'busy', lag: 85, direction: 'steady' }])
    assert.deepEqual(person.health.verdict(), ['slow is busy: 85 records still pending, lag steady'])
  })

  it('is named with the largest lag first, and not if it is stalled', () => {
    const person = new Person()
    const lags = [lagOf('small', 3, 5), lagOf('large', 40, 5), lagOf('stalled', 99, 5)]
    for (let second = 0; second < 15; second += 1) person.health.lagging(lags, person.nowMs + second * 1_000)
    person.fails('stalled', 'boom')
    assert.deepEqual(
      person.health.busy.map(({ function: name, lag }) => [name, lag]),
      [
        ['large', 40],
        ['small', 3],
      ],
    )
  })
})

describe('the drain', () => {
  it('waits for pending records, but not for those of a consumer that has been stalled for long', () => {
    const person = new Person()
    person.lags('f', 3)
    const drain = new Drain(person.health.lags, () => [], person.nowMs)
    assert.equal(person.health.isDrained(drain, person.nowMs), false)
    person.fails('f', 'boom')
    assert.equal(person.health.isDrained(drain, person.nowMs), false)
    assert.equal(person.health.isDrained(drain, person.nowMs + 10_000), true)
  })

  it('waits for a stall that has just begun: it may end by itself', () => {
    const person = new Person()
    person.lags('f', 0)
    const drain = new Drain(person.health.lags, () => [], person.nowMs)
    person.health.ran('clock', 'the topic is gone', person.nowMs)
    assert.equal(person.health.isDrained(drain, person.nowMs), false)
    assert.equal(person.health.isDrained(drain, person.nowMs + 10_000), true)
  })
})
