import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FAULT_NAMES } from '../ledger/faults.ts'
import { type Options, readOptions } from '../ledger/options.ts'
import { report } from '../ledger/report.ts'
import { run } from '../ledger/run.ts'
import { type Servers, startServers } from '../ledger/servers.ts'

const say = (line: string) => console.error(line)

/**
 * A sample, in which every fault comes: `npm run ledger` sends more. With this seed, the faults after which all is read again come
 * while the log is short.
 */
const SAMPLE = ['--events', '4500', '--seed', '6050', '--patience', '300']

describe('the ledger', () => {
  let servers: Servers

  before(async () => {
    servers = await startServers(1)
  })

  after(() => servers?.stop())

  // Promise docs/guarantees.md#the-proof-a-ledger | Under every fault no record is lost, applied twice or out of order.
  it('given 4,500 records and every fault, then each is applied once, and in order', async t => {
    const options = readOptions(SAMPLE) as Options
    const result = await run(options, servers, say, t.signal)
    assert.ok(result.violations.isEmpty, report(result).join('\n'))
    assert.deepEqual(result.struck.map(({ name }) => name).sort(), [...FAULT_NAMES].sort())
    assert.ok(result.struck.every(({ recoveredMs }) => recoveredMs !== undefined))
    // The figures must not be empty: a comparison of nothing is always right.
    const { figures, acknowledged, refused } = result
    assert.equal(acknowledged + refused, options.events)
    for (const outcome of [
      'applied/counted',
      'applied/late',
      'ignored/erasure',
      'duplicate/id-known',
      'timer/silent',
      'timer/forgotten',
    ])
      assert.ok((figures.tally.get(outcome) ?? 0) > 0, outcome)
    assert.ok(figures.emissions.distinct > 500 && figures.emissions.repeats > 0)
    assert.equal(figures.received, figures.emissions.distinct)
    assert.ok(figures.failures.distinct > 50)
    for (const outcome of ['applied/taken', 'duplicate/id-known', 'failed/mapping-failed'])
      assert.ok((figures.taken.get(outcome) ?? 0) > 0, outcome)
    assert.equal(figures.mapped.distinct, figures.taken.get('applied/taken'))
    assert.ok(figures.mapped.repeats > 0)
  })

  // Promise docs/guarantees.md#the-proof-odd-records | Each odd record has one outcome, and no partition waits.
  it('given odd records of another producer beside them, then each has one outcome', async t => {
    // The other producer sends for as long as the ledger does.
    const size = ['--events', '1500', '--rate', '500', '--workers', '1', '--seed', '11']
    const args = [...size, '--faults', 'none', '--fuzz']
    const result = await run(readOptions(args) as Options, servers, say, t.signal)
    assert.ok(result.violations.isEmpty, report(result).join('\n'))
    assert.ok(result.figures.foreign > 100)
  })
})
