import assert from 'node:assert/strict'
// First: it makes Powertools write where a test can read it.
import '../../support/function-log.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { SCHEDULED_METRICS } from '../../../lib/app/metrics.ts'
import { Measurements } from '../../../packages/runtime/adapters/lambda/measurements.ts'
import { METRICS } from '../../../packages/runtime/adapters/lambda/metric-names.ts'
import { telemetryOf } from '../../../packages/runtime/adapters/lambda/telemetry.ts'
import { PROJECT } from '../../../programs/paths.ts'
import { measure } from '../../../runner/invoking.ts'
import { measuredIn } from '../../../runner/metrics/embedded.ts'
import { Metrics } from '../../../runner/metrics/metrics.ts'

describe('the text for Prometheus', () => {
  it('given counters and gauges, then each family has its help and type once, before its values', () => {
    const metrics = new Metrics()
    metrics.set('b', 'A level.', {}, 2)
    metrics.set('b', 'A level.', {}, 3)
    metrics.count('a_total', 'Things.', { kind: 'x' })
    metrics.count('a_total', 'Things.', { kind: 'x' }, 4)
    metrics.count('a_total', 'Things.', { kind: 'y' })
    assert.equal(
      metrics.text,
      [
        '# HELP a_total Things.',
        '# TYPE a_total counter',
        'a_total{kind="x"} 5',
        'a_total{kind="y"} 1',
        '# HELP b A level.',
        '# TYPE b gauge',
        'b 3',
        '',
      ].join('\n'),
    )
  })

  it('given labels with quotes, backslashes and line feeds, then they are escaped', () => {
    const metrics = new Metrics()
    metrics.set('a', 'One\\two\nthree "four"', { of: 'a"b\\c\nd' }, 1)
    assert.equal(
      metrics.text,
      '# HELP a One\\\\two\\nthree "four"\n# TYPE a gauge\na{of="a\\"b\\\\c\\nd"} 1\n',
    )
  })

  it('given observations, then each bucket counts those of the smaller ones as well', () => {
    const metrics = new Metrics()
    for (const seconds of [0.004, 0.02, 0.02, 1_000])
      metrics.observe('t_seconds', 'Time.', { f: 'x' }, seconds)
    const lines = metrics.text.split('\n')
    const bucket = (bound: string) =>
      lines.find(line => line.startsWith(`t_seconds_bucket{f="x",le="${bound}"}`))
    assert.equal(bucket('0.0025'), 't_seconds_bucket{f="x",le="0.0025"} 0')
    assert.equal(bucket('0.005'), 't_seconds_bucket{f="x",le="0.005"} 1')
    assert.equal(bucket('0.025'), 't_seconds_bucket{f="x",le="0.025"} 3')
    assert.equal(bucket('300'), 't_seconds_bucket{f="x",le="300"} 3')
    assert.equal(bucket('+Inf'), 't_seconds_bucket{f="x",le="+Inf"} 4')
    assert.ok(lines.includes('t_seconds_count{f="x"} 4'))
    assert.ok(lines.includes('t_seconds_sum{f="x"} 1000.044'))
  })

  it('given a name with two kinds, then that is refused', () => {
    const metrics = new Metrics()
    metrics.set('a', '', {}, 1)
    assert.throws(() => metrics.count('a', '', {}), /a is a gauge, not a counter/)
  })

  it('given a gauge that is no longer known, then it is not shown', () => {
    const metrics = new Metrics()
    metrics.set('a', '', {}, 1)
    metrics.clear('a')
    assert.equal(metrics.text, '')
  })
})

describe('the metrics that functions write for CloudWatch', () => {
  /** Returns the lines written to standard output meanwhile. */
  function written(work: () => void): string[] {
    const lines: string[] = []
    const log = console.log
    console.log = (line: string) => void lines.push(line)
    try {
      work()
    } finally {
      console.log = log
    }
    return lines
  }

  it('given those of an invocation, then counts, times and lag are read with their labels', () => {
    const measurements = new Measurements(telemetryOf('alerting', 'sluice').metrics)
    measurements.count('applied', 'at-or-below-applied-offset' as never, 12)
    measurements.latency('at-or-below-applied-offset', 250)
    measurements.step('trimOutbox', 4)
    const lines = written(() => measurements.flush({ ms: 80, lagMs: 1_500 }))
    const measured = lines.flatMap(line => measuredIn(line) ?? [])
    const reason = { function: 'alerting', reason: 'at-or-below-applied-offset' }
    const of = (name: string) => measured.filter(one => one.name === name)
    assert.deepEqual(of('sluice_applied_total'), [
      { name: 'sluice_applied_total', of: 'applied', kind: 'counter', labels: reason, values: [12] },
    ])
    assert.deepEqual(of('sluice_latency_seconds')[0]?.values, [0.25])
    assert.deepEqual(of('sluice_trim_outbox_seconds')[0]?.labels, { function: 'alerting' })
    assert.deepEqual(of('sluice_lag_seconds')[0], {
      name: 'sluice_lag_seconds',
      of: 'lagSeconds',
      kind: 'gauge',
      labels: { function: 'alerting' },
      values: [1.5],
    })
  })

  it('given what scheduled functions report of the moment, then each is a gauge', () => {
    const names = Object.keys(SCHEDULED_METRICS) as (keyof typeof SCHEDULED_METRICS)[]
    assert.ok(names.length > 0)
    const metrics = new Metrics()
    for (const name of names) {
      const Metrics = [{ Name: name, Unit: SCHEDULED_METRICS[name].unit }]
      const directive = { Namespace: 'Sluice', Dimensions: [['service']], Metrics }
      const document = { _aws: { Timestamp: 0, CloudWatchMetrics: [directive] }, service: 'f', [name]: 3 }
      for (let run = 0; run < 2; run += 1) assert.ok(measure(JSON.stringify(document), metrics))
    }
    const values = metrics.text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
    assert.equal(values.length, names.length)
    for (const line of values) assert.match(line, /^sluice_[a-z_]+\{function="f"\} 3$/)
    assert.match(metrics.text, /^sluice_dead_letters_open\{function="f"\} 3$/m)
  })

  it('given any other line, then it has no metrics', () => {
    assert.equal(measuredIn('{"level":"INFO","message":"done"}'), undefined)
    assert.equal(measuredIn('{"_aws":'), undefined)
    assert.equal(measuredIn('{"_aws":{}}'), undefined)
    assert.equal(measuredIn(''), undefined)
  })

  it('given a line that only looks like metrics, or contradicts others, then it has no metrics', () => {
    const metrics = new Metrics()
    const line = (Unit: string) => {
      const directives = [{ Dimensions: [], Metrics: [{ Name: 'a_total', Unit }] }]
      return JSON.stringify({ _aws: { CloudWatchMetrics: directives }, a_total: 1 })
    }
    assert.equal(measure(line('Seconds'), metrics), true)
    metrics.count('sluice_b_total', '', {})
    assert.equal(measure(line('Seconds').replaceAll('a_total', 'b_total'), metrics), false)
    assert.equal(measure('{"_aws":{"CloudWatchMetrics":[null]}}', metrics), false)
  })
})

it('docs/run.md names every metric of the functions, and no other', () => {
  const names = Object.entries({ ...METRICS, ...SCHEDULED_METRICS }).flatMap(([name, of]) => {
    const Unit = typeof of === 'string' ? of : of.unit
    const directive = { Dimensions: [], Metrics: [{ Name: name, Unit }] }
    const line = JSON.stringify({ _aws: { CloudWatchMetrics: [directive] }, [name]: 1 })
    return (measuredIn(line) ?? []).map(measured => measured.name)
  })
  const page = readFileSync(join(PROJECT, 'docs/run.md'), 'utf8').split('```yaml\n# Alerts')[0] ?? ''
  const documented = page.match(/\bsluice_(?!runner_)\w+/g)
  assert.ok(names.length > 30)
  assert.deepEqual([...new Set(documented)].sort(), names.sort())
})
