import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatFindings } from '../../../cli/doctor/doctor.ts'
import {
  countVerdicts,
  createFinding,
  type Finding,
  ok,
  open,
  unknown,
  wrong,
} from '../../../control/diagnosis/finding.ts'
import { readEntries, readFunctions } from '../../../control/environment/function-entries.ts'
import { golden } from '../../support/golden.ts'
import { ran } from './terminal.ts'

/** Nothing listens there. */
const NOWHERE = {
  KAFKA_BROKERS: '127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
}

it('given findings, when they are shown to people, then one cause has one line, with what to do', () => {
  const lost = (check: string, subject: string) =>
    createFinding('history', check, subject, wrong('does not exist', 'Restart it.'))
  const findings = [
    createFinding('topics', 'retention', 'a', ok('7 days')),
    createFinding('topics', 'retention', 'b', ok('30 days')),
    createFinding('topics', 'retention', 'c', wrong('1 h', 'Raise it.')),
    createFinding('consumers', 'dead-letters', 'dlq', open('1 dead letter is open', 'List it.')),
    createFinding('redis', 'eviction', 'cache', unknown('refused')),
    createFinding('kafka', 'reached', 'b-1\u001b[31m', ok('answers')),
    lost('overlapping', 's'),
    createFinding('history', 'recreated', 'p', ok('is there')),
    lost('missing', 'a'),
    createFinding('history', 'missing', 'b', unknown('does not exist', 'Restart it.')),
    ...['c', 'd', 'e'].map(subject => lost('missing', subject)),
  ]
  golden('doctor', formatFindings({ env: 'prod', counts: countVerdicts(findings), findings }))
})

describe('given no server that answers', () => {
  // Promise docs/doctor.md#the-doctor | A server that does not answer is wrong, and what needs it unknown, never ok.
  it('then each is wrong with the reason, what needs them is unknown, and nothing of it is ok', async () => {
    const { status, stdout, stderr } = await ran(['doctor', '--json'], { environment: NOWHERE })
    assert.equal(status, 1)
    assert.match(stderr, /^2 checks failed\.$/m)
    const { findings } = JSON.parse(stdout)
    const of = (area: string) => findings.filter((finding: { area: string }) => finding.area === area)
    for (const area of ['kafka', 'redis']) {
      const [reached] = of(area)
      assert.equal(`${reached.check} ${reached.verdict}`, 'reached wrong')
      assert.match(reached.says, /ECONNREFUSED/)
    }
    for (const area of ['topics', 'consumers'])
      assert.ok(of(area).length > 0 && of(area).every(({ verdict }: Finding) => verdict === 'unknown'), area)
  })
})

describe('given serverless.yml', () => {
  it('then each function has its own timeout, or that of all', () => {
    const entryOf = readEntries()
    const names = readFunctions().map(({ name }) => name)
    assert.ok(names.length > 10)
    assert.ok(names.every(name => entryOf(name).timeoutSeconds >= 6))
    assert.equal(entryOf('deliver').timeoutSeconds, 300)
  })
})
