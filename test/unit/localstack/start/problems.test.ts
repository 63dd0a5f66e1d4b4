import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems, readReport } from '../../../../localstack/start/problems.ts'
import type { Report } from '../../../../packages/msk-trigger/report/reports.ts'

const MAPPING = { topic: 'readings', group: 'g' }

/** A run of `npm start` of which the lines are seen. */
class Run {
  nowMs = 1_000_000
  readonly lines: string[] = []
  readonly problems = new Problems(
    line => void this.lines.push(line),
    '.local/stacks/x/logs/functions',
    () => this.nowMs,
  )

  report(...reports: readonly Report[]): void {
    for (const report of reports) {
      this.nowMs += 1_000
      this.problems.handleReport(report, this.nowMs)
    }
  }

  log(line: object): void {
    this.problems.handleLogLine(JSON.stringify(line))
  }
}

const stalled = (name: string, reason: string): Report => ({
  ...{ ...MAPPING, function: name, report: 'stalled', obstacle: 'invocation', kind: 'error', attempt: 1 },
  reason,
  offsets: { 3: 10 },
})
const resumed = (name: string): Report => ({
  ...{ ...MAPPING, function: name, report: 'resumed', obstacle: 'invocation' },
  partitions: [3],
})

describe('the problems of a run', () => {
  // Promise docs/observability.md#what-npm-start-shows | What has stalled is reported once with its reason, and once when it is over.
  it('given a function that stalls, then it is reported once with its reason, and once when it is over', () => {
    const run = new Run()
    run.report(stalled('alerting', 'boom\n  at x.ts:1'), stalled('alerting', 'boom'), resumed('alerting'))
    assert.deepEqual(run.lines, [
      '✗ alerting is stalled: boom. It is retried. More: .local/stacks/x/logs/functions/alerting.log',
      '✓ alerting continues (after 2 s)',
    ])
    assert.deepEqual(run.problems.unresolvedProblems, [])
  })

  it('given a topic that does not exist, then the line has the command that creates it', () => {
    const run = new Run()
    const { offsets: _, ...stall } = stalled('intake', 'topic orders does not exist') as Extract<
      Report,
      { report: 'stalled' }
    >
    run.report({ ...stall, topic: 'orders', obstacle: 'reading', kind: 'no-topic' })
    assert.match(run.lines[0] ?? '', /orders does not exist\. .*: npx sluice topics create orders$/)
  })

  for (const [of, reason, line] of [
    [
      'files',
      'the mapping has errors\n  config/m.yaml:3:1  family: no family.',
      'errors: config/m.yaml:3:1  family: no family',
    ],
    [
      'a process',
      "the process 'x' has 1 error:\n  - onErase no longer exists",
      "'x' has 1 error: onErase no longer exists",
    ],
  ] as const)
    it(`given errors of ${of}, then the first is named`, () => {
      const run = new Run()
      run.report(stalled('intake', reason))
      assert.ok(run.lines[0]?.includes(`${line}. It is retried.`), run.lines[0])
    })

  it('given several functions that stall for one reason, then it is one line, and each is unresolved', () => {
    const run = new Run()
    run.report(stalled('alerting', 'no broker'), stalled('activity', 'no broker'))
    assert.equal(run.lines.length, 1)
    assert.deepEqual(run.problems.unresolvedProblems, [
      'alerting is stalled: no broker',
      'activity is stalled: no broker',
    ])
    run.report({ ...MAPPING, function: 'activity', report: 'mapped', windowMs: 0, timeoutMs: 1 })
    assert.ok(!run.problems.isStalled('activity') && run.problems.isStalled('alerting'))
  })

  it('given discarded records, then they are lost without a destination, and sent with one', () => {
    const run = new Run()
    const discarded = { ...MAPPING, function: 'alerting', report: 'discarded', reason: 'too old' } as const
    run.report(
      { ...discarded, records: 1, destination: 'sqs' },
      { ...discarded, records: 2, destination: null },
    )
    assert.match(run.lines[0] ?? '', /^! alerting: 1 record discarded: too old\. Sent to sqs\.$/)
    assert.match(run.problems.unresolvedProblems.join(), /^alerting: 2 records discarded: .* lost$/)
  })

  it('given lines of a log, then warnings and errors are shown once a minute, with what they tell', () => {
    const run = new Run()
    const line = {
      level: 'ERROR',
      service: 'alerting',
      message: 'deferred',
      reason: 'store-unavailable',
      more: 1,
    }
    run.log({ ...line, level: 'INFO' })
    run.log(line)
    run.log(line)
    assert.deepEqual(run.lines, ['✗ alerting: deferred reason=store-unavailable'])
    run.nowMs += 61_000
    run.log(line)
    assert.equal(run.lines.length, 2)
    run.problems.handleLogLine('{"level":"ERROR","serv')
    assert.equal(run.lines.length, 2)
  })

  it('given a warning of several functions, then it is shown once, and again after ten minutes', () => {
    const run = new Run()
    const warn = (service: string, reason: string) =>
      run.log({ level: 'WARN', service, message: 'records cannot be processed', reason })
    warn('intake', 'mapping-failed')
    warn('processor', 'mapping-failed')
    warn('processor', 'schema-violated')
    assert.deepEqual(run.lines, [
      '! intake: records cannot be processed reason=mapping-failed',
      '! processor: records cannot be processed reason=schema-violated',
    ])
    run.nowMs += 600_000
    warn('processor', 'mapping-failed')
    assert.equal(run.lines.length, 3)
  })

  it('given a warning without a reason, then that of one function does not hide that of another', () => {
    const run = new Run()
    for (const service of ['deliver', 'storage', 'deliver'])
      run.log({ level: 'WARN', service, message: 'Retry 1/3', kind: 'retry' })
    assert.deepEqual(run.lines, ['! deliver: Retry 1/3', '! storage: Retry 1/3'])
  })

  it('given scheduled runs that fail, then the first is reported, and the last one decides', () => {
    const run = new Run()
    run.problems.handleLogLine('✖ Failed to execute scheduled function: [clock] Error: no Kafka')
    run.problems.handleRun('clock', 'no Kafka.')
    assert.deepEqual(run.lines, ['✗ clock failed: no Kafka. Its schedule runs it again.'])
    assert.deepEqual(run.problems.unresolvedProblems, ['the last run of clock failed: no Kafka'])
    run.problems.handleLogLine('✔ Successfully invoked scheduled function: [clock]')
    assert.deepEqual(run.problems.unresolvedProblems, [])
  })

  it('given an invocation without an answer, then its attempt is known until it returns', () => {
    const run = new Run()
    const of = { ...MAPPING, function: 'alerting' }
    run.report(stalled('alerting', 'late'), { ...of, report: 'running', forMs: 20_000, offsets: { 3: 10 } })
    const { failed, runningSinceMs = 0 } = run.problems.findAttempt('alerting', 'readings')
    assert.deepEqual([failed?.attempt, failed?.reason, run.nowMs - runningSinceMs], [1, 'late', 20_000])
    run.report({ ...of, report: 'returned', partitions: [3] }, resumed('alerting'))
    const none = { failed: undefined, runningSinceMs: undefined }
    assert.deepEqual(run.problems.findAttempt('alerting', 'readings'), none)
  })

  it('given a truncated report, then it is left out', () => {
    assert.deepEqual([readReport(''), readReport('{"report":"st')], [undefined, undefined])
  })
})
